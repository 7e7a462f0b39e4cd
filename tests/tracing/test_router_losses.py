"""Importance, load-balancing loss and z-loss, with the convention that each number follows."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.tracing import router_losses as losses
from tests.tracing.random_routing import false_alarms
from tests.tracing.traces import softmax

P = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
EXPERTS = np.array([[0, 1], [1, 2]])


def routed(rng, tokens=100, experts=8, chosen=2, bias=0.0):
    p = softmax(rng.normal(size=(tokens, experts)) + bias)
    return p, np.argsort(-p, axis=1)[:, :chosen]


def test_by_hand():
    np.testing.assert_allclose(losses.importance(P), [0.3, 0.45, 0.25])
    # load 1/2, 1, 1/2: 3 * (0.15 + 0.45 + 0.125)
    assert losses.load_balancing_loss(P, EXPERTS) == pytest.approx(2.175)
    assert losses.load_balancing_loss(P, EXPERTS, "choices") == pytest.approx(1.0875)
    # log sum exp: log 2 and log 4
    logits = np.array([[0.0, 0.0], [math.log(3), 0.0]])
    assert losses.z_loss(logits) == pytest.approx((math.log(2) ** 2 + math.log(4) ** 2) / 2)


def test_large_logits_do_not_overflow():
    assert losses.z_loss(np.array([[1000.0, 1000.0]], np.float32)) == pytest.approx((1000 + math.log(2)) ** 2)


def test_an_even_router_has_loss_c_or_one():
    p, experts = np.full((4, 4), 0.25), np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    assert losses.load_balancing_loss(p, experts) == pytest.approx(2)
    assert losses.load_balancing_loss(p, experts, "choices") == pytest.approx(1)


@given(st.integers(1, 30), st.integers(0, 99))
def test_importance_sums_to_one_and_conventions_differ_by_c(tokens, seed):
    p, experts = routed(np.random.default_rng(seed), tokens, experts=6, chosen=3)
    assert losses.importance(p).sum() == pytest.approx(1)
    by_tokens, by_choices = (losses.load_balancing_loss(p, experts, c) for c in ("tokens", "choices"))
    assert by_tokens == pytest.approx(3 * by_choices)


def test_the_chance_loss_is_the_mean_over_all_relabellings():
    every = []
    for one, two in itertools.product(itertools.permutations(range(3)), repeat=2):
        order = np.array([one, two])
        p = np.take_along_axis(P, order, axis=1)
        chosen = np.array([[e for e in range(3) if order[t, e] in EXPERTS[t]] for t in range(2)])
        every.append(losses.load_balancing_loss(p, chosen))
    # chosen mass 0.8 and 0.9: 2 + (3 * 0.85 - 2) / 2
    assert losses.chance_load_balancing_loss(P, EXPERTS) == pytest.approx(2.275)
    assert np.mean(every) == pytest.approx(2.275)


def test_the_chance_variance_is_that_of_all_relabellings():
    every = []
    for orders in itertools.product(itertools.permutations(range(3)), repeat=2):
        p = np.take_along_axis(P, np.array(orders), axis=1)
        chosen = np.array([[e for e in range(3) if order[e] in EXPERTS[t]] for t, order in enumerate(orders)])
        every.append(losses.load_balancing_loss(p, chosen))
    # s of both tokens: two of 3 chosen, |s|^2 = 2/3; |p|^2 = 0.38 - 1/3 and 0.46 - 1/3; s.p = 0.8 - 2/3 and 0.9 - 2/3
    by_hand = (3 / 4) ** 2 * (2 / 3 * (0.38 + 0.46 - 2 / 3) + 2 * (0.8 - 2 / 3) * (0.9 - 2 / 3)) / 2
    assert losses.chance_load_balancing_variance(P, EXPERTS) == pytest.approx(by_hand)
    assert np.var(every) == pytest.approx(by_hand)


@pytest.mark.parametrize(("tokens", "experts", "chosen"), [(72, 128, 8), (300, 32, 2), (1200, 8, 2)])
def test_the_limit_gives_the_band_of_relabelling(tokens, experts, chosen):
    p, picked = routed(np.random.default_rng(1), tokens, experts, chosen, bias=np.linspace(0, 2, experts))
    shuffled = np.array([experts * load @ soft for load, soft in losses._relabelled(p, picked, 4000, seed=2)])
    limit = losses.chance_load_balancing_loss(p, picked) + losses._limit_draws(p, picked, 40_000, seed=3)
    assert np.var(limit) == pytest.approx(losses.chance_load_balancing_variance(p, picked), rel=0.05)
    assert np.var(shuffled) == pytest.approx(losses.chance_load_balancing_variance(p, picked), rel=0.1)
    spread = np.std(limit)
    for quantile in (0.005, 0.1, 0.5, 0.9, 0.995):
        assert np.quantile(limit, quantile) == pytest.approx(np.quantile(shuffled, quantile), abs=0.3 * spread)


def test_many_tokens_are_quick_and_their_band_says_how_it_came():
    p, experts = routed(np.random.default_rng(0), 4096, 128, 8)
    found = losses.measure_load_balancing_loss(p, experts)
    assert "many tokens' limit" in found.null.how and found.beyond == 0
    assert found.null.low < found.null.expected < found.null.high
    few = losses.measure_load_balancing_loss(p[:64, :], experts[:64])
    assert "limit" not in str(few.null)


def test_an_even_router_of_many_tokens_has_no_spread():
    p, experts = np.full((3000, 4), 0.25), np.tile([[0, 1], [1, 2], [2, 3], [3, 0]], (750, 1))
    found = losses.measure_load_balancing_loss(p, experts)
    assert (found.value, found.null.low, found.null.high) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize(("convention", "even"), [("tokens", 2), ("choices", 1)])
def test_a_favourite_is_beyond_chance_and_the_convention_is_printed(convention, even):
    p, experts = routed(np.random.default_rng(0), bias=np.array([1.5, 0, 0, 0, 0, 0, 0, 0]))
    measure = losses.measure_load_balancing_loss(p, experts, convention)
    assert measure.beyond == 1 and measure.even == even
    assert f'convention "{convention}": load sums to {even}, even is {even}' in str(measure)
    assert measure.value == losses.load_balancing_loss(p, experts, convention)
    found = losses.measure_importance(p, experts)
    assert found.beyond[0] == 1 and (found.beyond[1:] <= 0).all()
    assert found.null.expected == 1 / 8


def test_float32_from_a_trace():
    p, experts = routed(np.random.default_rng(0))
    once = losses.measure_load_balancing_loss(p.astype(np.float32), experts.astype(np.int32))
    assert once.value == pytest.approx(losses.load_balancing_loss(p, experts), rel=1e-6)
    assert once.null.low < once.null.expected < once.null.high


@pytest.mark.parametrize("metric", [losses.measure_importance, losses.measure_load_balancing_loss])
def test_a_router_without_favourites_is_within_the_band(metric):
    assert false_alarms(lambda rng: metric(*routed(rng, 60), draws=400), 120) < 0.05


def test_a_long_text_without_favourites_is_within_the_band():
    measure = losses.measure_load_balancing_loss
    assert false_alarms(lambda rng: measure(*routed(rng, 600, 32, 2), draws=1000), 150) < 0.05


def test_too_few_tokens():
    p, experts = routed(np.random.default_rng(0), tokens=16)  # (3/4)^16 is above 1 %
    assert not losses.measure_importance(p, experts).enough
    assert "too few tokens" in str(losses.measure_load_balancing_loss(p, experts))
    assert 'convention "tokens"' in losses.measure_load_balancing_loss(p, experts).convention
    assert not losses.measure_z_loss(np.zeros((29, 8))).enough


def test_zero_logits_are_the_null_of_the_z_loss():
    measure = losses.measure_z_loss(np.zeros((30, 8), np.float32))
    assert measure.value == pytest.approx(math.log(8) ** 2) == measure.null.expected
