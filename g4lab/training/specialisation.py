"""Which experts a domain wakes more often than chance would, and whether any expert is idle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHUFFLES = 1000


@dataclass(frozen=True)
class Specialisation:
    """The strongest preference of a domain for an expert. A `ratio` of 1 is the even share, 1/E of the choices."""

    layer: int
    expert: int
    domain: str
    share: float
    ratio: float
    band: float
    """99 % of shuffles of the documents' domains have no preference above this, anywhere."""
    least_load: float
    most_load: float
    """Of any expert in any layer; 1 is an even share."""


def specialisation(choices: list[np.ndarray], domains: list[str], experts: int) -> Specialisation:
    """Measure how domains share the experts.

    Choices are one array a document. Shapes: each int [L,T,C].
    The null shuffles whole documents, not tokens: tokens of one document resemble each other.
    """
    # [documents, L, E] -> how many choices each document gave each expert
    counts = np.stack([[np.bincount(layer.ravel(), minlength=experts) for layer in choice] for choice in choices])
    names = sorted(set(domains))
    member = np.array([[domain == name for domain in domains] for name in names], float)
    overall = counts.sum(0) / counts.sum((0, 2))[:, None]
    ratios = _ratios(member, counts, experts)
    rng = np.random.default_rng(0)
    null = [_ratios(member[:, rng.permutation(len(domains))], counts, experts).max() for _ in range(SHUFFLES)]
    domain, layer, expert = np.unravel_index(ratios.argmax(), ratios.shape)
    return Specialisation(
        layer=int(layer),
        expert=int(expert),
        domain=names[domain],
        share=float(ratios.max() / experts),
        ratio=float(ratios.max()),
        band=float(np.quantile(null, 0.99)),
        least_load=float(overall.min() * experts),
        most_load=float(overall.max() * experts),
    )


def _ratios(member: np.ndarray, counts: np.ndarray, experts: int) -> np.ndarray:
    """Share of a domain's choices that an expert gets, over the even share. Shapes: -> [domains, L, E]."""
    by_domain = np.einsum("md,dle->mle", member, counts)
    return by_domain / by_domain.sum(-1, keepdims=True) * experts
