"""An exercise: what is asked, what must hold of every answer, and the wrong answers that are known.

A chapter's `checks.py` describes its exercises, `solutions.py` holds an answer to each, and `mutants.py` the wrong
answers: each is a way in which people really misunderstand the thing. A learner's function that computes what a
mutant computes is told that mutant's misconception by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

TOLERANCE = 1e-5
"""Two results are the same up to this, absolute and relative; float32 answers pass."""


class Wrong(Exception):
    """What a step says of an answer that fails it."""


def expect(holds: bool, message: str) -> None:
    """Raise Wrong unless something holds."""
    if not holds:
        raise Wrong(message)


@dataclass(frozen=True)
class Step:
    """One thing that must hold of an answer; `test` is handed the learner's function and raises Wrong."""

    name: str
    test: Callable[[Callable], None]


@dataclass(frozen=True)
class Mutant:
    """A wrong answer: the step that it fails first, and the misconception behind it."""

    wrong: Callable
    fails: str
    says: str


@dataclass
class Exercise:
    """One function for the learner to write.

    `call` is how it is called, `probes` are arguments on which answers are compared with the solution and with the
    mutants. Steps are asked in the order in which they are written: invariants first, then values.
    """

    name: str
    call: str
    solution: Callable
    probes: Sequence[tuple]
    hints: Sequence[str]
    invariants: list[Step] = field(default_factory=list)
    values: list[Step] = field(default_factory=list)
    mutants: list[Mutant] = field(default_factory=list)

    def invariant(self, name: str) -> Callable:
        """Name something that holds of every right answer, whatever its numbers."""
        return lambda test: self.invariants.append(Step(name, test)) or test

    def value(self, name: str) -> Callable:
        """Name a case whose answer was worked out by hand."""
        return lambda test: self.values.append(Step(name, test)) or test

    def mutant(self, fails: str, says: str) -> Callable:
        """Name a wrong answer, the step that catches it, and the misconception."""
        return lambda wrong: self.mutants.append(Mutant(wrong, fails, says)) or wrong

    @property
    def steps(self) -> list[Step]:
        """Invariants, values by hand, then every probe against the solution."""
        return [*self.invariants, *self.values, Step("the same as the solution", self._like_the_solution)]

    def _like_the_solution(self, answer: Callable) -> None:
        for probe in self.probes:
            got, wanted = answer(*probe), self.solution(*probe)
            expect(same(got, wanted), f"{shown_call(self.name, probe)} gave {shown(got)}; it should be {shown(wanted)}")

    def misconception(self, answer: Callable) -> str | None:
        """What the mutant that computes the same on every probe gets wrong, or None."""
        for mutant in self.mutants:
            if all(same(answer(*probe), mutant.wrong(*probe)) for probe in self.probes):
                return mutant.says
        return None


def same(got: object, wanted: object) -> bool:
    """True when two results are equal: numbers up to rounding, shapes and everything else exactly."""
    if isinstance(wanted, np.ndarray):
        if isinstance(got, str) or got is None:
            return False
        try:
            got = np.asarray(got)
        except ValueError:  # rows of different lengths
            return False
        if got.shape != wanted.shape or got.dtype.kind not in "biufc":
            return False
        return bool(np.allclose(got.astype(float), wanted.astype(float), TOLERANCE, TOLERANCE, equal_nan=True))
    if isinstance(wanted, tuple | list):
        if not isinstance(got, tuple | list | np.ndarray) or len(got) != len(wanted):
            return False
        return all(same(a, b) for a, b in zip(got, wanted, strict=True))
    if isinstance(wanted, float):
        return isinstance(got, int | float | np.number) and bool(np.isclose(got, wanted, TOLERANCE, TOLERANCE))
    return isinstance(got, type(wanted) | np.generic) and bool(got == wanted)


def shown(value: object, limit: int = 160) -> str:
    """A value in a sentence, shortened."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=3, suppress_small=True, threshold=24, separator=", ")
        text = f"{' '.join(text.split())} (shape {value.shape})"
    elif isinstance(value, tuple | list) and any(isinstance(part, np.ndarray) for part in value):
        text = "(" + ", ".join(shown(part) for part in value) + ")"
    else:
        text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shown_call(name: str, arguments: Sequence) -> str:
    """A call in a sentence."""
    return f"{name}({', '.join(shown(argument, 60) for argument in arguments)})"
