"""Calling a learner's function: on copies, for a limited time, with their own line when it stops."""

from __future__ import annotations

import dis
import linecache
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

SECONDS = 5.0
"""How long one check may take: a loop that never ends is a common mistake."""

_EMPTY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "COPY_FREE_VARS"}


class TooLong(Exception):
    """The learner's function did not come back."""


class Stopped(Exception):
    """The learner's function raised something; the message says where."""


def untouched(function: Callable) -> bool:
    """True for a function whose body does nothing: the stub as it was given."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    constants = {constant for constant in code.co_consts if not isinstance(constant, str)}
    return {step.opname for step in dis.get_instructions(code)} <= _EMPTY and constants <= {None, ...}


def guarded(function: Callable, call: str) -> Callable:
    """The function on copies of its arguments; what it raises becomes Stopped, with the learner's own line."""

    def answer(*arguments):
        try:
            return function(*deepcopy(arguments))
        except (TooLong, NotImplementedError):
            raise
        except Exception as error:
            raise Stopped(_where(function, error, call)) from error

    return answer


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Raise TooLong in the block when its time is over. A line of Python is looked at as it runs."""
    before, end = sys.gettrace(), time.monotonic() + seconds

    def look(frame, event, argument):
        if time.monotonic() > end:
            raise TooLong
        return look

    sys.settrace(look)
    try:
        yield
    finally:
        sys.settrace(before)


def _where(function: Callable, error: Exception, call: str) -> str:
    said = f"{type(error).__name__}: {error}"
    code = getattr(function, "__code__", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename]
    if not own:
        return f"{said}. It is called as {call}."
    line = linecache.getline(own[-1].filename, own[-1].lineno).strip()
    return f"{said}, in your line {own[-1].lineno}: {line}"
