"""What a mixture's training adds to its loss, measured on a trained router: importance, load balance, logit size.

The nulls of the first two draw tokens independently; those of a text resemble each other, so their bands are too
narrow: a value inside is nothing, a value outside is a reason to look, not a proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from g4lab.tracing.measure import DRAWS, LEVEL, MEAN_TOKENS, Measure, Null, null_of_draws
from g4lab.tracing.routing import expert_load, minimum_tokens

Convention = Literal["tokens", "choices"]
RELABELLED = "each token keeps its probabilities but for random experts"
SHUFFLED_UP_TO = 8192
"""Probabilities (T x E) up to which every token is relabelled in each draw; above, the loss has its limit's shape."""


def importance(probabilities: np.ndarray) -> np.ndarray:
    """P_i, the mean probability of expert i over the tokens, before any is chosen; sums to 1.

    The soft counterpart of load. Shapes: [T,E] -> [E].
    Source: P_i of Fedus et al., Switch Transformers (arXiv 2101.03961), section 2.2.
    Differs: Shazeer et al. (arXiv 1701.06538) sum over the tokens, and over the chosen experts' weights alone.
    """
    return probabilities.mean(0, dtype=np.float64)


def load_balancing_loss(probabilities: np.ndarray, experts: np.ndarray, convention: Convention = "tokens") -> float:
    """E times the sum of load times importance.

    "tokens": f_i is the share of tokens, sums to C, and an even router has loss C (OLMoE, Hugging Face).
    "choices": f_i is the share of choices, sums to 1, and an even router has loss 1 (Switch, where C is 1).

    Shapes: probabilities [T,E], experts int [T,C].
    Source: Fedus et al., Switch Transformers (arXiv 2101.03961), equation 4; transformers load_balancing_loss_func.
    """
    count, chosen = probabilities.shape[1], experts.shape[1]
    load = expert_load(experts, count) / _divisor(convention, chosen)
    return float(count * load @ importance(probabilities))


def z_loss(logits: np.ndarray) -> float:
    """The mean over tokens of (log sum exp of the router's logits) squared: how large the logits are.

    Shapes: [T,E] -> a number. Units: nats squared.
    Source: Zoph et al., ST-MoE (arXiv 2202.08906), equation 5.
    """
    x = logits.astype(np.float64)
    top = x.max(-1, keepdims=True)
    return float(np.mean((top[:, 0] + np.log(np.exp(x - top).sum(-1))) ** 2))


def measure_importance(
    probabilities: np.ndarray, experts: np.ndarray, level: float = LEVEL, draws: int = DRAWS, seed: int = 0
) -> Measure:
    """Importance beside that of a router as decided as this one that has no favourites.

    Shapes: probabilities [T,E], experts int [T,C].
    """
    tokens, count = probabilities.shape
    needed = minimum_tokens(count, experts.shape[1])
    if tokens < needed:
        return Measure("importance", tokens, needed)
    found = np.array([soft for _, soft in _relabelled(probabilities, experts, draws, seed)])
    null = null_of_draws(found, f"{RELABELLED}, {draws} draws, seed {seed}, all experts at once", level, 1 / count)
    return Measure("importance", tokens, needed, importance(probabilities), null, convention="sums to 1")


def measure_load_balancing_loss(
    probabilities: np.ndarray,
    experts: np.ndarray,
    convention: Convention = "tokens",
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """The loss beside that of a router as decided as this one that has no favourites.

    Load and importance rise together in any router, for the likely experts are chosen; of T tokens chance makes
    C + (E m - C)/T, where m is the mean probability of a token's chosen experts together.

    Shapes: probabilities [T,E], experts int [T,C].
    """
    (tokens, count), chosen = probabilities.shape, experts.shape[1]
    needed, divisor = minimum_tokens(count, chosen), _divisor(convention, chosen)
    even = chosen / divisor
    said = f'convention "{convention}": load sums to {even:g}, even is {even:g}'
    if tokens < needed:
        return Measure("load-balancing loss", tokens, needed, convention=said)
    expected = chance_load_balancing_loss(probabilities, experts)
    if tokens * count <= SHUFFLED_UP_TO:
        found = np.array([count * load @ soft for load, soft in _relabelled(probabilities, experts, draws, seed)])
        how = f"{RELABELLED}; mean by formula, band from {draws} draws, seed {seed}"
    else:
        found = expected + _limit_draws(probabilities, experts, draws, seed)
        how = f"{RELABELLED}; mean and variance by formula, shape from {draws} draws of many tokens' limit, seed {seed}"
    null = null_of_draws(found / divisor, how, level, expected / divisor)
    value = load_balancing_loss(probabilities, experts, convention)
    return Measure("load-balancing loss", tokens, needed, value, null, convention=said, even=even)


def chance_load_balancing_loss(probabilities: np.ndarray, experts: np.ndarray) -> float:
    """C + (E m - C)/T, the mean loss (convention "tokens") when the names of the experts mean nothing."""
    (tokens, count), chosen = probabilities.shape, experts.shape[1]
    mass = np.take_along_axis(probabilities, experts.astype(np.int64), axis=1).sum(1, dtype=np.float64).mean()
    return float(chosen + (count * mass - chosen) / tokens)


def chance_load_balancing_variance(probabilities: np.ndarray, experts: np.ndarray) -> float:
    """The variance of the loss (convention "tokens") when the names of the experts mean nothing, exactly.

    Let s and p be a token's choices (0 or 1) and probabilities less their means. Only s_t p_u of different tokens
    varies from draw to draw: its mean is 0, and two such products go together only where t and u change places.
    """
    (tokens, count), (choices, likely, both) = probabilities.shape, _spreads(probabilities, experts)
    pairs = (tokens - 1) * choices * likely.sum() + both.sum() ** 2 - np.sum(both**2)
    return float((count / tokens**2) ** 2 * pairs / (count - 1))


def _spreads(probabilities, experts) -> tuple[float, np.ndarray, np.ndarray]:
    """|s|^2, which all tokens share, |p|^2 and s.p of each token. Shapes: -> a number, [T], [T]."""
    p, chosen = probabilities.astype(np.float64), experts.shape[1]
    count, total = p.shape[1], p.sum(1)
    mass = np.take_along_axis(p, experts.astype(np.int64), axis=1).sum(1)
    return chosen - chosen**2 / count, np.sum(p**2, axis=1) - total**2 / count, mass - total * chosen / count


def _limit_draws(probabilities, experts, draws: int, seed: int) -> np.ndarray:
    """Draws of the loss about its mean, with its exact variance and the shape that it has for many tokens.

    Sums of s and of p over many tokens are normal vectors on E - 1 dimensions that correlate by r; their product is
    ((1 + r) X - (1 - r) Y) / 2 for two chi-squares of E - 1 degrees. Shapes: -> [draws].
    """
    choices, likely, both = _spreads(probabilities, experts)
    size, free = np.sqrt(len(both) * choices * likely.sum()), probabilities.shape[1] - 1
    r = both.sum() / size if size else 0.0
    one, two = np.random.default_rng(seed).chisquare(free, (2, draws))
    product = ((1 + r) * one - (1 - r) * two) / 2
    spread = np.sqrt(chance_load_balancing_variance(probabilities, experts))
    return spread * (product - free * r) / np.sqrt(free * (1 + r**2))


def measure_z_loss(logits: np.ndarray) -> Measure:
    """The z-loss beside that of logits that are all 0: (ln E) squared.

    A softmax does not feel a constant added to all logits, the z-loss does: it can lie below that number.

    Shapes: [T,E].
    """
    tokens, count = logits.shape
    if tokens < MEAN_TOKENS:
        return Measure("router z-loss", tokens, MEAN_TOKENS)
    null = Null(float(np.log(count) ** 2), "all logits are 0: (ln E) squared")
    return Measure("router z-loss", tokens, MEAN_TOKENS, z_loss(logits), null, convention="nats squared")


def _divisor(convention: Convention, chosen: int) -> int:
    return {"tokens": 1, "choices": chosen}[convention]


def _relabelled(probabilities, experts, draws: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Load and importance after each token's experts were renamed at random. Shapes: [E], [E]."""
    # The sign marks the chosen ones, so that one shuffle moves probability and choice together.
    signed = np.abs(probabilities).astype(np.float64)
    places = experts.astype(np.int64)
    np.put_along_axis(signed, places, -np.take_along_axis(signed, places, axis=1), axis=1)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        shuffled = rng.permuted(signed, axis=1)
        yield np.signbit(shuffled).mean(0), np.abs(shuffled).mean(0)
