"""How a residual stream is read as scores of tokens: the final norm, the unembedding, the soft cap.

It is a small record of numpy arrays, apart from the table, which has a row for every token of the vocabulary. A trace
carries the rows of a few tokens at most, so that it can be opened without a backend and stays small.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace

SITE = "readout"


@dataclass(frozen=True, eq=False)
class Readout:
    """What stands between the stream and the logits, and the scalar that each layer multiplies the stream by.

    `ids` are the tokens of the table's rows, None where it has all. `average` is the mean row of the whole table: what
    pushes it raises every token alike and changes no probability.

    Shapes: scale [D], table [R,D], average [D], layer_scalars [L].
    """

    scale: np.ndarray
    table: np.ndarray
    average: np.ndarray
    layer_scalars: np.ndarray
    eps: float
    softcap: float | None
    ids: np.ndarray | None = None

    def norm(self, x: np.ndarray) -> np.ndarray:
        """The final norm. Shapes: [...,D] -> [...,D]."""
        return x * self.per_position(x) * self.scale

    def per_position(self, x: np.ndarray) -> np.ndarray:
        """The number by which the norm multiplies a whole position: one over its root mean square.

        Shapes: [...,D] -> [...,1].
        """
        return 1 / np.sqrt(np.mean(np.square(x), axis=-1, keepdims=True) + self.eps)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Scores before the soft cap. Shapes: [...,D] -> [...,R]."""
        return self.norm(x) @ self.table.T

    def capped(self, scores: np.ndarray) -> np.ndarray:
        """The soft cap of the model, if it has one; it keeps the order."""
        return scores if self.softcap is None else self.softcap * np.tanh(scores / self.softcap)

    def vectors(self, ids: np.ndarray) -> np.ndarray:
        """Rows of the table by token id.

        Shapes: int [T] -> [T,D].
        Raises: InputError for a token whose row is not here.
        """
        ids = np.asarray(ids)
        known = np.arange(len(self.table)) if self.ids is None else self.ids
        order = np.argsort(known)
        places = order[np.clip(np.searchsorted(known, ids, sorter=order), 0, len(known) - 1)]
        if lost := sorted({*ids.ravel().tolist()} - {*known.tolist()}):
            what = "the vocabulary" if self.ids is None else "the rows that the trace carries"
            raise InputError(f"{what} lacks token {lost[0]}", "Readout", "give ids of the model's own tokens")
        return self.table[places]

    def only(self, ids: Iterable[int]) -> Readout:
        """The same with the rows of some tokens: enough for attribution, too little for probabilities."""
        kept = np.unique(np.asarray([*ids], np.int64))
        return replace(self, table=self.vectors(kept), ids=kept)

    def carried_by(self, trace: Trace, ids: Iterable[int] = ()) -> Trace:
        """The trace with this record in it: the rows of its own tokens, of its likeliest next ones, and of `ids`.

        Of a record that has few rows already, all of them.
        """
        own = {token.id for token in trace.tokens} | {candidate.id for candidate in trace.next_token()}
        few = self.only(own | {*map(int, ids)}) if self.ids is None else self
        arrays = {
            "scale": few.scale,
            "table": few.table,
            "average": few.average,
            "layer_scalars": few.layer_scalars,
            "eps": np.float64(few.eps),
            "softcap": np.float64(np.nan if few.softcap is None else few.softcap),
            "ids": few.ids,
        }
        return replace(trace, sites={**trace.sites, **{f"{SITE}.{name}": value for name, value in arrays.items()}})

    @classmethod
    def of(cls, trace: Trace) -> Readout:
        """The record that a trace carries.

        Raises: InputError when it carries none.
        """
        if f"{SITE}.table" not in trace:
            raise InputError(
                "the trace carries no final norm and unembedding",
                repr(trace),
                "save it with them: model.readout().carried_by(trace).save(path)",
            )
        names = ("scale", "table", "average", "layer_scalars", "ids")
        eps, softcap = (float(trace[f"{SITE}.{name}"]) for name in ("eps", "softcap"))
        return cls(
            **{name: trace[f"{SITE}.{name}"] for name in names}, eps=eps, softcap=None if np.isnan(softcap) else softcap
        )
