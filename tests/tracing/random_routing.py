"""Routing without any structure, for tests of nulls: where nothing is going on, nothing may be claimed."""

from __future__ import annotations

import numpy as np


def random_experts(rng: np.random.Generator, tokens: int, count: int, chosen: int) -> np.ndarray:
    """Shapes: -> int [T,C], different experts in each row."""
    return np.argsort(rng.random((tokens, count)), axis=1)[:, :chosen]


def random_documents(rng: np.random.Generator, lengths, count: int, chosen: int) -> list[np.ndarray]:
    """One array of random experts a document."""
    return [random_experts(rng, length, count, chosen) for length in lengths]


def false_alarms(measure, seeds: int) -> float:
    """How often `measure(rng)` lies beyond its band (in any entry) when the sample is random."""
    return float(np.mean([np.any(measure(np.random.default_rng(seed)).beyond != 0) for seed in range(seeds)]))
