"""Domain specialisation, and a null that shuffles whole documents."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import specialisation as metrics
from g4lab.training.specialisation import specialisation as of_the_card
from tests.tracing.random_routing import random_experts

DOMAINS = ["b", "a"] * 10


def documents(seed=0, tokens=30, count=8, chosen=2, layers=2):
    rng = np.random.default_rng(seed)
    return [np.stack([random_experts(rng, tokens, count, chosen) for _ in range(layers)]) for _ in DOMAINS]


def planted(seed=0):
    """Half the tokens of domain a go to expert 3 of layer 1 first."""
    made = documents(seed)
    for document, domain in zip(made, DOMAINS, strict=True):
        if domain == "a":
            document[1, :15] = [3, 4]
    return made


def test_by_hand():
    # one layer, three experts, two chosen; domain b: 1 document, domain a: 2
    docs = [np.array([[[0, 1]]]), np.array([[[0, 2], [0, 1]]]), np.array([[[1, 2]]])]
    counts = metrics.document_counts(docs, 3)
    assert counts.tolist() == [[[1, 1, 0]], [[2, 1, 1]], [[0, 1, 1]]]
    names, member = metrics.members(["b", "a", "a"])
    assert names == ["a", "b"] and member.tolist() == [[0, 1, 1], [1, 0, 0]]
    # of a's six choices every expert has two; of b's two choices expert 0 and 1 have one each: 1/2 * 3
    np.testing.assert_allclose(metrics.domain_ratios(member, counts), [[[1, 1, 1]], [[1.5, 1.5, 0]]])


def test_the_measure_is_the_share_of_a_domains_tokens():
    docs = planted()
    found = metrics.domain_specialisation(docs, DOMAINS, 8)
    of_a = np.concatenate([doc[1] for doc, domain in zip(docs, DOMAINS, strict=True) if domain == "a"])
    for expert in range(8):
        assert found.value[0, 1, expert] == pytest.approx((of_a == expert).any(1).mean())
    np.testing.assert_allclose(found.value.sum(-1), 2)
    assert found.even == found.null.expected == 0.25
    assert "domains a, b" in found.convention


def test_a_planted_preference_is_found_and_no_other():
    found = metrics.domain_specialisation(planted(), DOMAINS, 8)
    assert set(zip(*np.nonzero(found.beyond), strict=True)) == {(0, 1, 3), (0, 1, 4)}
    assert found.null.low == -np.inf


def test_without_a_preference_there_is_no_claim():
    alarms = [
        np.any(metrics.domain_specialisation(documents(seed), DOMAINS, 8, draws=300).beyond) for seed in range(80)
    ]
    assert np.mean(alarms) < 0.07


def test_documents_that_differ_are_not_specialised_domains():
    # each document has a favourite of its own: a shuffle of tokens would call that specialisation
    alarms = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        docs = documents(seed)
        for document in docs:
            first = rng.integers(8)
            document[:, :15] = [first, (first + 1) % 8]
        alarms.append(np.any(metrics.domain_specialisation(docs, DOMAINS, 8, draws=300).beyond))
    assert np.mean(alarms) < 0.1


def test_a_domain_with_few_tokens_has_no_number():
    docs, domains = documents(), DOMAINS.copy()
    domains[0] = domains[1] = "c"
    docs[0], docs[1] = docs[0][:, :8], docs[1][:, :8]
    found = metrics.domain_specialisation(docs, domains, 8)
    assert np.isnan(found.value[2]).all() and np.isfinite(found.value[:2]).all()
    assert not found.beyond[2].any()


def test_too_few_documents_or_tokens():
    few = metrics.domain_specialisation(documents()[:4], ["a", "a", "b", "b"], 8)
    assert (few.enough, few.sample, few.needed) == (False, 3, 100)
    assert "ways to deal the domains to the documents" in str(few)
    short = metrics.domain_specialisation(documents(tokens=1), DOMAINS, 8)
    assert str(short).endswith("too few tokens of a domain for a claim (10; it needs at least 17)")


def test_one_domain_is_no_comparison():
    with pytest.raises(InputError, match="at least two domains"):
        metrics.domain_specialisation(documents(), ["a"] * 20, 8)
    with pytest.raises(InputError, match="20 documents, 2 domains given"):
        metrics.domain_specialisation(documents(), ["a", "b"], 8)


def test_the_models_card_says_the_same():
    docs = planted()
    card, found = of_the_card(docs, DOMAINS, 8), metrics.domain_specialisation(docs, DOMAINS, 8)
    assert (card.domain, card.layer) == ("a", 1) and card.expert in (3, 4)
    assert card.ratio * found.even == pytest.approx(np.nanmax(found.value))
    assert card.band * found.even == pytest.approx(found.null.high)
