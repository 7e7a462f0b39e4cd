"""Names for the values inside a network: observe them, or put others in their place.

`observe("layers.3.router.logits", x)` returns x. A `watching` block around the call of the network makes it record
the values whose names match, or replace them. Inside a compiled function the recorded values are traced like any
other, so the function returns them as extra outputs and a network that nobody watches does no extra work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from fnmatch import fnmatchcase

import numpy as np

from g4lab.errors import G4LabError, InputError

_active: ContextVar[Tap | None] = ContextVar("the tap that watches the network", default=None)


class Edit:
    """A replacement x -> fn(x, *operands).

    The operands are arrays (or numbers) and inputs of the compiled function: the same `fn` with other operands
    compiles nothing anew. Those with a fraction reach `fn` in x's dtype.
    """

    def __init__(self, fn: Callable, *operands):
        self.fn = fn
        # A bare number would be a constant to TensorFlow, and each another function.
        self.operands = tuple(np.asarray(operand) for operand in operands)


def add(x, operand):
    """An edit's function: x plus an operand that broadcasts to it."""
    from keras import ops

    return x + ops.cast(operand, x.dtype)


def set_to(x, operand):
    """An edit's function: the operand in place of x, or, where it has fewer positions, in place of the last ones.

    Shapes: x [B,T,...]; operand a shape that broadcasts to it, or as a trace holds it: [t,...] with t up to T.
    """
    from keras import ops

    operand = ops.cast(operand, x.dtype)
    if len(operand.shape) == len(x.shape) - 1:
        operand = operand[None]
    if len(operand.shape) < len(x.shape) or operand.shape[1] in (1, x.shape[1]):
        return ops.broadcast_to(operand, ops.shape(x))
    # Where sequences are padded to few lengths, the padding comes first.
    earlier = x[:, : x.shape[1] - operand.shape[1]]
    return ops.concatenate([earlier, ops.broadcast_to(operand, (x.shape[0], *operand.shape[1:]))], axis=1)


def as_edits(edits: Mapping[str, object] | None) -> tuple[tuple[str, Edit], ...]:
    """Pairs of a pattern and an Edit, from a mapping to functions, arrays or Edits."""
    return tuple((pattern, _as_edit(edit)) for pattern, edit in (edits or {}).items())


def _as_edit(edit: object) -> Edit:
    if isinstance(edit, Edit):
        return edit
    return Edit(edit) if callable(edit) else Edit(set_to, edit)


class Tap:
    """What one run of the network records and replaces.

    `record` holds patterns such as "layers.*.router.*"; `edits` pairs patterns with functions of the value. Where
    several match a site, each gets what the one before it returned.
    """

    def __init__(self, record: Iterable[str] = (), edits: Iterable[tuple[str, Callable]] = ()):
        self.record = tuple(record)
        self.edits = tuple(edits)
        self.values: dict[str, object] = {}
        self._seen: list[str] = []

    def __call__(self, name: str, x):
        """The value of a site, or what an edit puts in its place."""
        self._seen.append(name)
        for pattern, edit in self.edits:
            if fnmatchcase(name, pattern):
                x = _edited(name, x, edit)
        if any(fnmatchcase(name, pattern) for pattern in self.record):
            self.values[name] = x
        return x

    def offered(self, name: str) -> bool:
        """Whether this run records or replaces a site, which is known from now on."""
        patterns = (*self.record, *(pattern for pattern, _ in self.edits))
        wanted = any(fnmatchcase(name, pattern) for pattern in patterns)
        if not wanted:  # else it is about to be observed
            self._seen.append(name)
        return wanted

    def check(self) -> None:
        """Raise an InputError when some pattern matched no site of the run."""
        for pattern in (*self.record, *(pattern for pattern, _ in self.edits)):
            if not any(fnmatchcase(name, pattern) for name in self._seen):
                near = get_close_matches(pattern, self._seen, n=3, cutoff=0.4)
                raise InputError(
                    f'no site is called "{pattern}"',
                    f"this network, whose sites run from {self._seen[0]} to {self._seen[-1]}",
                    f"did you mean {' or '.join(near)}?" if near else 'patterns look like "layers.*.router.logits"',
                )


def _edited(name: str, x, edit: Callable):
    from keras import ops

    try:
        y = ops.convert_to_tensor(edit(x))
    except G4LabError:
        raise
    except Exception as error:  # whatever a user's function raises
        raise InputError(
            f"the edit failed: {type(error).__name__}: {error}",
            f"site {name}, shape {tuple(x.shape)}",
            "an edit is a function of one array that uses keras.ops, or an array of the site's shape",
        ) from error
    if tuple(y.shape) != tuple(x.shape):
        raise InputError(
            f"the edit changed the shape from {tuple(x.shape)} to {tuple(y.shape)}",
            f"site {name}",
            "return an array of the same shape",
        )
    return ops.cast(y, x.dtype)


@contextmanager
def watching(tap: Tap):
    """Let `tap` see every site that runs inside the block (in this thread)."""
    token = _active.set(tap)
    try:
        yield tap
    finally:
        _active.reset(token)


def watched(name: str) -> bool:
    """Whether somebody watches a site: for values that a network need not put together otherwise."""
    tap = _active.get()
    return tap is not None and tap.offered(name)


def observe(name: str, x):
    """Mark a value inside the network with a name; returns x, or what an edit puts in its place."""
    tap = _active.get()
    return x if tap is None else tap(name, x)
