"""Balance of a layer's load: four numbers, and what random routing makes of them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from g4lab.tracing import balance as metrics
from tests.tracing.random_routing import false_alarms, random_experts

# of four tokens, expert 0 got all, 1 three, 2 one
LOAD = np.array([1.0, 0.75, 0.25])
FORMULAS = ("cv", "max_violation", "entropy", "effective")


def test_by_hand():
    # deviations from 2/3: 4/12, 1/12, -5/12; their squares' mean is 42/432
    assert metrics.coefficient_of_variation(LOAD) == pytest.approx(math.sqrt(42 / 432) / (2 / 3))
    assert metrics.max_violation(LOAD) == pytest.approx(0.5)
    # choices are shared 4:3:1 of 8: 3 - (4*2 + 3*log2(3))/8 bits
    bits = 3 - (4 * 2 + 3 * math.log2(3)) / 8
    assert metrics.load_entropy(LOAD) == pytest.approx(bits / math.log2(3))
    assert metrics.effective_experts(LOAD) == pytest.approx(2**bits)


def test_even_and_one_for_all():
    even, single = np.full(8, 0.25), np.eye(8)[0]
    assert metrics.coefficient_of_variation(even) == metrics.max_violation(even) == 0
    assert metrics.load_entropy(even) == pytest.approx(1)
    assert metrics.effective_experts(even) == pytest.approx(8)
    assert metrics.coefficient_of_variation(single) == pytest.approx(math.sqrt(7))
    assert metrics.max_violation(single) == 7
    assert metrics.load_entropy(single) == 0
    assert metrics.effective_experts(single) == 1
    assert metrics.load_entropy(np.ones(1)) == 1


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=9), st.floats(0.1, 10))
def test_the_convention_of_load_does_not_matter(load, factor):
    load = np.array(load)
    for formula in (
        metrics.coefficient_of_variation,
        metrics.max_violation,
        metrics.load_entropy,
        metrics.effective_experts,
    ):
        assert formula(load * factor) == pytest.approx(formula(load), abs=1e-9)
        assert formula(load[::-1]) == pytest.approx(formula(load), abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9).filter(lambda load: sum(load) > 0.01))
def test_bounds(load):
    load, experts = np.array(load), len(load)
    assert 0 <= metrics.load_entropy(load) <= 1 + 1e-9
    assert 1 - 1e-9 <= metrics.effective_experts(load) <= experts + 1e-9
    assert -1e-9 <= metrics.max_violation(load) <= experts - 1 + 1e-9


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(1, 9), st.data())
def test_random_counts_are_counts_of_tokens_with_different_experts(tokens, count, data):
    chosen = data.draw(st.integers(1, count))
    counts = metrics.random_counts(tokens, count, chosen, 20, seed=0)
    assert (counts.sum(1) == tokens * chosen).all()
    assert counts.min() >= 0 and counts.max() <= tokens


def test_random_counts_of_one_token_are_every_pair_equally_often():
    counts = metrics.random_counts(1, 4, 2, 6000, seed=0)
    pairs = [tuple(np.flatnonzero(row)) for row in counts]
    for pair in itertools.combinations(range(4), 2):
        assert pairs.count(pair) / 6000 == pytest.approx(1 / 6, abs=0.02)


def test_random_counts_have_the_spread_of_the_formula():
    for tokens, count, chosen in [(80, 32, 2), (500, 16, 4)]:
        cv = metrics.coefficient_of_variation(metrics.random_counts(tokens, count, chosen, 4000, seed=1))
        assert np.mean(cv**2) == pytest.approx(metrics.chance_squared_cv(tokens, count, chosen), rel=0.03)
    # two experts, one token: always 1 and 0, so CV is 1
    assert metrics.chance_squared_cv(1, 2, 1) == 1


def test_random_counts_are_distributed_as_random_routing():
    rng = np.random.default_rng(0)
    drawn = [np.bincount(random_experts(rng, 40, 8, 2).ravel(), minlength=8).max() for _ in range(3000)]
    formula = metrics.random_counts(40, 8, 2, 3000, seed=0).max(1)
    for most in range(10, 19):
        assert np.mean(formula <= most) == pytest.approx(np.mean(np.array(drawn) <= most), abs=0.04)


def test_a_measured_layer_by_hand():
    experts = np.tile([[0, 1], [1, 0], [0, 2], [0, 1]], (25, 1))
    found = metrics.balance(experts, 3)
    np.testing.assert_allclose(found.load.value, LOAD)
    assert found.load.null.expected == pytest.approx(2 / 3)
    assert found.load.beyond.tolist() == [1, 0, -1]
    assert found.cv.value == pytest.approx(metrics.coefficient_of_variation(LOAD))
    assert [getattr(found, name).beyond for name in FORMULAS] == [1, 1, -1, -1]
    assert "sums to C = 2" in found.cv.convention


def test_too_few_tokens():
    found = metrics.balance(np.tile([0, 1], (71, 1)), 32)
    for name in ("load", *FORMULAS):
        assert "too few tokens for a claim (71; it needs at least 72)" in str(getattr(found, name))
    assert metrics.balance(np.tile([0, 1], (72, 1)), 32).cv.enough


@pytest.mark.parametrize("name", ["load", *FORMULAS])
def test_random_routing_is_within_the_band(name):
    def measure(rng):
        return getattr(metrics.balance(random_experts(rng, 100, 16, 2), 16, draws=400), name)

    assert false_alarms(measure, 150) < 0.05
