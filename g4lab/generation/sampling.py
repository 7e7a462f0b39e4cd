"""From logits to one token: temperature, top-k, top-p, and one uniform number that decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from keras import ops

from g4lab.errors import InputError
from g4lab.models.softmax import softmax

SMALLEST = np.finfo(np.float32).tiny
"""A temperature below this is 0 to a processor."""


@dataclass(frozen=True)
class Sampling:
    """How the next token is drawn.

    Temperature 0 always takes the likeliest token. Otherwise logits are divided by the temperature; the `top_k`
    likeliest tokens stay (None: all); of these the fewest whose probabilities reach `top_p`, and at least one.
    """

    temperature: float = 1.0
    top_k: int | None = 64
    top_p: float = 0.95

    def __post_init__(self):
        _check(self.temperature >= 0, "temperature", self.temperature, "0 (greedy) or more")
        _check(self.top_k is None or self.top_k >= 1, "top_k", self.top_k, "1 or more, or None for all tokens")
        _check(0 < self.top_p <= 1, "top_p", self.top_p, "a number above 0 and up to 1")

    @property
    def greedy(self) -> bool:
        """True when nothing is left to chance."""
        return self.temperature < SMALLEST or self.top_k == 1

    def numbers(self) -> np.ndarray:
        """What a compiled function takes as input, so that other values need no new compilation: [2] float32."""
        return np.asarray([self.temperature, self.top_p], np.float32)


def choose(logits, uniform, numbers, greedy: bool, top_k: int | None):
    """One token per row.

    Shapes: logits float32 [B,V], uniform [B] in [0,1), numbers [2] (see `Sampling.numbers`) -> int32 [B].
    The draw is by inverse CDF over the kept tokens from the likeliest down, so that one seed gives the same text
    on every backend.
    """
    if greedy:
        return ops.cast(ops.argmax(logits, axis=-1), "int32")
    tokens, probabilities = kept(logits, numbers, top_k)
    upto = ops.cumsum(probabilities, axis=-1)
    place = ops.sum(ops.cast(upto <= uniform[:, None] * upto[:, -1:], "int32"), axis=-1)
    last = ops.sum(ops.cast(probabilities > 0, "int32"), axis=-1) - 1
    place = ops.minimum(place, last)
    return ops.take_along_axis(tokens, place[:, None], axis=-1)[:, 0]


def kept(logits, numbers, top_k: int | None):
    """The tokens that may be drawn, the likeliest first, and their probabilities (0 for those that top-p drops).

    Shapes: logits [B,V] -> tokens int32 [B,k], probabilities [B,k], which do not sum to 1 after top-k and top-p.
    """
    size = logits.shape[-1]
    logits, tokens = ops.top_k(logits, min(top_k or size, size))
    # Less the largest first, so that a temperature near 0 gives -inf and not inf.
    probabilities = softmax((logits - logits[:, :1]) / numbers[0])
    before = ops.cumsum(probabilities, axis=-1) - probabilities
    return ops.cast(tokens, "int32"), ops.where(before < numbers[1], probabilities, 0.0)


def _check(holds: bool, name: str, value, allowed: str) -> None:
    if not holds:
        raise InputError(f"{name} is {value}", "the sampling settings", f"give {allowed}")
