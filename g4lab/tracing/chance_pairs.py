"""How often chance puts two experts together when some are busier than others.

Each token chooses C different experts, and expert i has a weight w_i: a set of experts is as likely as the product of
its weights. That is independent choice, on condition that exactly C come of it (conditional Poisson sampling). The
weights follow from the loads. Multiplying two loads would not do: a token's second choice is never its first.
"""

from __future__ import annotations

import numpy as np

from g4lab.errors import InputError

TOLERANCE = 1e-10
STEP = 0.7
ROUNDS = 500
"""A few dozen are enough, whatever the loads."""


def chance_pairs(load: np.ndarray) -> np.ndarray:
    """The share of tokens that choose both of two experts, of those loads but otherwise by chance; 0 on the diagonal.

    Shapes: load [E], each at most 1, with sum C -> [E,E], rows sum to (C-1) f_i.
    Raises: InputError when the loads are not those of C different experts a token.
    Source: Chen, Dempster and Liu, Weighted finite population sampling (Biometrika 81, 1994).
    """
    load = np.asarray(load, np.float64)
    pairs = np.minimum(load[:, None], load[None]) * ((load == 1)[:, None] | (load == 1)[None])
    # Those that every token chooses, and those that none does, leave the others no choice to share.
    free = (load > 0) & (load < 1)
    chosen = round(load.sum() - (load == 1).sum())
    if chosen >= 2:
        pairs[np.ix_(free, free)] = _pairs(load[free], chosen)
    np.fill_diagonal(pairs, 0)
    return pairs


def _pairs(load: np.ndarray, chosen: int) -> np.ndarray:
    weights = _weights(load, chosen)
    every = np.arange(len(load))
    one, two = np.meshgrid(every, every, indexing="ij")
    rest = _sums_of_products(weights, chosen - 2, one.ravel(), two.ravel()).reshape(one.shape)
    whole = _sums_of_products(weights, chosen, np.array([-1]), np.array([-1]))[0]
    return weights[:, None] * weights[None] * rest / whole


def _weights(load: np.ndarray, chosen: int) -> np.ndarray:
    """Weights with these loads. Shapes: [E] -> [E], whose geometric mean is 1."""
    every, wanted = np.arange(len(load)), load / (1 - load)
    weights = wanted
    for _ in range(ROUNDS):
        weights = weights / np.exp(np.log(weights).mean())
        with_it = weights * _sums_of_products(weights, chosen - 1, every, every)
        without = _sums_of_products(weights, chosen, every, every)
        if np.abs(with_it / (with_it + without) - load).max() < TOLERANCE:
            return weights
        # Towards the odds that are wanted; the whole way would overshoot where few experts share many choices.
        weights = weights * (wanted / (with_it / without)) ** STEP
    raise InputError(
        "no random choice has these loads", f"{len(load)} experts, {chosen} chosen a token", "give loads that sum to C"
    )


def _sums_of_products(weights: np.ndarray, chosen: int, one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """The sum of the products of all sets of `chosen` weights without two given ones (-1: without none).

    Shapes: weights [E], one, two int [X] -> [X].
    """
    sums = np.zeros((chosen + 1, len(one)))
    sums[0] = 1
    for expert, weight in enumerate(weights):
        sums[1:] += np.where((one == expert) | (two == expert), 0, weight) * sums[:-1]
    return sums[chosen]
