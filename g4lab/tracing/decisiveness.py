"""How decided a router is about a token: entropy, the mass of the chosen experts, and the margin at the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import MEAN_TOKENS, Measure, Null
from g4lab.tracing.routing import token_entropy

FLAT = "a router without preference: every probability is 1/E"


def chosen_mass(probabilities: np.ndarray, experts: np.ndarray) -> np.ndarray:
    """Top-k mass: the probability of a token's chosen experts together, before it is renormalised.

    Shapes: probabilities [T,E], experts int [T,C] -> [T].
    """
    return np.take_along_axis(probabilities, experts.astype(np.int64), axis=1).sum(1, dtype=np.float64)


def margin(probabilities: np.ndarray, chosen: int) -> np.ndarray:
    """Probability of the last expert that is chosen minus that of the first that is not: how near another set was.

    Shapes: [T,E] -> [T].
    Raises: InputError when all experts are chosen.
    """
    experts = probabilities.shape[1]
    if chosen >= experts:
        raise InputError(
            "there is no margin: every expert is chosen",
            f"{experts} experts, {chosen} chosen a token",
            "ask this of a router that leaves some out",
        )
    ordered = -np.sort(-probabilities.astype(np.float64), axis=1)
    return ordered[:, chosen - 1] - ordered[:, chosen]


@dataclass(frozen=True)
class Decisiveness:
    """Means over tokens."""

    entropy: Measure
    mass: Measure
    margin: Measure


def decisiveness(probabilities: np.ndarray, experts: np.ndarray) -> Decisiveness:
    """Measure how decided a layer's router is, beside one without preference.

    Shapes: probabilities [T,E], experts int [T,C].
    """
    (tokens, count), chosen = probabilities.shape, experts.shape[1]

    def mean(name: str, of_token, flat: float, convention: str) -> Measure:
        if tokens < MEAN_TOKENS:
            return Measure(name, tokens, MEAN_TOKENS, convention=convention)
        value = float(np.mean(of_token()))
        return Measure(name, tokens, MEAN_TOKENS, value, Null(flat, FLAT), convention=convention)

    bits = f"bits over all E = {count}, at most {np.log2(count):.3g}"
    return Decisiveness(
        entropy=mean("token routing entropy", lambda: token_entropy(probabilities), float(np.log2(count)), bits),
        mass=mean("top-k mass", lambda: chosen_mass(probabilities, experts), chosen / count, f"k = C = {chosen}"),
        margin=mean("top-k margin", lambda: margin(probabilities, chosen), 0.0, f"k = C = {chosen}"),
    )
