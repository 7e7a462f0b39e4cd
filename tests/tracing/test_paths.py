"""Paths from layer to layer, and their lift over independence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing import paths as metrics
from tests.tracing.random_routing import false_alarms


def test_by_hand():
    first, second = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    counts = metrics.path_counts(first, second, 2)
    assert counts.tolist() == [[2, 1], [0, 1]]
    np.testing.assert_allclose(metrics.expected_paths(counts), [[1.5, 1.5], [0.5, 0.5]])
    # 1/2 log2(4/3) + 1/4 log2(2/3) + 1/4 log2(2)
    bits = 0.5 * np.log2(4 / 3) + 0.25 * np.log2(2 / 3) + 0.25
    assert metrics.path_information(counts) == pytest.approx(bits)


def test_copies_and_strangers():
    even = np.arange(64) % 8
    assert metrics.path_information(metrics.path_counts(even, even, 8)) == pytest.approx(3)
    assert metrics.path_information(metrics.path_counts(even, np.arange(64) // 8, 8)) == pytest.approx(0, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
def test_counts_and_information(pairs):
    first, second = np.array(pairs).T
    counts = metrics.path_counts(first, second, 4)
    assert counts.sum() == len(pairs)
    assert metrics.expected_paths(counts).sum() == pytest.approx(len(pairs))
    assert -1e-9 <= metrics.path_information(counts) <= 2 + 1e-9
    assert metrics.path_information(counts) == pytest.approx(metrics.path_information(counts.T))


def test_lift_by_hand():
    # 80 tokens: row sums 40, 40, column sums 40, 40, so each path expects 20
    first = np.repeat([0, 1], 40)
    second = np.concatenate([np.repeat([0, 1], [38, 2]), np.repeat([0, 1], [2, 38])])
    found = metrics.path_lift(first, second, 2)
    np.testing.assert_allclose(found.value, [[1.9, 0.1], [0.1, 1.9]])
    assert found.beyond.tolist() == [[1, -1], [-1, 1]]
    assert found.null.expected == 1


def test_rare_paths_have_no_lift():
    first, second = np.repeat([0, 1], [58, 2]), np.tile([0, 1], 30)
    found = metrics.path_lift(first, second, 2)
    assert np.isfinite(found.value[0]).all() and np.isnan(found.value[1]).all()
    assert found.needed == 11  # 5 of the most travelled path's 29 in 60


def test_too_few_tokens():
    spread = np.arange(99) % 8
    found = metrics.path_lift(spread, spread, 8)
    assert not found.enough and "too few tokens for a claim (99; it needs at least" in str(found)
    nothing = metrics.path_lift(np.zeros(0, int), np.zeros(0, int), 8)
    assert (nothing.sample, nothing.needed) == (0, 5 * 64)
    few = metrics.measure_path_information([spread], [spread], 8)
    assert (few.enough, few.sample, few.needed) == (False, 99, 200)


def test_information_beyond_chance():
    rng = np.random.default_rng(0)
    first = [rng.integers(8, size=60) for _ in range(2)]
    second = [np.where(rng.random(60) < 0.5, (each + 1) % 8, rng.integers(8, size=60)) for each in first]
    found = metrics.measure_path_information(first, second, 8)
    assert found.beyond == 1
    assert found.null.expected > 0.2  # 120 tokens over 64 paths look informative by chance


def test_independent_layers_are_within_the_bands():
    def lift(rng):
        return metrics.path_lift(rng.integers(4, size=400), rng.integers(4, size=400), 4)

    def information(rng):
        docs = [[rng.integers(6, size=length) for length in (40, 50)] for _ in range(2)]
        return metrics.measure_path_information(*docs, 6, draws=400)

    assert false_alarms(lift, 200) < 0.05
    assert false_alarms(information, 120) < 0.05


def test_layers_of_different_runs_are_refused():
    with pytest.raises(InputError, match="as many tokens"):
        metrics.path_counts(np.zeros(3, int), np.zeros(4, int), 2)
    with pytest.raises(InputError, match="differ in length"):
        metrics.measure_path_information([np.zeros(3, int)], [np.zeros(4, int)], 2)
