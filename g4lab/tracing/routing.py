"""Routing: which experts read which token, how the load is spread, and what pure chance would give.

Convention for load, here and in every view: f_i is the share of the *tokens* that chose expert i. A token
chooses C experts, so the loads of a layer sum to C, and uniform load is C/E. (Others divide by T*C; then they
sum to 1.)

The null: every token draws C different experts at random, independent of all other tokens. The number of
tokens that chose one expert is then binomial (T, C/E). Real tokens depend on each other, so the band is too
narrow for them: a load inside it is nothing, a load outside it is a reason to look, not a proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, lgamma, log, log1p

import numpy as np

from g4lab.errors import InputError


@dataclass(frozen=True, eq=False)
class Routing:
    """One layer's routing of every token.

    Shapes: logits, probabilities [T,E] (softmax over all experts, before any is chosen); experts [T,C] int;
    weights [T,C], what each chosen expert's output is multiplied by (renormalised, times the expert's scale).
    """

    logits: np.ndarray
    probabilities: np.ndarray
    experts: np.ndarray
    weights: np.ndarray

    @property
    def expert_count(self) -> int:
        """E."""
        return self.probabilities.shape[1]

    def dense_weights(self) -> np.ndarray:
        """The effective weights at the experts' places, 0 where not chosen. Shapes: -> [T,E]."""
        dense = np.zeros(self.probabilities.shape, np.float32)
        np.put_along_axis(dense, self.experts.astype(np.int64), self.weights.astype(np.float32), axis=1)
        return dense


def expert_counts(experts: np.ndarray, count: int) -> np.ndarray:
    """How many tokens chose each of `count` experts. Shapes: experts [T,C] -> [E] int."""
    return np.bincount(np.asarray(experts).ravel(), minlength=count)


def expert_load(experts: np.ndarray, count: int) -> np.ndarray:
    """f_i, the share of tokens that chose expert i; sums to C. Shapes: experts [T,C] -> [E].

    Source: f_i of the load-balancing loss, Fedus et al., Switch Transformers (arXiv 2101.03961), section 2.2.
    """
    return expert_counts(experts, count) / len(experts)


def chance_load(count: int, chosen: int) -> float:
    """f_i when every expert is as likely as any other: C/E."""
    return chosen / count


def chance_band(tokens: int, count: int, chosen: int, level: float = 0.99, at_once: int = 1) -> tuple[int, int]:
    """The least and most tokens that chance sends to one expert, in `level` of all random routings.

    `at_once` is how many experts are looked at together: with E the band holds all of them at once
    (Bonferroni), which is the one to compare the busiest of E experts with.
    """
    tail = (1 - level) / 2 / at_once
    cumulative = np.cumsum(_binomial(tokens, chosen / count))
    last = len(cumulative) - 1
    low = int(np.searchsorted(cumulative, tail, side="right"))
    high = int(np.searchsorted(cumulative, 1 - tail, side="left"))
    return min(low, last), min(high, last)


def token_entropy(probabilities: np.ndarray) -> np.ndarray:
    """How undecided the router was about each token: entropy over all E experts, not the chosen ones alone.

    Shapes: [T,E] -> [T]. Units: bits; log2(E) is a router without preference.
    """
    p = probabilities.astype(np.float64)
    return -np.sum(p * np.log2(p, where=p > 0, out=np.zeros_like(p)), axis=-1)


def unused_share(experts: np.ndarray, count: int) -> float:
    """The share of a layer's experts that no token chose."""
    return float(np.mean(expert_counts(experts, count) == 0))


def chance_unused(tokens: int, count: int, chosen: int) -> float:
    """The share of experts that T randomly routed tokens leave unused: (1 - C/E)^T.

    27.5 % for 20 tokens that choose 8 of 128 each: "a quarter never fire" is what chance gives.
    """
    return (1 - chosen / count) ** tokens


def minimum_tokens(count: int, chosen: int) -> int:
    """The fewest tokens from which a load may be called high or low: chance leaves at most 1 % unused."""
    return 1 if chosen == count else ceil(log(0.01) / log1p(-chosen / count))


@dataclass(frozen=True)
class Outlier:
    """An expert whose load chance would hardly give; `ratio` is its load over the uniform load."""

    expert: int
    load: float
    ratio: float


def load_outliers(experts: np.ndarray, count: int, level: float = 0.99) -> list[Outlier]:
    """Experts outside the band that holds all E at once in `level` of random routings, the busiest first.

    Shapes: experts [T,C].
    Raises: InputError below `minimum_tokens`, where a claim would be about chance.
    """
    tokens, chosen = experts.shape
    needed = minimum_tokens(count, chosen)
    if tokens < needed:
        raise InputError(
            f"{tokens} tokens are too few to call an expert's load high or low",
            where=f"{count} experts, {chosen} chosen a token",
            next=f"route at least {needed} tokens: a longer text, or several",
        )
    low, high = chance_band(tokens, count, chosen, level, at_once=count)
    loads = expert_load(experts, count)
    outside = [i for i in np.argsort(-loads, kind="stable") if not low <= loads[i] * tokens <= high]
    return [Outlier(int(i), float(loads[i]), float(loads[i] / chance_load(count, chosen))) for i in outside]


def _binomial(n: int, p: float) -> np.ndarray:
    """Probability of 0 to n successes. Shapes: -> [n+1]."""
    if p >= 1:
        return np.eye(1, n + 1, n)[0]
    successes = range(n + 1)
    choose = [lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) for k in successes]
    return np.exp([c + k * log(p) + (n - k) * log1p(-p) for c, k in zip(choose, successes, strict=True)])
