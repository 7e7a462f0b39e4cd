"""Cross-layer paths: from a token's first expert in one layer to its first expert in the next.

The lift of a path is how much more often it is taken than if the two layers chose independently. A path is a
pattern of choices, not a wire: nothing flows from an expert to the next layer's expert alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.binomial import binomial_bands
from g4lab.tracing.measure import DRAWS, LEVEL, Measure, Null, null_of_draws
from g4lab.tracing.shuffles import arrangements_needed, count_rotations, joined_pair, rotations

EXPECTED = 5
"""A path has a lift when independence would send so many tokens along it (Cochran's rule)."""


def path_counts(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """How many tokens went from an expert (row) to an expert of the layer above (column).

    Shapes: first, second int [T], a token's first choice in each layer -> int [E,E].
    Raises: InputError when the layers hold different numbers of tokens.
    """
    if first.shape != second.shape:
        raise InputError(
            "two layers of one run have as many tokens", f"{first.shape} and {second.shape}", "give both of one run"
        )
    return np.bincount(first.astype(np.int64) * count + second, minlength=count * count).reshape(count, count)


def expected_paths(counts: np.ndarray) -> np.ndarray:
    """The counts if the layers chose independently: row sum times column sum over T. Shapes: [E,E] -> [E,E]."""
    return counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / counts.sum()


def path_information(counts: np.ndarray) -> float:
    """Mutual information of the two choices: 0 when independent, at most log2 E.

    Shapes: counts [E,E]. Units: bits. With few tokens it is large by chance, so never read it without its null.
    """
    share, expected = counts / counts.sum(), expected_paths(counts) / counts.sum()
    taken = share > 0
    return float(np.sum(share[taken] * np.log2(share[taken] / expected[taken])))


def path_lift(first: np.ndarray, second: np.ndarray, count: int, level: float = LEVEL) -> Measure:
    """How many times more often each path is taken than if the layers chose independently.

    Paths on which independence would send fewer than five tokens are NaN. 1 is independence. The band takes tokens
    as independent; `measure_path_information` has a null by document.

    Shapes: first, second int [T] -> value [E,E].
    """
    counts = path_counts(first, second, count)
    tokens = int(counts.sum())
    expected = expected_paths(counts) if tokens else counts.astype(float)
    name, convention = "path lift", "count over row sum x column sum / T, first choices"
    # so many tokens, spread as these are, give the best path its five; evenly spread where there are none
    best = expected.max() / tokens if tokens else 1 / count**2
    needed = ceil(EXPECTED / best - 1e-9)
    if tokens < needed:
        return Measure(name, tokens, needed, convention=convention)
    seen = expected >= EXPECTED - 1e-9
    value, low, high = np.full((3, count, count), np.nan)
    value[seen] = counts[seen] / expected[seen]
    bounds = binomial_bands(tokens, expected[seen] / tokens, level, at_once=int(seen.sum()))
    low[seen], high[seen] = (bound / expected[seen] for bound in bounds)
    how = "independent layers of these loads (binomial, all paths at once)"
    return Measure(name, tokens, needed, value, Null(1.0, how, low, high, level), convention=convention)


def measure_path_information(
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    count: int,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """The mutual information of two layers' first choices, beside the layers turned against each other by document.

    Shapes: one array a document, int [T] each.
    """
    below, above, lengths = joined_pair(first, second, "first choices of two layers")
    name, convention = "path information", f"bits, at most {np.log2(count):.3g}"
    ways, needed = count_rotations(lengths), arrangements_needed(level)
    if ways < needed:
        return Measure(name, ways, needed, of="ways to turn one layer against the other", convention=convention)
    found = [path_information(path_counts(below, above[turned], count)) for turned in rotations(lengths, draws, seed)]
    null = null_of_draws(
        np.array(found), f"one layer turned against the other by document, {draws} draws, seed {seed}", level
    )
    value = path_information(path_counts(below, above, count))
    return Measure(name, len(below), 1, value, null, convention=convention)
