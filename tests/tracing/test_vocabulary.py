"""Vocabulary specialisation, by the id that is read, predicted, or next."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing import vocabulary as metrics
from g4lab.tracing.trace import Token, Trace
from tests.tracing.random_routing import false_alarms, random_documents


def test_by_hand():
    ids, first = np.array([5, 5, 5, 5, 7, 7, 9]), np.array([0, 0, 0, 1, 2, 2, 1])
    known, shares = metrics.vocabulary_shares(ids, first, 3, seen=2)
    assert known.tolist() == [5, 7]
    np.testing.assert_allclose(shares, [[0.75, 0.25, 0], [0, 0, 1]])
    known, shares = metrics.vocabulary_shares(np.where(ids == 7, -1, ids), first, 3, seen=1)
    assert known.tolist() == [5, 9]


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(0, 3)), min_size=1, max_size=60), st.integers(1, 4))
def test_shares_sum_to_one_and_rare_ids_are_left_out(pairs, seen):
    ids, first = np.array(pairs).T
    known, shares = metrics.vocabulary_shares(ids, first, 4, seen)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert set(known) == {id for id in range(5) if (ids == id).sum() >= seen}


def test_ids_of_a_trace():
    logits = np.eye(4, 10)[:, ::-1].astype(np.float32)
    tokens = (Token(2, "<bos>", "control"), Token(5, "a"), Token(6, "b"), Token(5, "a"))
    trace = Trace(tokens, {"plan": []}, {"logits": logits})
    assert metrics.ids_of(trace).tolist() == [-1, 5, 6, 5]
    assert metrics.ids_of(trace, "next").tolist() == [-1, 6, 5, -1]
    assert metrics.ids_of(trace, "predicted").tolist() == [-1, 8, 7, 6]
    assert metrics.ids_of(trace, "next", kinds=("text", "control")).tolist() == [5, 6, 5, -1]
    with pytest.raises(InputError, match='"input", "predicted" or "next"'):
        metrics.ids_of(trace, "output")
    with pytest.raises(InputError, match='no site "logits"'):
        metrics.ids_of(Trace(tokens, {"plan": []}, {}), "predicted")


def sample(rng, lengths=(40, 30, 30), count=8):
    return [rng.integers(6, size=length) for length in lengths], random_documents(rng, lengths, count, 2)


def test_an_id_with_its_expert_is_beyond_chance():
    ids, experts = sample(np.random.default_rng(0))
    for document, id in zip(experts, ids, strict=True):
        document[:, 0] = id
    found = metrics.vocabulary_specialisation(ids, experts, 8)
    assert found.value == 1 and found.beyond == 1 and found.even == 1 / 8
    assert (found.sample, found.of) == (6, "ids")
    assert "ids seen at least 10 times" in str(found)


def test_chance_makes_the_largest_share_much_larger_than_even():
    found = metrics.vocabulary_specialisation(*sample(np.random.default_rng(0)), 8)
    assert found.null.expected > 2 * found.even and found.beyond == 0


def test_an_expert_per_document_is_no_vocabulary():
    # ids and experts both belong to a document, but within it they have nothing to do with each other
    rng = np.random.default_rng(0)
    ids = [rng.integers(2, size=40) + 2 * document for document in range(3)]
    experts = [np.full((40, 2), [document, 5]) for document in range(3)]
    found = metrics.vocabulary_specialisation(ids, experts, 8)
    assert found.value == 1 == found.null.expected and found.beyond == 0


def test_random_routing_is_within_the_band():
    assert false_alarms(lambda rng: metrics.vocabulary_specialisation(*sample(rng), 8, draws=400), 120) < 0.05


def test_too_small_a_sample():
    rng = np.random.default_rng(0)
    rare = metrics.vocabulary_specialisation([np.arange(100)], random_documents(rng, [100], 8, 2), 8)
    assert str(rare).endswith("too few occurrences of the most frequent id for a claim (1; it needs at least 10)")
    none = metrics.vocabulary_specialisation([np.full(100, -1)], random_documents(rng, [100], 8, 2), 8)
    assert none.sample == 0
    short = metrics.vocabulary_specialisation([np.zeros(100, int)], random_documents(rng, [100], 8, 2), 8)
    assert (short.enough, short.sample, short.needed) == (False, 100, 200)


def test_other_lengths_are_refused():
    with pytest.raises(InputError, match="differ in length"):
        metrics.vocabulary_specialisation([np.zeros(3, int)], [np.zeros((4, 2), int)], 8)
