"""Co-activation: which experts are chosen for the same token.

CA(i, j) = P(j | i) is the share of the tokens of expert i that also chose j. It is asymmetric: a rare expert may
always come with a busy one, and the busy one hardly ever with it.

The null: experts are chosen independently, each as often as it really is, but C different ones a token (see
chance_pairs.py). For even loads that is (C-1)/(E-1). Its band takes tokens as independent, which is too narrow.
"""

from __future__ import annotations

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.binomial import binomial_bands
from g4lab.tracing.chance_pairs import chance_pairs
from g4lab.tracing.measure import LEVEL, Measure, Null
from g4lab.tracing.routing import expert_counts, minimum_tokens


def pair_counts(experts: np.ndarray, count: int) -> np.ndarray:
    """How many tokens chose both of two experts; on the diagonal, one. Shapes: experts int [T,C] -> int [E,E]."""
    chose = np.zeros((len(experts), count), np.float64)
    np.put_along_axis(chose, experts.astype(np.int64), 1, axis=1)
    return np.rint(chose.T @ chose).astype(int)


def co_activation(experts: np.ndarray, count: int) -> np.ndarray:
    """P(j | i) in row i and column j; NaN on the diagonal and in the row of an expert that nobody chose.

    Rows sum to C-1.

    Shapes: experts int [T,C] -> [E,E].
    Source: Muennighoff et al., OLMoE (arXiv 2409.02060), section 5.2.
    """
    pairs = pair_counts(experts, count).astype(float)
    chosen_by = np.diag(pairs).copy()
    shares = np.divide(pairs, chosen_by[:, None], where=chosen_by[:, None] > 0, out=np.full(pairs.shape, np.nan))
    np.fill_diagonal(shares, np.nan)
    return shares


def chance_co_activation(load: np.ndarray) -> np.ndarray:
    """P(j | i) if experts were independent but for their loads; NaN on the diagonal and where nobody chose i.

    Shapes: load [E] -> [E,E], rows sum to C-1.
    """
    shares = np.divide(
        chance_pairs(load), load[:, None], where=load[:, None] > 0, out=np.full((len(load),) * 2, np.nan)
    )
    np.fill_diagonal(shares, np.nan)
    return shares


def even_co_activation(count: int, chosen: int) -> float:
    """(C-1)/(E-1): 5.5 % for 8 of 128."""
    return (chosen - 1) / (count - 1)


def measure_co_activation(experts: np.ndarray, count: int, level: float = LEVEL) -> Measure:
    """P(j | i) beside independence; the rows of experts that too few tokens chose are NaN.

    A row needs so many tokens that chance would leave at most 1 % of its pairs without one.

    Shapes: experts int [T,C] -> value [E,E].
    Raises: InputError when a token chooses one expert only.
    """
    tokens, chosen = experts.shape
    if not 1 < chosen < count:
        raise InputError(
            "co-activation needs tokens that choose several experts, but not all",
            f"{count} experts, {chosen} chosen a token",
            "ask this of a router that chooses two or more",
        )
    counts, needed = expert_counts(experts, count), minimum_tokens(count - 1, chosen - 1)
    name, convention = "co-activation", "row i, column j: share of the tokens of i that also chose j"
    even = even_co_activation(count, chosen)
    if counts.max() < needed:
        return Measure(name, int(counts.max()), needed, of="tokens of the busiest expert", convention=convention)
    value, expected = co_activation(experts, count), chance_co_activation(counts / tokens)
    low, high = np.full((2, count, count), np.nan)
    for i in np.flatnonzero(counts >= needed):
        others = np.arange(count) != i
        bounds = binomial_bands(int(counts[i]), expected[i, others], level, at_once=count * (count - 1))
        low[i, others], high[i, others] = (bound / counts[i] for bound in bounds)
    value[counts < needed] = np.nan
    null = Null(expected, "independent but for the loads (binomial, all pairs at once)", low, high, level)
    return Measure(name, tokens, needed, value, null, convention=convention, even=even)
