"""Which experts a domain wakes more often than chance would, and whether any expert is idle: lines of the card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.tracing.specialisation import dealt_ratios, document_counts, domain_ratios, members

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
    counts = document_counts(choices, experts)
    names, member = members(domains)
    overall = counts.sum(0) / counts.sum((0, 2))[:, None]
    ratios = domain_ratios(member, counts)
    null = [dealt.max() for dealt in dealt_ratios(member, counts, SHUFFLES, seed=0)]
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
