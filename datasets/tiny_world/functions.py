"""Small Python functions from a sentence, each with a hidden test that runs it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .document import Document, draw
from .turns import closed, opened
from .words import pick

NAMES = ("work", "make", "solve", "apply", "change", "turn", "do_it", "calc", "build", "run_it", "step", "helper")
ASK = ("Write a Python function {}(x) that {}.", "Define {}(x) in Python: it {}.", "Python function {}(x): it {}.")
NUMBERS = (0, 1, 3, 8, 12)
LISTS = ([], [4], [3, 9, 1], [7, 7, 2, 5], [10, 0, 6])
STRINGS = ("", "a", "kite", "Red Boat")
SMALL = ("first", "skip", "repeat", "loud")  # templates whose number is a length or a number of times


@dataclass(frozen=True)
class Template:
    """What a function does, its body, the values of x that test it, and the true answer; `n` is its number."""

    wish: str
    body: str
    inputs: tuple
    truth: Callable


_IF_ABOVE = "if x > {n}:\n        return {n}\n    return x"
_IF_BELOW = "if x < {n}:\n        return {n}\n    return x"
_TOTAL = "total = {n}\n    for item in x:\n        total += item\n    return total"
TEMPLATES = {
    name: Template(*row)
    for name, row in {
        "add": ("adds {n} to x", "return x + {n}", NUMBERS, lambda x, n: x + n),
        "subtract": ("takes {n} away from x", "return x - {n}", NUMBERS, lambda x, n: x - n),
        "times": ("multiplies x by {n}", "return x * {n}", NUMBERS, lambda x, n: x * n),
        "remainder": ("gives the remainder of x by {n}", "return x % {n}", NUMBERS, lambda x, n: x % n),
        "above": ("tells if x is above {n}", "return x > {n}", NUMBERS, lambda x, n: x > n),
        "below": ("tells if x is below {n}", "return x < {n}", NUMBERS, lambda x, n: x < n),
        "equal": ("tells if x equals {n}", "return x == {n}", NUMBERS, lambda x, n: x == n),
        "divides": ("tells if {n} divides x", "return x % {n} == 0", NUMBERS, lambda x, n: x % n == 0),
        "at_most": ("limits x to {n}", _IF_ABOVE, NUMBERS, lambda x, n: min(x, n)),
        "at_least": ("lifts x to {n} or more", _IF_BELOW, NUMBERS, lambda x, n: max(x, n)),
        "all_more": (
            *("adds {n} to each number in x", "return [item + {n} for item in x]"),
            *(LISTS, lambda x, n: [item + n for item in x]),
        ),
        "all_times": (
            *("multiplies each number in x by {n}", "return [item * {n} for item in x]"),
            *(LISTS, lambda x, n: [item * n for item in x]),
        ),
        "keep_above": (
            *("keeps the numbers of x above {n}", "return [item for item in x if item > {n}]"),
            *(LISTS, lambda x, n: [item for item in x if item > n]),
        ),
        "keep_below": (
            *("keeps the numbers of x below {n}", "return [item for item in x if item < {n}]"),
            *(LISTS, lambda x, n: [item for item in x if item < n]),
        ),
        "count": ("counts how often {n} is in x", "return x.count({n})", LISTS, lambda x, n: x.count(n)),
        "holds": ("tells if {n} is in x", "return {n} in x", LISTS, lambda x, n: n in x),
        "total": ("sums x and adds {n}", _TOTAL, LISTS, lambda x, n: sum(x) + n),
        "first": ("gives the first {n} items of x", "return x[:{n}]", LISTS + STRINGS, lambda x, n: x[:n]),
        "skip": ("drops the first {n} items of x", "return x[{n}:]", LISTS + STRINGS, lambda x, n: x[n:]),
        "repeat": ("repeats the text x {n} times", "return x * {n}", STRINGS, lambda x, n: x * n),
        "longer": ("tells if the text x is longer than {n}", "return len(x) > {n}", STRINGS, lambda x, n: len(x) > n),
        "loud": ("repeats x in capitals {n} times", "return x.upper() * {n}", STRINGS, lambda x, n: x.upper() * n),
    }.items()
}


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write a request and the function; template, number and function name together decide the split."""

    def make() -> tuple[str, str, int]:
        template = list(TEMPLATES)[rng.integers(len(TEMPLATES))]
        return template, pick(rng, NAMES), int(rng.integers(1, 10 if template in SMALL else 100))

    template, name, n = draw(make, held_out)
    wish = TEMPLATES[template].wish.format(n=n)
    document = Document("functions", template, about={"template": template, "name": name, "n": n})
    opened(document, pick(rng, ASK).format(name, wish))
    return closed(document.answer(source(template, name, n)))


def source(template: str, name: str, n: int) -> str:
    """Return the function's text."""
    return f"def {name}(x):\n    {TEMPLATES[template].body.format(n=n)}\n"


def hidden_test(about: dict) -> str:
    """Return a program that, run after the function, exits with an error unless every answer is right."""
    template, name, n = TEMPLATES[about["template"]], about["name"], about["n"]
    checks = []
    for x in template.inputs:
        wanted = template.truth(x, n)
        # True == 1 in Python, so the type is compared as well.
        checks += [f"assert {name}({x!r}) == {wanted!r}", f"assert type({name}({x!r})) is {type(wanted).__name__}"]
    return "\n".join(checks) + "\n"
