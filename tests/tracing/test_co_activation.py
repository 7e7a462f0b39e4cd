"""Co-activation: who comes with whom, asymmetrically, beside independence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing import co_activation as metrics
from g4lab.tracing.routing import expert_load
from tests.tracing.random_routing import false_alarms, random_experts

EXPERTS = np.array([[0, 1], [1, 0], [0, 2], [0, 1]])


def test_by_hand_and_asymmetric():
    assert metrics.pair_counts(EXPERTS, 4).tolist() == [[4, 3, 1, 0], [3, 3, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]
    shares = metrics.co_activation(EXPERTS, 4)
    nan = np.nan
    expected = [[nan, 0.75, 0.25, 0], [1, nan, 0, 0], [1, 0, nan, 0], [nan, nan, nan, nan]]
    np.testing.assert_array_equal(shares, expected)


def test_chance_by_hand():
    # expert 0 is chosen always, so it is all company that the others have
    chance = metrics.chance_co_activation(np.array([1.0, 0.75, 0.25, 0]))
    nan = np.nan
    expected = [[nan, 0.75, 0.25, 0], [1, nan, 0, 0], [1, 0, nan, 0], [nan, nan, nan, nan]]
    np.testing.assert_allclose(chance, expected)
    assert metrics.even_co_activation(128, 8) == pytest.approx(0.0551, abs=5e-5)
    even = metrics.chance_co_activation(np.full(128, 8 / 128))
    np.testing.assert_allclose(even[0, 1:], metrics.even_co_activation(128, 8))


@given(st.integers(1, 40), st.integers(0, 99), st.integers(2, 4))
def test_rows_sum_to_the_other_choices(tokens, seed, chosen):
    experts = random_experts(np.random.default_rng(seed), tokens, 6, chosen)
    shares = metrics.co_activation(experts, 6)
    taken = np.isin(np.arange(6), experts)
    np.testing.assert_allclose(np.nansum(shares, 1), np.where(taken, chosen - 1, 0), atol=1e-9)
    # P(j|i) N_i = P(i|j) N_j
    counts = np.bincount(experts.ravel(), minlength=6)[:, None]
    both = np.nan_to_num(shares) * counts
    np.testing.assert_allclose(both, both.T, atol=1e-9)
    if len(set(taken)) == 1:
        np.testing.assert_allclose(np.nansum(metrics.chance_co_activation(expert_load(experts, 6)), 1), chosen - 1)


def test_a_planted_pair_is_found_from_both_sides():
    experts = random_experts(np.random.default_rng(0), 600, 8, 2)
    experts[:100] = [2, 5]
    found = metrics.measure_co_activation(experts, 8)
    assert found.beyond[2, 5] == found.beyond[5, 2] == 1
    assert set(zip(*np.nonzero(found.beyond == 1), strict=True)) == {(2, 5), (5, 2)}
    assert found.even == pytest.approx(1 / 7)


def test_a_busy_expert_is_no_partner():
    """An expert that most tokens choose comes with everyone; only the null that knows the loads says so."""
    rng = np.random.default_rng(0)
    experts = random_experts(rng, 900, 8, 2)
    experts[:600, 0] = 0
    experts[:600, 1] = rng.integers(1, 8, 600)
    found = metrics.measure_co_activation(experts, 8)
    partners = found.value[1:, 0]
    assert (partners > 3 * found.even).all()
    assert (found.beyond[1:, 0] == 0).all()


def test_rare_experts_have_no_row_and_too_few_tokens_no_matrix():
    experts = np.concatenate([random_experts(np.random.default_rng(0), 300, 6, 2), [[6, 7]] * 5])
    found = metrics.measure_co_activation(experts, 8)
    assert np.isnan(found.value[6:]).all() and np.isfinite(found.value[0, 1:]).all()
    assert (found.beyond[6:] == 0).all()
    few = metrics.measure_co_activation(EXPERTS, 8)
    assert str(few).startswith("co-activation: too few tokens of the busiest expert for a claim (4; it needs")


@pytest.mark.parametrize("chosen", [1, 4])
def test_one_choice_or_all_have_no_pairs(chosen):
    with pytest.raises(InputError, match="choose several experts, but not all"):
        metrics.measure_co_activation(np.tile(np.arange(chosen), (99, 1)), 4)


def test_random_routing_is_within_the_bands():
    assert false_alarms(lambda rng: metrics.measure_co_activation(random_experts(rng, 400, 8, 2), 8), 150) < 0.05
