"""The sites of a mixture's two branches hold what the metrics of contributions say they hold."""

import numpy as np
import pytest

from g4lab.lab import Lab
from g4lab.runtime import to_numpy
from g4lab.tracing import contributions, expert_terms
from tests.models.networks import MIXTURE, network, tokens

EPS = MIXTURE.norm_eps


@pytest.fixture(scope="module")
def lab():
    return Lab(network(MIXTURE))


@pytest.fixture(scope="module")
def trace(lab):
    routing = ("layers.*.router.*", "layers.*.experts.weights")
    return lab.trace(tokens(1, 12)[0].tolist(), sites=[*contributions.SITES, expert_terms.SITE, *routing])


def scale_of(lab, layer, name):
    return to_numpy(lab.network.named_variables()[f"layers.{layer}.{name}.scale"])


def normed(x, scale):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPS) * scale


@pytest.mark.parametrize("layer", [0, 1])
def test_each_branch_is_scaled_as_the_models_norm_does(lab, trace, layer):
    found = contributions.branches(trace, layer)
    dense, experts = (trace[f"layers.{layer}.{name}.output"] for name in ("dense", "experts"))
    total = dense + experts
    factor = scale_of(lab, layer, "feedforward_post_norm") / np.sqrt((total**2).mean(-1, keepdims=True) + EPS)
    np.testing.assert_allclose(found.dense, dense * factor, atol=1e-4)
    np.testing.assert_allclose(found.experts, experts * factor, atol=1e-4)


@pytest.mark.parametrize("layer", [0, 1])
def test_terms_make_up_the_experts_output(lab, trace, layer):
    terms = trace[f"layers.{layer}.experts.terms"]
    assert terms.shape == (12, MIXTURE.chosen, MIXTURE.width)
    whole = normed(terms.sum(1), scale_of(lab, layer, "experts_post_norm"))
    np.testing.assert_allclose(whole, trace[f"layers.{layer}.experts.output"], atol=1e-4)
    np.testing.assert_allclose(expert_terms.term_shares(trace, layer).sum(1), 1, atol=1e-5)


def test_switching_a_term_off_is_switching_its_expert_off(lab):
    """The intervention beside the measure: a term set to 0 is a weight set to 0, everywhere after it."""
    ids = tokens(1, 12)[0].tolist()
    last = np.array([1.0] * (MIXTURE.chosen - 1) + [0.0], np.float32)
    weights = lab.trace(ids, sites=["layers.0.experts.*"])
    without = {
        "layers.0.experts.weights": weights["layers.0.experts.weights"] * last,
        "layers.0.experts.terms": weights["layers.0.experts.terms"] * last[:, None],
    }
    by_weight, by_term = (lab.trace(ids, sites=[], edits={name: value}) for name, value in without.items())
    np.testing.assert_allclose(by_weight["next.logits"], by_term["next.logits"], atol=1e-4)
    assert np.abs(by_term["next.logits"] - lab.trace(ids, sites=[])["next.logits"]).max() > 1e-2
