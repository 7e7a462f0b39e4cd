"""Trace: one sequence, what the model was, and the values that were recorded while it read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal, NamedTuple

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing import store
from g4lab.tracing.attention import between, grouped_patterns, key_bounds, row_blocks
from g4lab.tracing.routing import Routing

TokenKind = Literal["text", "control", "image", "audio", "video"]


@dataclass(frozen=True)
class Token:
    """One position of the sequence: a piece of text, a control token, or a soft token."""

    id: int
    text: str
    kind: TokenKind = "text"


@dataclass(frozen=True)
class Segment:
    """Positions that belong together, from `start` up to but not including `end`: a turn, a picture."""

    kind: str
    start: int
    end: int


class Candidate(NamedTuple):
    """A token that may come next."""

    id: int
    text: str
    probability: float


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """The values recorded while a model read one sequence (no batch axis), readable without a backend.

    `model` is what JSON can hold: name, label, plan (one dict a layer, the fields of
    `g4lab.models.plan.Layer`), experts, chosen, window, bidirectional_images. `pieces` gives the text of ids
    that may come next.

    Shapes: a site without its batch axis: layers.i.attention.q [T,N,H], layers.i.router.logits [T,E],
    logits [T,V]. `next.logits` [V] are those after the last position, which are recorded always.
    """

    tokens: tuple[Token, ...]
    model: Mapping[str, Any]
    sites: Mapping[str, np.ndarray]
    segments: tuple[Segment, ...] = ()
    pieces: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self):
        # bfloat16 is no type of numpy's own and could not be read back without the package that adds it
        plain = {name: _plain(np.asarray(value)) for name, value in self.sites.items()}
        object.__setattr__(self, "sites", plain)

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"Trace({self.model.get('name', '?')}: {len(self)} tokens, {len(self.sites)} sites)"

    def __contains__(self, site: str) -> bool:
        return site in self.sites

    def __getitem__(self, site: str) -> np.ndarray:
        if site not in self.sites:
            raise InputError(
                f'the trace holds no site "{site}"',
                where=f"{self!r}, which holds {_shortened(self.sites)}",
                next=f'ask for it while the model reads: model.trace(x, sites=["{site}"])',
            )
        return self.sites[site]

    @property
    def routed_layers(self) -> tuple[int, ...]:
        """Layers whose routing was recorded, from the input upward."""
        return tuple(row["index"] for row in self.plan if f"layers.{row['index']}.router.experts" in self.sites)

    @property
    def plan(self) -> list[dict[str, Any]]:
        """One dict a layer."""
        return self.model["plan"]

    def attention(self, layer: int, head: int | None = None) -> np.ndarray:
        """How much each query reads from each key in one head (None: in all), computed anew from queries and keys.

        Shapes: -> [T,S] float32, rows sum to 1; of all heads [N,T,S].
        Raises: InputError when the layer or head does not exist, or its q and k were not recorded.
        """
        patterns = np.zeros((self._layer(layer)["heads"] if head is None else 1, len(self), len(self)), np.float32)
        for rows, keys, block in self.attention_blocks(layer, head):
            patterns[:, rows, keys] = block
        return patterns if head is None else patterns[0]

    def attention_blocks(
        self, layer: int, head: int | None = None, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[slice, slice, np.ndarray]]:
        """`attention` of the queries from `start` up to `stop`, some at a time, with the keys that these may read.

        Shapes: each (queries, keys, [N,R,S] float32); of one head N is 1.
        Raises: as `attention`.
        """
        row = self._layer(layer)
        if head is not None and not 0 <= head < row["heads"]:
            raise InputError(
                f"layer {layer} has no head {head}", repr(self), f"give a number from 0 to {row['heads'] - 1}"
            )
        queries, keys = self[f"layers.{layer}.attention.q"], self[f"layers.{row['owner']}.attention.k"]
        if head is not None:
            shared = head // (row["heads"] // row["kv_heads"])
            queries, keys = queries[:, head : head + 1], keys[:, shared : shared + 1]
        first, end = self.key_bounds(layer)
        for rows, seen in row_blocks(first, end, queries.shape[1], start, stop):
            visible = between(first[rows], end[rows], seen.start, seen.stop)
            # in double precision, rounded once: `attention_pattern` says why
            yield rows, seen, grouped_patterns(queries[rows], keys[seen], visible, np.float64).astype(np.float32)

    def key_bounds(self, layer: int) -> tuple[np.ndarray, np.ndarray]:
        """The first key that each query of this layer may read, and the one after its last: causal, inside the
        window, and pictures both ways.

        Shapes: -> int32 [T] each.
        Raises: InputError when the layer does not exist.
        """
        row = self._layer(layer)
        # only local layers let the tokens of one picture see each other both ways
        both_ways = self.model.get("bidirectional_images") and row["kind"] == "local"
        spans = [(s.start, s.end) for s in self.segments if both_ways and s.kind in ("image", "video")]
        return key_bounds(len(self), row["window"], spans)

    def visible(self, layer: int) -> np.ndarray:
        """True where a query of this layer may read a key: `key_bounds` as a mask.

        Shapes: -> [T,S] bool.
        Raises: InputError when the layer does not exist.
        """
        return between(*self.key_bounds(layer), 0, len(self))

    def routing(self, layer: int) -> Routing:
        """What the router of one layer did with every token.

        Raises: InputError when the layer does not exist, has no experts, or was not recorded.
        """
        if not self._layer(layer)["experts"]:
            raise InputError(
                f"layer {layer} has no router",
                repr(self),
                "its feed-forward part is dense; choose a mixture of experts",
            )
        router = f"layers.{layer}.router"
        return Routing(
            logits=self[f"{router}.logits"],
            probabilities=self[f"{router}.probabilities"],
            experts=self[f"{router}.experts"],
            weights=self[f"layers.{layer}.experts.weights"],
        )

    def log_probabilities(self) -> np.ndarray:
        """Log-probability of every token of the vocabulary as the next one, after the last position.

        Shapes: -> [V] float64. Units: nats.
        """
        logits = (self["logits"][-1] if "logits" in self else self["next.logits"]).astype(np.float64)
        shifted = logits - logits.max()
        return shifted - np.log(np.exp(shifted).sum())

    def next_token(self, k: int = 10) -> list[Candidate]:
        """The k likeliest next tokens, the likeliest first."""
        log_probabilities = self.log_probabilities()
        # a stable sort of the negated values keeps the smaller id first among equals
        best = np.argsort(-log_probabilities, kind="stable")[:k]
        return [Candidate(int(i), self.text_of(int(i)), float(np.exp(log_probabilities[i]))) for i in best]

    def text_of(self, id: int) -> str:
        """The text of a token id, or "#id" for an id whose text was not recorded."""
        known = {token.id: token.text for token in self.tokens} | dict(self.pieces)
        return known.get(id, f"#{id}")

    def save(self, path: str | PathLike) -> None:
        """Write one npz file; a file already there is replaced only when the new one is complete."""
        store.write(path, self._header(), self.sites)

    @classmethod
    def load(cls, path: str | PathLike) -> Trace:
        """Read a file that `save` wrote; nothing in it is executed.

        Raises: InputError when the file is missing, foreign, cut short, changed by hand, or newer than this.
        """
        header, sites = store.read(path)
        return cls(
            tokens=tuple(Token(*row) for row in header["tokens"]),
            segments=tuple(Segment(*row) for row in header["segments"]),
            pieces={int(id): text for id, text in header["pieces"].items()},
            model=header["model"],
            sites=sites,
        )

    def _header(self) -> dict[str, Any]:
        return {
            "tokens": [[token.id, token.text, token.kind] for token in self.tokens],
            "segments": [[segment.kind, segment.start, segment.end] for segment in self.segments],
            "pieces": {str(id): text for id, text in self.pieces.items()},
            "model": dict(self.model),
        }

    def _layer(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self.plan):
            raise InputError(f"there is no layer {index}", repr(self), f"give a number from 0 to {len(self.plan) - 1}")
        return self.plan[index]


def _plain(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _shortened(names: Mapping[str, Any], show: int = 6) -> str:
    shown = list(names)[:show]
    rest = len(names) - len(shown)
    return (", ".join(shown) or "nothing") + (f" and {rest} more" if rest else "")
