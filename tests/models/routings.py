"""Tokens, experts and weights for the forms of the experts, ordinary and extreme."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from keras import ops

from g4lab.models.experts import batched, grouped, many

WIDTH, HIDDEN = 6, 5


class Routed(NamedTuple):
    """What the forms take: tokens [T,D], experts and weights [T,C], gate and up [E,D,F], down [E,F,D]."""

    tokens: np.ndarray
    experts: np.ndarray
    weights: np.ndarray
    gate: np.ndarray
    up: np.ndarray
    down: np.ndarray


def routed(experts: np.ndarray, total: int) -> Routed:
    rng = np.random.default_rng(0)
    count, chosen = experts.shape
    shapes = (count, WIDTH), (count, chosen), (total, WIDTH, HIDDEN), (total, WIDTH, HIDDEN), (total, HIDDEN, WIDTH)
    tokens, weights, *banks = (rng.standard_normal(shape).astype("float32") for shape in shapes)
    return Routed(tokens, experts.astype("int32"), weights, *banks)


def choices(count: int, total: int, chosen: int) -> np.ndarray:
    """Different experts for each token, some far more popular than others."""
    rng = np.random.default_rng(1)
    popularity = 1 / np.arange(1, total + 1)
    return np.stack([rng.choice(total, chosen, False, popularity / popularity.sum()) for _ in range(count)])


def one_expert(count: int, total: int) -> np.ndarray:
    return np.full((count, 1), total - 1)


ROUTINGS = {
    "some more popular than others": routed(choices(40, 7, 3), 7),
    "all tokens to one expert": routed(one_expert(150, 3), 3),
    "one token": routed(choices(1, 5, 2), 5),
    "every expert chosen": routed(choices(9, 4, 4), 4),
    "more experts than pairs": routed(choices(3, 64, 2), 64),
}
MORE_ROUTINGS = ROUTINGS | {
    "all tokens to the same two": routed(np.tile([[1, 4]], (37, 1)), 5),
    "a single expert": routed(one_expert(20, 1), 1),
    "exactly one block": routed(one_expert(16, 2), 2),
}


def by_blocks(*arguments, **options):
    """The sum that `grouped` gives the terms of."""
    return ops.sum(grouped(*arguments, **options), axis=1)


def by_loads(*arguments, **options):
    """The sum that `many` gives the terms of."""
    return ops.sum(many(*arguments, **options), axis=1)


def by_banks(tokens, experts, weights, gate, up, down):
    """The sum that `batched` gives the terms of."""
    most = ops.max(ops.bincount(ops.reshape(experts, (-1,)), minlength=gate.shape[0]))
    return ops.sum(batched(tokens, experts, weights, gate, up, down, most), axis=1)
