from math import comb

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import routing
from tests.tracing.traces import make_trace

# four tokens, three experts, two chosen: expert 0 by all, 1 by three, 2 by one
EXPERTS = np.array([[0, 1], [1, 0], [0, 2], [0, 1]])


def test_load_by_hand_sums_to_the_number_chosen():
    load = routing.expert_load(EXPERTS, 3)
    np.testing.assert_allclose(load, [1.0, 0.75, 0.25])
    assert load.sum() == 2
    assert routing.expert_counts(EXPERTS, 4).tolist() == [4, 3, 1, 0]


def test_uniform_load_and_unused_experts():
    assert routing.chance_load(128, 8) == 0.0625
    assert routing.unused_share(EXPERTS, 4) == 0.25
    assert routing.chance_unused(20, 128, 8) == pytest.approx(0.275, abs=5e-4)
    assert routing.chance_unused(50, 128, 8) == pytest.approx(0.0397, abs=5e-4)


def test_entropy_by_hand():
    probabilities = np.array([[0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], [0.5, 0.25, 0.25, 0]])
    np.testing.assert_allclose(routing.token_entropy(probabilities), [2, 0, 1.5], atol=1e-12)


def test_the_band_by_hand():
    # three fair coins: P(0)=1/8, so 75 % in the middle is 1..2, and 80 % needs both ends
    assert routing.chance_band(3, 2, 1, level=0.75) == (0, 2)
    assert routing.chance_band(3, 2, 1, level=0.74) == (1, 2)
    assert routing.chance_band(3, 2, 1, level=0.80) == (0, 3)
    assert routing.chance_band(5, 3, 3) == (5, 5)
    assert routing.chance_band(0, 8, 2) == (0, 0)


@pytest.mark.parametrize("tokens, count, chosen", [(12, 32, 2), (100, 32, 2), (1000, 128, 8)])
def test_the_band_holds_at_least_its_level(tokens, count, chosen):
    low, high = routing.chance_band(tokens, count, chosen, level=0.99)
    p = chosen / count
    inside = sum(comb(tokens, k) * p**k * (1 - p) ** (tokens - k) for k in range(low, high + 1))
    assert inside >= 0.99
    wider = routing.chance_band(tokens, count, chosen, level=0.99, at_once=count)
    assert wider[0] <= low and wider[1] >= high


def test_random_routing_stays_in_the_band_for_all_experts():
    rng = np.random.default_rng(0)
    low, high = routing.chance_band(200, 16, 2, level=0.99, at_once=16)
    draws = [np.argsort(rng.random((200, 16)), axis=1)[:, :2] for _ in range(400)]
    counts = np.array([routing.expert_counts(draw, 16) for draw in draws])
    escaped = np.mean(((counts < low) | (counts > high)).any(axis=1))
    assert escaped < 0.02


def test_claims_are_refused_below_the_minimum():
    needed = routing.minimum_tokens(32, 2)
    assert needed == 72
    assert routing.chance_unused(needed, 32, 2) <= 0.01 < routing.chance_unused(needed - 1, 32, 2)
    assert routing.minimum_tokens(4, 4) == 1
    with pytest.raises(InputError, match="at least 72"):
        routing.load_outliers(np.tile([0, 1], (71, 1)), 32)


def test_outliers_are_named_with_their_ratio():
    rng = np.random.default_rng(1)
    experts = np.argsort(rng.random((400, 8)), axis=1)[:, :2]
    assert routing.load_outliers(experts, 8) == []
    experts[:, 0], experts[:, 1] = 5, rng.integers(0, 5, 400)
    first, *rest = routing.load_outliers(experts, 8)
    assert (first.expert, first.load, first.ratio) == (5, 1.0, 4.0)
    assert {outlier.expert for outlier in rest} >= {6, 7}


def test_trace_gives_the_routing_of_a_layer():
    trace = make_trace()
    layer = trace.routing(2)
    assert layer.expert_count == 8
    assert trace.routed_layers == (0, 1, 2, 3)
    dense = layer.dense_weights()
    np.testing.assert_allclose(dense.sum(1), 1, rtol=1e-6)
    assert ((dense > 0).sum(1) == 2).all()
    for t in range(len(trace)):
        assert set(np.flatnonzero(dense[t])) == set(layer.experts[t])


def test_a_dense_layer_says_so():
    trace = make_trace()
    trace.plan[1]["experts"] = 0
    with pytest.raises(InputError, match="layer 1 has no router"):
        trace.routing(1)
