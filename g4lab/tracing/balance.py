"""How evenly the experts of a layer are used: one number each for spread, worst case and effective number.

Load is the share of tokens that chose an expert (it sums to C; see routing.py). None of these numbers depends on
that convention: each divides by the mean load or by the sum.

The null: every token draws C different experts at random. Few tokens then look uneven, and by how much depends on
T, so a bare "CV = 0.4" says nothing. Tokens of a text resemble each other, which makes the band too narrow for
them: a value inside it is nothing, a value outside it is a reason to look, not a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from g4lab.tracing.measure import DRAWS, LEVEL, Measure, Null, null_of_draws
from g4lab.tracing.routing import chance_band, chance_load, expert_load, minimum_tokens

RANDOM = "every token draws its experts at random"


def coefficient_of_variation(load: np.ndarray) -> np.ndarray:
    """Standard deviation of the load over its mean; 0 is even.

    Shapes: load [...,E] -> [...].
    Source: Shazeer et al., Outrageously Large Neural Networks (arXiv 1701.06538), section 4, which squares it.
    """
    return np.std(load, axis=-1) / np.mean(load, axis=-1)


def max_violation(load: np.ndarray) -> np.ndarray:
    """MaxVio: by which part of the mean load the busiest expert exceeds it; 0 is even, E/C - 1 the most.

    Shapes: load [...,E] -> [...].
    Source: Wang et al., Auxiliary-Loss-Free Load Balancing (arXiv 2408.15664).
    """
    return np.max(load, axis=-1) / np.mean(load, axis=-1) - 1


def load_entropy(load: np.ndarray) -> np.ndarray:
    """Entropy of the choices, H(f/C) over log E; 1 is even, 0 one expert for all.

    Shapes: load [...,E] -> [...], a fraction of log E.
    """
    experts = load.shape[-1]
    return np.ones(load.shape[:-1]) if experts == 1 else _nats(load) / np.log(experts)


def effective_experts(load: np.ndarray) -> np.ndarray:
    """How many experts, equally used, have the same entropy: exp H(f/C), from 1 to E.

    Shapes: load [...,E] -> [...].
    """
    return np.exp(_nats(load))


def _nats(load: np.ndarray) -> np.ndarray:
    share = load / load.sum(-1, keepdims=True)
    return -np.sum(share * np.log(share, where=share > 0, out=np.zeros(share.shape)), axis=-1)


@dataclass(frozen=True)
class Balance:
    """The load of a layer's experts and what it amounts to."""

    load: Measure
    cv: Measure
    max_violation: Measure
    entropy: Measure
    effective: Measure


def balance(experts: np.ndarray, count: int, level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> Balance:
    """Measure one layer's balance over all tokens given.

    Shapes: experts int [T,C], of `count` E.
    """
    tokens, chosen = experts.shape
    needed = minimum_tokens(count, chosen)
    convention = f"load = share of tokens, sums to C = {chosen}"
    names = ("expert load", "CV of load", "MaxVio", "load entropy", "effective experts")
    if tokens < needed:
        return Balance(*(Measure(name, tokens, needed, convention=convention) for name in names))
    load = expert_load(experts, count)
    low, high = chance_band(tokens, count, chosen, level, at_once=count)
    null = Null(chance_load(count, chosen), f"{RANDOM} (binomial, all experts at once)", low / tokens, high / tokens)
    measures = [Measure(names[0], tokens, needed, load, null, convention=convention)]
    random_load = random_counts(tokens, count, chosen, draws, seed) / tokens
    for name, formula in zip(
        names[1:], (coefficient_of_variation, max_violation, load_entropy, effective_experts), strict=True
    ):
        null = null_of_draws(formula(random_load), f"{RANDOM}, {draws} draws, seed {seed}", level)
        measures.append(Measure(name, tokens, needed, float(formula(load)), null, convention=convention))
    return Balance(*measures)


def chance_squared_cv(tokens: int, count: int, chosen: int) -> float:
    """The mean of CV squared under random routing, exactly: (1 - C/E) / (T C/E)."""
    share = chosen / count
    return (1 - share) / (tokens * share)


@lru_cache(maxsize=8)  # all layers of a model are compared with the same draws
def random_counts(tokens: int, count: int, chosen: int, draws: int, seed: int) -> np.ndarray:
    """How many of T randomly routed tokens chose each expert, drawn from the exact distribution.

    The experts are filled one after another: a token that has r choices left among m experts takes the next one with
    probability r/m. Only the number of tokens with r left is kept, so the cost does not grow with T.

    Shapes: -> int [draws,E], read-only.
    """
    rng = np.random.default_rng(seed)
    left = np.zeros((chosen + 1, draws), np.int64)
    left[chosen] = tokens
    counts = np.empty((draws, count), np.int64)
    for expert in range(count):
        share = np.minimum(np.arange(1, chosen + 1) / (count - expert), 1)
        picked = rng.binomial(left[1:], share[:, None])
        left[1:] -= picked
        left[:-1] += picked
        counts[:, expert] = picked.sum(0)
    counts.flags.writeable = False
    return counts
