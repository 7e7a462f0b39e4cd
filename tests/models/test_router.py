"""The router by hand: norm, softmax over all experts, choice, renormalisation, and each expert's scale."""

import numpy as np
import pytest
from keras import ops

from g4lab.models.router import Router
from g4lab.models.sites import Tap, watching
from g4lab.runtime import to_numpy
from tests.models.networks import MIXTURE

D, E, C = MIXTURE.width, MIXTURE.experts, MIXTURE.chosen


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(0)
    return {
        "scale": rng.normal(1, 0.3, D).astype("float32"),
        "kernel": rng.standard_normal((D, E)).astype("float32"),
        "expert_scale": rng.normal(1, 0.3, E).astype("float32"),
    }


@pytest.fixture(scope="module")
def router(weights):
    made = Router(MIXTURE)
    made.scale.assign(weights["scale"])
    made.projection.kernel.assign(weights["kernel"])
    made.expert_scale.assign(weights["expert_scale"])
    return made


@pytest.fixture(scope="module")
def x():
    return 5 * np.random.default_rng(1).standard_normal((2, 4, D)).astype("float32")


@pytest.fixture(scope="module")
def seen(router, x):
    with watching(Tap(record=["*"])) as tap:
        experts, weights = router(ops.convert_to_tensor(x), "layers.0")
    values = {name.removeprefix("layers.0."): to_numpy(value) for name, value in tap.values.items()}
    np.testing.assert_array_equal(values["router.experts"], to_numpy(experts))
    np.testing.assert_array_equal(values["experts.weights"], to_numpy(weights))
    return values


def test_by_hand(seen, weights, x):
    normed = x / np.sqrt((x**2).mean(-1, keepdims=True) + MIXTURE.norm_eps)
    logits = (normed * weights["scale"] * D**-0.5) @ weights["kernel"]
    np.testing.assert_allclose(seen["router.logits"], logits, atol=1e-5)
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(seen["router.probabilities"], probabilities, atol=1e-6)
    experts = np.argsort(-logits, axis=-1)[..., :C]
    np.testing.assert_array_equal(seen["router.experts"], experts)
    chosen = np.take_along_axis(probabilities, experts, -1)
    expected = chosen / chosen.sum(-1, keepdims=True) * weights["expert_scale"][experts]
    np.testing.assert_allclose(seen["experts.weights"], expected, atol=1e-6)


def test_without_the_scales_the_weights_sum_to_one(seen, weights):
    shares = seen["experts.weights"] / weights["expert_scale"][seen["router.experts"]]
    np.testing.assert_allclose(shares.sum(-1), 1, rtol=1e-6)
    assert np.abs(seen["experts.weights"].sum(-1) - 1).max() > 0.05


def test_the_size_of_the_residual_does_not_matter(router, seen, x):
    experts, weights = router(ops.convert_to_tensor(100 * x), "layers.0")
    np.testing.assert_array_equal(to_numpy(experts), seen["router.experts"])
    np.testing.assert_allclose(to_numpy(weights), seen["experts.weights"], rtol=1e-5)


def test_types(seen):
    assert seen["router.experts"].dtype == np.int32
    assert seen["router.probabilities"].dtype == seen["experts.weights"].dtype == np.float32
