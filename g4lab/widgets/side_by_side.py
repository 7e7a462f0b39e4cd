"""Runs of a model that do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

AT_ONCE = 2
"""Every run has scores of all pairs of tokens in memory; more at a time would take more of it than they save time."""

One, Made = TypeVar("One"), TypeVar("Made")


def side_by_side(run: Callable[[One], Made], inputs: Sequence[One]) -> list[Made]:
    """What `run` makes of each input, in their order, as `[run(one) for one in inputs]` would, edits in force included.

    A softmax over all pairs of a long text keeps one core busy, so two runs take little longer than one.
    """
    # what an edit puts in force belongs to the thread that it was made in, unless its context is handed on
    contexts = [copy_context() for _ in inputs]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda context, one: context.run(run, one), contexts, inputs))
