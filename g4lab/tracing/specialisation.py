"""Domain specialisation: which experts the texts of one kind wake more often than chance would.

DS(i, D) is the share of the tokens of domain D that chose expert i; without specialisation it is the even C/E,
drawn as a line. The null deals the domains to the documents anew: whole documents, since tokens of one document
resemble each other and a shuffle of tokens would find specialisation in anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import DRAWS, LEVEL, Measure, Null
from g4lab.tracing.routing import expert_counts, minimum_tokens
from g4lab.tracing.shuffles import arrangements_needed, count_dealings


def document_counts(documents: Sequence[np.ndarray], count: int) -> np.ndarray:
    """How often each document chose each expert of each layer.

    Shapes: each int [L,T,C] -> int [documents,L,E].
    """
    return np.stack([[expert_counts(layer, count) for layer in document] for document in documents])


def members(domains: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The domains by name, and 1 where a document belongs to one. Shapes: -> names, [domains,documents]."""
    names = sorted(set(domains))
    return names, np.array([[domain == name for domain in domains] for name in names], float)


def domain_ratios(member: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """DS(i, D) over the even share C/E: an expert's part of a domain's choices, times E. 1 is no specialisation.

    Shapes: member [domains,documents], counts [documents,L,E] -> [domains,L,E].
    Source: Muennighoff et al., OLMoE (arXiv 2409.02060), section 5.3.
    """
    by_domain = np.einsum("md,dle->mle", member, counts)
    return by_domain / by_domain.sum(-1, keepdims=True) * counts.shape[-1]


def dealt_ratios(member: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> Iterator[np.ndarray]:
    """The ratios after the domains were dealt to the documents at random. Shapes: each [domains,L,E]."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield domain_ratios(member[:, rng.permutation(member.shape[1])], counts)


def domain_specialisation(
    documents: Sequence[np.ndarray],
    domains: Sequence[str],
    count: int,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> Measure:
    """DS of every domain (in alphabetical order), layer and expert.

    A domain that holds fewer tokens than `minimum_tokens` is NaN. The band's `high` is that of the strongest
    preference anywhere, the domains being dealt anew; it has no lower end.

    Shapes: documents, each int [L,T,C], one domain each -> value [domains,L,E].
    Raises: InputError when documents and domains differ in number or there is but one domain.
    """
    if len(documents) != len(domains) or len(set(domains)) < 2:
        raise InputError(
            "domain specialisation compares documents of at least two domains",
            f"{len(documents)} documents, {len(domains)} domains given, {len(set(domains))} different",
            "give one domain's name a document",
        )
    chosen = documents[0].shape[-1]
    names, member = members(domains)
    tokens = member @ [document.shape[1] for document in documents]
    seen = tokens >= minimum_tokens(count, chosen)
    name, even = "domain specialisation", chosen / count
    convention = f"share of a domain's tokens that chose the expert, sums to C = {chosen}; domains {', '.join(names)}"
    ways, needed = count_dealings(domains), arrangements_needed(level, tails=1)
    if ways < needed:
        return Measure(name, ways, needed, of="ways to deal the domains to the documents", convention=convention)
    if not seen.any():
        smallest = minimum_tokens(count, chosen)
        return Measure(name, int(tokens.max()), smallest, of="tokens of a domain", convention=convention)
    counts = document_counts(documents, count)
    found = domain_ratios(member, counts) * even
    strongest = [np.max(ratios[seen]) * even for ratios in dealt_ratios(member, counts, draws, seed)]
    null = Null(
        even,
        f"domains dealt to the documents at random, strongest preference anywhere, {draws} draws, seed {seed}",
        -np.inf,
        float(np.quantile(strongest, level)),
        level,
    )
    found[~seen] = np.nan
    return Measure(name, len(documents), 2, found, null, of="documents", convention=convention, even=even)
