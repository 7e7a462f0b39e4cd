"""check(your_function): not started, an invariant that fails, a value that differs, or passed."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from g4lab.course.calling import SECONDS, Stopped, TooLong, guarded, limited, untouched
from g4lab.course.catalogue import exercise
from g4lab.course.exercise import Exercise, Wrong
from g4lab.course.guesses import Note
from g4lab.course.verdict import Verdict
from g4lab.errors import InputError

_OF_ANSWERS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def check(function: Callable) -> Verdict:
    """Check a learner's function; the exercise is found by the function's name.

    It never raises for what the function does: errors are verdicts, with the learner's own line.

    Raises: InputError when no exercise has that name.
    """
    if not callable(function) or not getattr(function, "__name__", None):
        what = f"{type(function).__name__} is no function"
        raise InputError(
            what, "check", "give the function itself, without calling it: check(merge), not check(merge(...))"
        )
    asked = exercise(function.__name__)
    if untouched(function):
        return _not_started(asked)
    try:
        with limited():
            return _asked(asked, guarded(function, asked.call))
    except NotImplementedError:
        return _not_started(asked)
    except Stopped as error:
        return Verdict(asked.name, "error", str(error))
    except TooLong:
        said = f"It had not come back after {SECONDS:.0f} seconds. Is there a loop that never ends?"
        return Verdict(asked.name, "error", said)


class Plain(str):
    """Text that a notebook shows as it is, without quotes."""

    def __repr__(self) -> str:
        return str(self)


class Prose(Plain):
    """A sentence: as HTML it breaks between words, where plain text in a notebook breaks within them."""

    def _repr_html_(self) -> str:
        return Note(self)._repr_html_()


def hint(name: str, number: int = 1) -> Prose:
    """The hints of an exercise, from a nudge to nearly the answer.

    Raises: InputError for a hint that there is not.
    """
    hints = exercise(name).hints
    if not 1 <= number <= len(hints):
        raise InputError(f"there is no hint {number}", f"hint({name!r})", f"give a number from 1 to {len(hints)}")
    more = f' (more: hint("{name}", {number + 1}))' if number < len(hints) else f' (the answer: solution("{name}"))'
    return Prose(hints[number - 1] + more)


def solution(name: str) -> Plain:
    """The text of one right answer. There are others."""
    return Plain(inspect.getsource(exercise(name).solution))


def _asked(asked: Exercise, answer: Callable) -> Verdict:
    if answer(*asked.probes[0]) is None and asked.solution(*asked.probes[0]) is not None:
        return Verdict(asked.name, "wrong", f"{asked.call} gave None. Is a `return` missing?")
    for step in asked.steps:
        try:
            step.test(answer)
        except Wrong as found:
            return Verdict(asked.name, "wrong", str(found), step.name, _misconception(asked, answer))
        except _OF_ANSWERS as error:  # an answer of a kind that nothing can be asked of, such as a text for an array
            said = f"Your answer is of another kind than this asks for ({error})."
            return Verdict(asked.name, "wrong", said, step.name, _misconception(asked, answer))
    return Verdict(asked.name, "passed", f"{len(asked.steps)} things hold of it, and its numbers are right.")


def _misconception(asked: Exercise, answer: Callable) -> str | None:
    try:
        return asked.misconception(answer)
    except Stopped:  # it answered the step, but not every probe
        return None


def _not_started(asked: Exercise) -> Verdict:
    return Verdict(asked.name, "not started", f"Write {asked.call}, run its cell, then run this one again.")
