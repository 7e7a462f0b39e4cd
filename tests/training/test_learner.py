"""What a training step minimises: surprise by weight, and a charge for uneven experts."""

import numpy as np
import pytest
from keras import ops

from g4lab import runtime
from g4lab.training.learner import Trapezoid, balance_loss, learner
from tests.training.micro import MICRO


@pytest.fixture(scope="module")
def model():
    return learner(MICRO, MICRO.steps, 0)


def loss(model, weights) -> float:
    tokens = ops.convert_to_tensor(np.arange(24, dtype="int32").reshape(2, 12))
    said = {"logits": ops.one_hot(tokens, 640) * 3.0, "balance": ops.convert_to_tensor(2.0)}
    targets = np.array(tokens)
    targets[:, 6:] = 500  # said wrong
    return float(runtime.to_numpy(model.compute_loss(y=targets, y_pred=said, sample_weight=weights)))


def test_a_token_counts_by_its_weight(model):
    model.balance.assign(0.0)
    right, wrong, ones = (np.zeros((2, 12), "float32") for _ in range(3))
    right[:, :6], wrong[:, 6:], ones[:] = 1, 1, 1
    assert loss(model, wrong) - loss(model, right) == pytest.approx(3, abs=1e-4)
    assert loss(model, ones) == pytest.approx((loss(model, right) + loss(model, wrong)) / 2, abs=1e-5)


def test_the_balance_loss_counts_what_the_phase_says(model):
    ones = np.ones((2, 12), "float32")
    model.balance.assign(0.0)
    without = loss(model, ones)
    model.balance.assign(0.25)
    assert loss(model, ones) == pytest.approx(without + 0.5, abs=1e-5)


def test_even_use_of_experts_costs_one_and_a_single_expert_their_number():
    def values(probabilities, chosen):
        names = "layers.0.router.probabilities", "layers.0.router.experts"
        return dict(zip(names, (ops.convert_to_tensor(probabilities), ops.convert_to_tensor(chosen)), strict=True))

    even = values(np.full((1, 4, 4), 0.25, "float32"), np.arange(4, dtype="int32").reshape(1, 4, 1))
    lone = values(np.eye(4, dtype="float32")[np.zeros((1, 4), int)], np.zeros((1, 4, 1), "int32"))
    assert float(balance_loss(even)) == pytest.approx(1) and float(balance_loss(lone)) == pytest.approx(4)


def test_the_rate_rises_stays_and_falls_and_may_begin_anew():
    once = Trapezoid(1.0, warmup=10, decay=0.5, steps=100)
    assert [float(once(step)) for step in (0, 4, 20, 50, 75, 100)] == pytest.approx([0.1, 0.5, 1, 1, 0.5, 0])
    twice = Trapezoid(1.0, warmup=10, decay=0.5, steps=160, again=100)
    for step in (0, 30, 75, 99):
        assert float(twice(step)) == pytest.approx(float(once(step)))
    assert [float(twice(step)) for step in (100, 109, 130, 145, 160)] == pytest.approx([0.1, 1, 1, 0.5, 0])
