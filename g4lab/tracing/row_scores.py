"""What one row of an attention pattern does, as a number for each query: the parts of every score of a head.

A row is NaN where the question cannot be asked: the token has no earlier copy inside the window, or the query sees
one key only and has nothing to choose. So a local layer never scores low merely because the answer lies outside its
window. The null of each score is the score of a uniform pattern, which gives every visible key the same weight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from g4lab.errors import InputError

MASS = 0.9
"""The part of a row's attention that its effective window holds."""

ROUNDING = 1e-5
"""Rows of float32 sum to 1 up to this."""


@dataclass(frozen=True, eq=False)
class Rows:
    """What a score may know about the rows of a pattern, besides the pattern: all of them, or a block.

    A block begins at the query `first_query` and the key `first_key`, and leaves out keys that none of its rows sees.

    Shapes: ids int [T], visible bool [R,S]; of all rows R = S = T.
    """

    ids: np.ndarray
    visible: np.ndarray
    first_query: int = 0
    first_key: int = 0

    @cached_property
    def queries(self) -> np.ndarray:
        """The positions of the rows. Shapes: -> int [R]."""
        return self.first_query + np.arange(len(self.visible))

    @cached_property
    def places(self) -> np.ndarray:
        """The positions of the keys. Shapes: -> int [S]."""
        return self.first_key + np.arange(self.visible.shape[-1])

    @cached_property
    def keys(self) -> np.ndarray:
        """How many keys each query may see: n_t. Shapes: -> int [R]."""
        return self.visible.sum(-1)

    @cached_property
    def distance(self) -> np.ndarray:
        """How far before its query a key stands; negative after it. Shapes: -> int [R,S]."""
        return self.queries[:, None] - self.places[None, :]

    @cached_property
    def apart(self) -> np.ndarray:
        """|t-j|, in the type of a pattern. Shapes: -> float32 [R,S]."""
        return np.abs(self.distance).astype(np.float32)

    @cached_property
    def earlier_copies(self) -> np.ndarray:
        """True where an earlier key is the query's own token. Shapes: -> bool [R,S]."""
        return (self.ids[self.queries][:, None] == self.ids[self.places]) & (self.distance > 0)

    @cached_property
    def after_copies(self) -> np.ndarray:
        """True where an earlier key follows an earlier copy of the query's token. Shapes: -> bool [R,S]."""
        before = np.roll(self.ids, 1)[self.places]
        follows = (self.ids[self.queries][:, None] == before) & (self.distance > 0)
        return follows & (self.places > 0)


RowScore = Callable[[np.ndarray, Rows], np.ndarray]
"""(pattern [T,S], rows) -> [T], NaN where a row has no answer. One `of_blocks` gets [N,R,S] and returns [N,R]."""


def of_blocks(score: RowScore) -> RowScore:
    """Mark a score that also reads blocks of rows, and several heads at once: it asks `rows` where they stand."""
    score.of_blocks = True
    return score


def uniform_pattern(visible: np.ndarray) -> np.ndarray:
    """The null: every visible key gets the same weight. Shapes: [T,S] bool -> [T,S], rows sum to 1."""
    return visible / visible.sum(-1, keepdims=True)


def mass_on(pattern: np.ndarray, targets: np.ndarray, rows: Rows) -> np.ndarray:
    """The weight on the target keys, in rows that see one of them and have a choice.

    Shapes: pattern [...,R,S], targets bool [R,S] -> [...,R].
    """
    targets = targets & rows.visible
    asked = targets.any(-1) & (rows.keys > 1)
    if not asked.any():
        return np.full(pattern.shape[:-1], np.nan)
    return np.where(asked, (pattern * targets).sum(-1), np.nan)


def weight_of(pattern: np.ndarray, key: np.ndarray, rows: Rows) -> np.ndarray:
    """The weight on one key of each row, where it is visible and not the only one.

    Shapes: pattern [...,R,S], key int [R], its position -> [...,R].
    """
    row, place = np.arange(len(key)), key - rows.first_key
    inside = (place >= 0) & (place < pattern.shape[-1])
    place = np.where(inside, place, 0)
    asked = inside & rows.visible[row, place] & (rows.keys > 1)
    return np.where(asked, pattern[..., row, place], np.nan)


@of_blocks
def previous_token(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """A[t,t-1]. Source: Elhage et al., A Mathematical Framework for Transformer Circuits (2021)."""
    return weight_of(pattern, rows.queries - 1, rows)


@of_blocks
def duplicate_token(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """The weight on earlier copies of the query's own token; A[t,t-P] where a sequence repeats with period P.

    Source: Wang et al., Interpretability in the Wild (arXiv 2211.00593).
    """
    return mass_on(pattern, rows.earlier_copies, rows)


@of_blocks
def induction(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """The weight on what followed earlier copies of the token; A[t,t-(P-1)] where a sequence repeats with period P.

    Source: Olsson et al., In-context Learning and Induction Heads (arXiv 2209.11895).
    """
    return mass_on(pattern, rows.after_copies, rows)


@of_blocks
def sink_mass(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """A[t,0], in rows that still see position 0: it leaves a local layer's window after W tokens.

    Source: Gu et al., When Attention Sink Emerges in Language Models (arXiv 2410.10781).
    """
    return weight_of(pattern, np.zeros(len(rows.queries), int), rows)


@of_blocks
def oldest_key(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """The weight on the oldest visible key: where a sink may go once position 0 has left the window."""
    return weight_of(pattern, rows.first_key + rows.visible.argmax(-1), rows)


@of_blocks
def entropy(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """-sum A log A over log n_t: 0 is one key, 1 all visible keys alike. Rows of one key have none.

    Divided by the log of the keys that the row may see, not of t: else a window alone would look like focus.
    """
    # a weight of 0 adds 0; the smallest number in its place spares the logarithm a mask
    nats = -np.sum(pattern * np.log(np.maximum(pattern, np.finfo(pattern.dtype).tiny)), axis=-1)
    keys = rows.keys
    return np.where(keys > 1, nats / np.log(np.maximum(keys, 2)), np.nan)


@of_blocks
def mean_distance(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """sum A |t-j|. Units: tokens."""
    return np.where(rows.keys > 1, (pattern * rows.apart).sum(-1), np.nan)


@of_blocks
def effective_window(pattern: np.ndarray, rows: Rows) -> np.ndarray:
    """The fewest last keys, the query's own included, that hold `MASS` of the row. Units: tokens."""
    from_the_right = np.cumsum(pattern[..., ::-1], axis=-1, dtype=np.float64)
    # in a picture that sees itself both ways, keys after the query count too, but no window is below one key
    key = rows.places[-1] - (from_the_right >= MASS - ROUNDING).argmax(-1)
    return np.where(rows.keys > 1, np.maximum(rows.queries - key + 1, 1), np.nan)


def share_on(start: int, end: int) -> RowScore:
    """A score: the weight on the keys from `start` up to but not including `end`, in rows that see some of them.

    Its null is the segment's share of the visible keys: a picture of 280 among 300 tokens gets 93 % by size alone.

    Raises: InputError for an empty segment.
    """
    if not 0 <= start < end:
        raise InputError(f"the segment from {start} to {end} holds no token", "share_on", "give start below end")

    @of_blocks
    def share(pattern: np.ndarray, rows: Rows) -> np.ndarray:
        return mass_on(pattern, (rows.places >= start) & (rows.places < end), rows)

    return share


SCORES: dict[str, RowScore] = {
    "previous token": previous_token,
    "duplicate token": duplicate_token,
    "induction": induction,
    "sink mass": sink_mass,
    "oldest key": oldest_key,
    "entropy": entropy,
    "mean distance": mean_distance,
    "effective window": effective_window,
}
"""By their names; `share_on` makes one for each segment."""
