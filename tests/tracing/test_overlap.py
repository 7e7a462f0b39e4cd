"""Routing overlap of two runs, and of the tokens that two texts share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing import overlap as metrics
from tests.tracing.random_routing import false_alarms, random_documents, random_experts
from tests.tracing.traces import softmax


def test_overlap_by_hand():
    one, two = np.array([[0, 1], [2, 3], [4, 5]]), np.array([[1, 0], [3, 6], [7, 8]])
    assert metrics.token_overlap(one, two).tolist() == [1, 0.5, 0]
    with pytest.raises(InputError, match="do not fit each other"):
        metrics.token_overlap(one, two[:2])


def test_chances_by_hand():
    # two of four: of the six other pairs one is the same, one is the other two, four share one
    np.testing.assert_allclose(metrics.overlap_chances(4, 2), [1 / 6, 4 / 6, 1 / 6])
    chances = metrics.overlap_chances(128, 8)
    assert chances.sum() == pytest.approx(1)
    assert chances @ np.arange(9) / 8 == pytest.approx(8 / 128)
    assert 1 - chances[0] == pytest.approx(0.412, abs=5e-4)


def test_jensen_shannon_by_hand():
    p = np.array([[1.0, 0], [1, 0], [0.5, 0.5]])
    q = np.array([[1.0, 0], [0, 1], [1, 0]])
    # the last: middle (3/4, 1/4); (1/2 log2 2/3 + 1/2 log2 2 + log2 4/3) / 2
    last = (0.5 * np.log2(2 / 3) + 0.5 + np.log2(4 / 3)) / 2
    np.testing.assert_allclose(metrics.jensen_shannon(p, q), [0, 1, last], atol=1e-12)


@given(st.integers(0, 99))
def test_divergence_is_symmetric_and_bounded(seed):
    p, q = (softmax(np.random.default_rng([seed, i]).normal(size=(5, 6)) * 9) for i in range(2))
    found = metrics.jensen_shannon(p, q)
    np.testing.assert_allclose(found, metrics.jensen_shannon(q, p))
    assert (found >= -1e-12).all() and (found <= 1 + 1e-12).all()


def test_tokens_that_two_texts_share():
    assert metrics.same_tokens([2, 7, 8, 9], [2, 5, 7, 8, 1]).tolist() == [[0, 0], [1, 2], [2, 3]]
    assert metrics.same_tokens([1, 2], [3, 4]).shape == (0, 2)
    long = [7] * 300 + [1]
    assert len(metrics.same_tokens(long, long)) == 301


@given(st.lists(st.integers(0, 4), max_size=12), st.lists(st.integers(0, 4), max_size=12))
def test_shared_tokens_are_the_same_and_in_order(one, two):
    pairs = metrics.same_tokens(one, two)
    assert all(one[a] == two[b] for a, b in pairs)
    assert (np.diff(pairs, axis=0) > 0).all()


def test_a_run_agrees_with_itself_beyond_chance():
    docs = random_documents(np.random.default_rng(0), [40, 40], 16, 2)
    found = metrics.routing_overlap(docs, docs, 16)
    assert found.value == 1 and found.beyond == 1 and found.even == 1 / 8
    assert found.null.expected == pytest.approx(1 / 8, abs=0.03)


def test_a_shared_favourite_is_no_agreement():
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(2):
        run = random_experts(rng, 300, 16, 2)
        run[:, 0], run[:, 1] = 3, rng.integers(4, 16, 300)
        runs.append([run])
    found = metrics.routing_overlap(*runs, 16)
    assert found.value > 4 * found.even and found.beyond == 0


def test_random_runs_are_within_the_band():
    def measure(rng):
        return metrics.routing_overlap(*(random_documents(rng, [30, 30], 8, 2) for _ in range(2)), 8, draws=400)

    assert false_alarms(measure, 120) < 0.05


def test_too_small_a_sample_and_other_lengths():
    docs = random_documents(np.random.default_rng(0), [14, 14], 8, 2)
    few = metrics.routing_overlap(docs, docs, 8)
    assert (few.enough, few.sample, few.needed) == (False, 196, 200)
    with pytest.raises(InputError, match="differ in length"):
        metrics.routing_overlap(docs, [docs[0], docs[1][:-1]], 8)
