"""Small Python functions from a sentence, each with a hidden test that runs it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .document import Document, draw
from .turns import closed, opened

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

TEMPLATES = {
    "add": Template("adds {n} to x", "return x + {n}", NUMBERS, lambda x, n: x + n),
    "subtract": Template("takes {n} away from x", "return x - {n}", NUMBERS, lambda x, n: x - n),
    "times": Template("multiplies x by {n}", "return x * {n}", NUMBERS, lambda x, n: x * n),
    "remainder": Template("gives the remainder of x by {n}", "return x % {n}", NUMBERS, lambda x, n: x % n),
    "above": Template("tells if x is above {n}", "return x > {n}", NUMBERS, lambda x, n: x > n),
    "below": Template("tells if x is below {n}", "return x < {n}", NUMBERS, lambda x, n: x < n),
    "equal": Template("tells if x equals {n}", "return x == {n}", NUMBERS, lambda x, n: x == n),
    "divides": Template("tells if {n} divides x", "return x % {n} == 0", NUMBERS, lambda x, n: x % n == 0),
    "at_most": Template("limits x to {n}", "if x > {n}:\n        return {n}\n    return x", NUMBERS, lambda x, n: min(x, n)),
    "at_least": Template("lifts x to {n} or more", "if x < {n}:\n        return {n}\n    return x", NUMBERS, lambda x, n: max(x, n)),
    "all_more": Template("adds {n} to each number in x", "return [item + {n} for item in x]", LISTS,
                         lambda x, n: [item + n for item in x]),
    "all_times": Template("multiplies each number in x by {n}", "return [item * {n} for item in x]", LISTS,
                          lambda x, n: [item * n for item in x]),
    "keep_above": Template("keeps the numbers of x above {n}", "return [item for item in x if item > {n}]", LISTS,
                           lambda x, n: [item for item in x if item > n]),
    "keep_below": Template("keeps the numbers of x below {n}", "return [item for item in x if item < {n}]", LISTS,
                           lambda x, n: [item for item in x if item < n]),
    "count": Template("counts how often {n} is in x", "return x.count({n})", LISTS, lambda x, n: x.count(n)),
    "holds": Template("tells if {n} is in x", "return {n} in x", LISTS, lambda x, n: n in x),
    "total": Template("sums x and adds {n}", "total = {n}\n    for item in x:\n        total += item\n    return total", LISTS,
                      lambda x, n: sum(x) + n),
    "first": Template("gives the first {n} items of x", "return x[:{n}]", LISTS + STRINGS, lambda x, n: x[:n]),
    "skip": Template("drops the first {n} items of x", "return x[{n}:]", LISTS + STRINGS, lambda x, n: x[n:]),
    "repeat": Template("repeats the text x {n} times", "return x * {n}", STRINGS, lambda x, n: x * n),
    "longer": Template("tells if the text x is longer than {n}", "return len(x) > {n}", STRINGS, lambda x, n: len(x) > n),
    "loud": Template("repeats x in capitals {n} times", "return x.upper() * {n}", STRINGS, lambda x, n: x.upper() * n),
}


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write a request and the function; template, number and function name together decide the split."""

    def make() -> tuple[str, str, int]:
        template = list(TEMPLATES)[rng.integers(len(TEMPLATES))]
        return template, NAMES[rng.integers(len(NAMES))], int(rng.integers(1, 10 if template in SMALL else 100))

    template, name, n = draw(make, held_out)
    wish = TEMPLATES[template].wish.format(n=n)
    document = Document("functions", template, about={"template": template, "name": name, "n": n})
    opened(document, ASK[rng.integers(len(ASK))].format(name, wish))
    return closed(document.answer(source(template, name, n)))


def source(template: str, name: str, n: int) -> str:
    """Return the function's text."""
    return f"def {name}(x):\n    {TEMPLATES[template].body.format(n=n)}\n"


def hidden_test(about: dict) -> str:
    """Return a program that, run after the function, exits with an error unless every answer is right."""
    template, n = TEMPLATES[about["template"]], about["n"]
    checks = [f"assert {about['name']}({x!r}) == {template.truth(x, n)!r}" for x in template.inputs]
    # True == 1 in Python, so the type is compared as well.
    kinds = [f"assert type({about['name']}({x!r})) is {type(template.truth(x, n)).__name__}" for x in template.inputs]
    return "\n".join(checks + kinds) + "\n"
