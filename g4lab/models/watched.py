"""Compiled functions of a network that run under a tap: with recordings, with edits, or with neither."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from threading import Lock

from g4lab import runtime
from g4lab.models.sites import Edit, Tap, watching

KEPT = 32
"""Compiled functions kept at a time; the one not used for longest goes first."""


class Watched:
    """Runs functions that call `network` and keeps them compiled, one for each set of sites and edits."""

    def __init__(self, network):
        self.network = network
        self._compiled: OrderedDict[Hashable, Callable] = OrderedDict()
        self._lock = Lock()

    def encode(self, kind: str, media, record: Iterable[str] = (), edits: Sequence[tuple[str, Edit]] = ()):
        """The soft tokens of media of one kind ("image", "video", "audio"), as `Gemma4.soft_tokens` takes them.

        Shapes: -> [R,D], and the recorded values by site ("vision.*", "video.*", "audio.*").
        """
        encoder = self.network.audio if kind == "audio" else self.network.vision
        return self.run(
            ("soft tokens", kind),
            lambda medium: self.network.soft_tokens({kind: medium}),
            media,
            record=record,
            edits=edits,
            variables=encoder.variables,
        )

    def run(
        self,
        key: Hashable,
        fn: Callable,
        *args,
        record: Iterable[str] = (),
        edits: Sequence[tuple[str, Edit]] = (),
        donate: tuple[int, ...] = (),
        variables: list | None = None,
    ):
        """fn(*args) and the recorded values by site.

        `key` tells functions apart that do different things; arrays among `args` may change from run to run. `donate`
        lists arguments, by place, that the run may overwrite; `variables` are those that `fn` uses, None those of the
        text model.

        Raises: InputError when a pattern matches no site or an edit cannot be carried out.
        """
        record = tuple(record)
        # The functions alone: an edit's operands arrive as arguments and must not be kept alive with the function.
        functions = tuple((pattern, edit.fn) for pattern, edit in edits)
        compiled = self._function((key, record, functions), partial(_run, fn, record, functions), donate, variables)
        return compiled([edit.operands for _, edit in edits], *args)

    def _function(self, signature: Hashable, fn: Callable, donate: tuple[int, ...], variables) -> Callable:
        with self._lock:
            if signature not in self._compiled:
                self._compiled[signature] = runtime.compile(
                    fn,
                    self.network.text_variables if variables is None else variables,
                    donate=tuple(1 + place for place in donate),
                )
                if len(self._compiled) > KEPT:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end(signature)
            return self._compiled[signature]


def _run(fn: Callable, record: tuple[str, ...], functions: tuple[tuple[str, Callable], ...], operands, *args):
    edits = [
        (pattern, partial(_apply, function, values))
        for (pattern, function), values in zip(functions, operands, strict=True)
    ]
    with watching(Tap(record, edits)) as tap:
        result = fn(*args)
    tap.check()
    return result, tap.values


def _apply(function: Callable, operands, x):
    return function(x, *(_in_kind(operand, x) for operand in operands))


def _in_kind(operand, x):
    from keras import backend, ops

    fractions = all(backend.is_float_dtype(backend.standardize_dtype(array.dtype)) for array in (operand, x))
    return ops.cast(operand, x.dtype) if fractions else operand
