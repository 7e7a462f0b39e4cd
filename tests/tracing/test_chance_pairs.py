"""How often chance puts two experts together, against all sets counted one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing.chance_pairs import chance_pairs


def counted(weights, chosen):
    """Loads and pairs when a set is as likely as the product of its weights, from every set."""
    load, pairs, whole = np.zeros(len(weights)), np.zeros((len(weights),) * 2), 0.0
    for members in itertools.combinations(range(len(weights)), chosen):
        likely = np.prod([weights[i] for i in members])
        whole += likely
        load[list(members)] += likely
        for i, j in itertools.permutations(members, 2):
            pairs[i, j] += likely
    return load / whole, pairs / whole


def test_by_hand():
    # weights 2, 1, 1, two of three: the sets weigh 2, 2, 1
    pairs = chance_pairs(np.array([0.8, 0.6, 0.6]))
    np.testing.assert_allclose(pairs, [[0, 0.4, 0.4], [0.4, 0, 0.2], [0.4, 0.2, 0]], atol=1e-9)


def test_even_loads():
    pairs = chance_pairs(np.full(128, 8 / 128))
    assert pairs[0, 1] == pytest.approx(8 / 128 * 7 / 127)
    assert pairs[5, 5] == 0


@given(st.lists(st.floats(0.05, 20), min_size=4, max_size=7), st.integers(2, 3))
def test_as_counted_from_every_set(weights, chosen):
    load, pairs = counted(weights, chosen)
    np.testing.assert_allclose(chance_pairs(load), pairs, atol=1e-7)


def test_those_chosen_always_or_never():
    load, pairs = counted([2, 1, 1, 3], 2)
    with_both = chance_pairs(np.array([1.0, *load, 0]))
    np.testing.assert_allclose(with_both[1:5, 1:5], pairs, atol=1e-8)
    np.testing.assert_allclose(with_both[0], [0, *load, 0], atol=1e-12)
    np.testing.assert_array_equal(with_both[:, 5], 0)
    # two always: they meet always, and the one choice left has no company but them
    two = chance_pairs(np.array([1.0, 1.0, 0.5, 0.5]))
    np.testing.assert_allclose(two, [[0, 1, 0.5, 0.5], [1, 0, 0.5, 0.5], [0.5, 0.5, 0, 0], [0.5, 0.5, 0, 0]])


def test_loads_that_nothing_has():
    with pytest.raises(InputError, match="no random choice has these loads"):
        chance_pairs(np.array([0.9, 0.9, 0.9, 0.1, 0.1]))


@pytest.mark.parametrize("busiest", [0.5, 0.9, 0.99, 0.9999])
def test_rows_sum_to_the_other_choices_also_of_the_busiest(busiest):
    load = np.array([busiest, *np.random.default_rng(0).dirichlet(np.full(31, 2.0)) * (4 - busiest)])
    assert load.max() < 1
    pairs = chance_pairs(load)
    np.testing.assert_allclose(pairs.sum(1), 3 * load, atol=1e-8)
    np.testing.assert_allclose(pairs, pairs.T, atol=1e-12)
