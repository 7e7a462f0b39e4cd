"""Which exercises there are, by name."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module

from g4lab.course.exercise import Exercise
from g4lab.errors import InputError

CHAPTERS = ("ch01", "ch02", "ch03", "ch04", "ch05", "ch06", "ch07")


@cache
def chapter(name: str) -> tuple[Exercise, ...]:
    """The exercises of one chapter, in its order, with their mutants."""
    import_module(f"g4lab.course.{name}.mutants")
    checks = import_module(f"g4lab.course.{name}.checks")
    return tuple(value for value in vars(checks).values() if isinstance(value, Exercise))


def exercise(name: str) -> Exercise:
    """Look an exercise up.

    Raises: InputError for a name that there is not.
    """
    known = {found.name: found for each in CHAPTERS for found in chapter(each)}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        advice = f"did you mean {near[0]}?" if near else f"the exercises are {', '.join(known)}"
        raise InputError(f"there is no exercise {name!r}", "g4lab.course", advice)
    return known[name]
