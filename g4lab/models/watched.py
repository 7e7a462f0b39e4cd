"""Compiled functions of a network that run under a tap: with recordings, with edits, or with neither."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import partial

from g4lab import runtime
from g4lab.models.sites import Edit, Tap, watching

KEPT = 32
"""Compiled functions kept at a time; the one not used for longest goes first."""


class Watched:
    """Runs functions that call `network` and keeps them compiled, one for each set of sites and edits."""

    def __init__(self, network):
        self.network = network
        self._compiled: OrderedDict[Hashable, Callable] = OrderedDict()

    def run(
        self,
        key: Hashable,
        fn: Callable,
        *args,
        record: Iterable[str] = (),
        edits: Mapping[str, Edit] | None = None,
    ):
        """fn(*args) and the recorded values by site.

        `key` tells functions apart that do different things; arrays among `args` may change from run to run.

        Raises: InputError when a pattern matches no site or an edit cannot be carried out.
        """
        record, edits = tuple(record), dict(edits or {})
        signature = key, record, tuple((pattern, edit.fn) for pattern, edit in edits.items())
        if signature not in self._compiled:
            self._compiled[signature] = runtime.compile(_tapped(fn, record, edits), self.network)
            if len(self._compiled) > KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(signature)
        return self._compiled[signature]([edit.operands for edit in edits.values()], *args)


def _tapped(fn: Callable, record: tuple[str, ...], edits: dict[str, Edit]) -> Callable:
    # The functions alone: an edit's operands arrive as arguments and must not be kept alive here.
    functions = {pattern: edit.fn for pattern, edit in edits.items()}

    def run(operands, *args):
        edited = {
            pattern: partial(_apply, function, values)
            for (pattern, function), values in zip(functions.items(), operands, strict=True)
        }
        with watching(Tap(record, edited)) as tap:
            result = fn(*args)
        tap.check()
        return result, tap.values

    return run


def _apply(function: Callable, operands, x):
    return function(x, *operands)
