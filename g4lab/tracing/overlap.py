"""Routing overlap of two runs: how many of a token's experts stay the same.

The runs may be two models on one text (before and after training: the formula of router saturation), or one
model on two texts that share tokens: "the same token in two contexts".
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from math import comb

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import DRAWS, LEVEL, Measure, null_of_draws
from g4lab.tracing.shuffles import arrangements_needed, count_rotations, joined_pair, rotations


def same_tokens(ids: Sequence[int], others: Sequence[int]) -> np.ndarray:
    """Places of the tokens that two texts share, in order: pairs (place in one, place in the other).

    Shapes: -> int [n,2].
    """
    # autojunk would drop every token that makes up more than 1 % of a long text
    blocks = SequenceMatcher(None, list(ids), list(others), autojunk=False).get_matching_blocks()
    return np.array([(a + i, b + i) for a, b, size in blocks for i in range(size)], int).reshape(-1, 2)


def token_overlap(experts: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The share of a token's experts that it has in both runs, whatever their order.

    Shapes: int [T,C] each -> [T].
    Source: Muennighoff et al., OLMoE (arXiv 2409.02060), section 5.1, there averaged and called router saturation.
    Raises: InputError when the shapes differ.
    """
    if experts.shape != others.shape:
        raise InputError(
            "the two runs do not fit each other",
            f"experts of shape {experts.shape} and {others.shape}",
            "give the same tokens and as many choices in both; same_tokens finds the tokens two texts share",
        )
    return (experts[:, :, None] == others[:, None, :]).any(-1).mean(-1)


def overlap_chances(count: int, chosen: int) -> np.ndarray:
    """The probability that two random choices share 0, 1, ... C experts (hypergeometric), with mean C C/E.

    What a single token may be compared with. Shapes: -> [C+1].
    """
    return np.array([comb(chosen, k) * comb(count - chosen, chosen - k) for k in range(chosen + 1)]) / comb(
        count, chosen
    )


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """How far apart a token's two router distributions are: 0 the same, 1 nothing in common.

    Shapes: probabilities [T,E] each -> [T]. Units: bits.
    Source: Lin, Divergence measures based on the Shannon entropy (1991); used on routers in arXiv 2409.14107.
    """
    p, q = p.astype(np.float64), q.astype(np.float64)
    middle = (p + q) / 2
    return (_relative(p, middle) + _relative(q, middle)) / 2


def _relative(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    ratio = np.divide(p, q, where=p > 0, out=np.ones_like(p))
    return np.sum(p * np.log2(ratio), axis=-1)


def routing_overlap(
    experts: Sequence[np.ndarray],
    others: Sequence[np.ndarray],
    count: int,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """The mean overlap beside that of the same runs, turned against each other document by document.

    Two runs that both favour expert 3 overlap without agreeing about any token: the null keeps their loads, `even`
    (C/E) does not.

    Shapes: one array a document, int [T,C] each.
    Raises: InputError when the runs differ in shape.
    """
    one, two, lengths = joined_pair(experts, others, "experts of two runs")
    name, convention = "routing overlap", "share of a token's C experts found in both runs, the saturation formula"
    overlap = token_overlap(one, two)
    ways, needed = count_rotations(lengths), arrangements_needed(level)
    if ways < needed:
        return Measure(name, ways, needed, of="ways to turn one run against the other", convention=convention)
    found = [token_overlap(one, two[turned]).mean() for turned in rotations(lengths, draws, seed)]
    null = null_of_draws(
        np.array(found), f"one run turned against the other by document, {draws} draws, seed {seed}", level
    )
    value, even = float(overlap.mean()), one.shape[1] / count
    return Measure(name, len(one), 1, value, null, convention=convention, even=even)
