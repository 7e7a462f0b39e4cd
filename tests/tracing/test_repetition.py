"""Consecutive repetition, beside chance and beside the same tokens in another order."""

import numpy as np
import pytest

from g4lab.tracing import repetition as metrics
from tests.tracing.random_routing import false_alarms, random_documents, random_experts

EXPERTS = np.array([[0, 1], [1, 2], [1, 3], [4, 5], [5, 4]])


def test_by_hand():
    assert metrics.repeats(EXPERTS).tolist() == [True, True, False, True]
    assert metrics.repeats(EXPERTS, "first").tolist() == [False, True, False, False]


def test_chance_is_the_known_one():
    assert metrics.chance_repetition(128, 8) == pytest.approx(0.412, abs=5e-4)
    assert metrics.chance_repetition(128, 8, "first") == pytest.approx(0.0078, abs=5e-5)
    assert metrics.chance_repetition(8, 2) == pytest.approx(0.464, abs=5e-4)  # Mixtral's 46.4 %
    assert metrics.chance_repetition(8, 2, "first") == 0.125
    assert metrics.chance_repetition(4, 3) == 1


@pytest.mark.parametrize("kind", ["any", "first"])
def test_random_routing_has_the_chance_value(kind):
    experts = random_experts(np.random.default_rng(0), 20_000, 16, 2)
    assert metrics.repeats(experts, kind).mean() == pytest.approx(metrics.chance_repetition(16, 2, kind), abs=0.01)


def test_neighbours_are_of_one_document():
    # within each document all tokens go to the same experts, and no two documents share one
    docs = [np.full((4, 2), [2 * i, 2 * i + 1]) for i in range(12)]
    found = metrics.consecutive_repetition(docs, 24)
    assert found.value == 1 and found.sample == 36
    assert found.beyond == 0 and found.null.expected == 1  # the order within a document does not matter


def test_runs_are_found_and_loads_alone_are_not():
    rng = np.random.default_rng(0)
    runs = [np.repeat(random_experts(rng, 10, 16, 2), 5, axis=0) for _ in range(2)]
    found = metrics.consecutive_repetition(runs, 16)
    assert found.beyond == 1 and found.even == metrics.chance_repetition(16, 2)
    mixed = [document[rng.permutation(50)] for document in runs]
    assert metrics.consecutive_repetition(mixed, 16).beyond == 0
    favourite = random_experts(rng, 200, 16, 2)
    favourite[:, 0], favourite[:, 1] = 3, rng.integers(4, 16, 200)
    found = metrics.consecutive_repetition([favourite], 16, "first")
    assert found.value == 1 and found.even == 1 / 16 and found.beyond == 0


@pytest.mark.parametrize("kind", ["any", "first"])
def test_random_routing_is_within_the_band(kind):
    def measure(rng):
        return metrics.consecutive_repetition(random_documents(rng, [50, 50], 8, 2), 8, kind, draws=400)

    assert false_alarms(measure, 120) < 0.05


@pytest.mark.parametrize("count", [8, 64, 130])
@pytest.mark.parametrize("kind", ["any", "first"])
def test_the_quick_way_through_the_orders_is_the_definition(count, kind):
    experts = random_experts(np.random.default_rng(1), 60, count, 3)
    lengths = [40, 20]
    inside = np.arange(59) != 39
    found = metrics.consecutive_repetition(np.split(experts, [40]), count, kind, draws=50, seed=4)
    slow = [metrics.repeats(experts[order], kind)[inside].mean() for order in metrics.orders(lengths, 50, 4)]
    assert found.null.expected == pytest.approx(np.mean(slow), abs=1e-12)
    assert found.null.high == pytest.approx(np.quantile(slow, 0.995), abs=1e-12)


def test_too_small_a_sample():
    rng = np.random.default_rng(0)
    few = metrics.consecutive_repetition(random_documents(rng, [30], 8, 2), 8)
    assert str(few) == "consecutive repetition: too few pairs of neighbours for a claim (29; it needs at least 30)"
    stiff = metrics.consecutive_repetition(random_documents(rng, [2] * 7 + [1] * 9, 8, 2), 8)
    assert stiff.sample == 7
    pairs = metrics.consecutive_repetition(random_documents(rng, [31], 8, 2), 8)
    assert pairs.enough and pairs.sample == 30
