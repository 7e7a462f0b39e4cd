"""Bands of binomial counts, many at a time."""

from __future__ import annotations

import numpy as np


def binomial_bands(n: int, p: np.ndarray, level: float, at_once: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The least and most successes in n trials, in `level` of all cases, for each probability.

    `at_once` is how many are looked at together (Bonferroni): the bands then hold all of them at once.

    Shapes: p [X], each from 0 to 1 -> int [X], [X].
    """
    p = np.clip(np.asarray(p, np.float64), 1e-300, 1 - 1e-16)
    k = np.arange(n + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    choose = log_factorial[n] - log_factorial - log_factorial[::-1]
    pmf = np.exp(choose + k * np.log(p)[:, None] + (n - k) * np.log1p(-p)[:, None])
    cumulative = np.cumsum(pmf, axis=1)
    tail = (1 - level) / 2 / at_once
    low, high = (cumulative <= tail).sum(1), (cumulative < 1 - tail).sum(1)
    return np.minimum(low, n), np.minimum(high, n)
