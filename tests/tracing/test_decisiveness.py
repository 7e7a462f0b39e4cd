"""How decided a router is: entropy, top-k mass, margin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing.decisiveness import chosen_mass, decisiveness, margin
from tests.tracing.traces import softmax

P = np.array([[0.5, 0.25, 0.15, 0.1], [0.1, 0.2, 0.3, 0.4]])
EXPERTS = np.array([[0, 1], [3, 2]])


def test_by_hand():
    np.testing.assert_allclose(chosen_mass(P, EXPERTS), [0.75, 0.7])
    np.testing.assert_allclose(margin(P, 2), [0.1, 0.1])
    np.testing.assert_allclose(margin(P, 1), [0.25, 0.1])
    # the mass is of those really chosen, also when an edit chose others
    np.testing.assert_allclose(chosen_mass(P, EXPERTS[:, ::-1] * 0 + [2, 3]), [0.25, 0.7])


@given(st.integers(0, 99), st.integers(1, 5))
def test_bounds(seed, chosen):
    p = softmax(np.random.default_rng(seed).normal(size=(7, 6)))
    experts = np.argsort(-p, axis=1)[:, :chosen]
    mass = chosen_mass(p, experts)
    assert (mass >= chosen / 6 - 1e-9).all() and (mass <= 1 + 1e-9).all()
    assert (margin(p, chosen) >= 0).all() and (margin(p, chosen) <= mass / chosen + 1e-9).all()


def test_means_beside_a_router_without_preference():
    found = decisiveness(np.tile(P, (15, 1)), np.tile(EXPERTS, (15, 1)))
    assert found.mass.value == pytest.approx(0.725) and found.mass.null.expected == 0.5
    assert found.margin.value == pytest.approx(0.1) and found.margin.null.expected == 0
    assert found.entropy.null.expected == 2
    bits = [-(p * np.log2(p)).sum() for p in P]
    assert found.entropy.value == pytest.approx(np.mean(bits))
    assert "bits over all E = 4, at most 2" in str(found.entropy)


def test_too_few_tokens():
    found = decisiveness(np.tile(P, (14, 1)), np.tile(EXPERTS, (14, 1)))
    assert not (found.entropy.enough or found.mass.enough or found.margin.enough)
    assert str(found.mass) == "top-k mass: too few tokens for a claim (28; it needs at least 30)"


def test_all_chosen_has_no_margin():
    with pytest.raises(InputError, match="every expert is chosen"):
        margin(P, 4)
