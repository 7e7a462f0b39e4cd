"""Rotary positions: what turns, by how much, and what attention sees of it."""

import numpy as np
import pytest
from keras import ops

from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.rope import angles, rotate
from g4lab.runtime import to_numpy

HEAD_DIM, THETA = 16, 10_000.0


def turned(x, positions, frequencies=None):
    frequencies = inverse_frequencies(HEAD_DIM, THETA, HEAD_DIM // 2) if frequencies is None else frequencies
    cos, sin = angles(ops.convert_to_tensor(positions, "int32"), frequencies)
    return to_numpy(rotate(ops.convert_to_tensor(x, "float32"), cos, sin))


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((2, 5, 3, HEAD_DIM)).astype("float32")


@pytest.fixture
def positions():
    return np.asarray([[0, 1, 2, 700, 130_000], [4, 5, 6, 7, 8]])


def test_frequencies_by_hand():
    np.testing.assert_allclose(inverse_frequencies(4, 100.0, 2), [1.0, 0.1], rtol=1e-6)


def test_the_exponent_counts_the_whole_head():
    # Two of four pairs turn, at the speeds they have when all four do.
    np.testing.assert_allclose(inverse_frequencies(8, 16.0, 2), [1.0, 0.5, 0.0, 0.0], rtol=1e-6)
    np.testing.assert_allclose(inverse_frequencies(8, 16.0, 4), [1.0, 0.5, 0.25, 0.125], rtol=1e-6)


def test_one_pair_by_hand():
    # Feature 0 turns together with feature 2, by one radian a position.
    y = turned([[[[1.0, 5.0, 0.0, 6.0]]]], [[2]], inverse_frequencies(4, 100.0, 1))
    np.testing.assert_allclose(y[0, 0, 0], [np.cos(2), 5, np.sin(2), 6], rtol=1e-6)


def test_lengths_are_kept(x, positions):
    np.testing.assert_allclose(np.linalg.norm(turned(x, positions), axis=-1), np.linalg.norm(x, axis=-1), rtol=1e-5)


def test_position_0_changes_nothing(x):
    np.testing.assert_array_equal(turned(x, np.zeros((2, 5))), x)


def test_pairs_that_stand_still_are_untouched(x, positions):
    y = turned(x, positions, inverse_frequencies(HEAD_DIM, THETA, 3))
    still = [*range(3, 8), *range(11, 16)]
    np.testing.assert_array_equal(y[..., still], x[..., still])
    moved = [*range(3), *range(8, 11)]
    assert np.abs(y[0, 1:] - x[0, 1:])[..., moved].min(axis=(0, 1)).min() > 0


def test_scores_depend_on_the_distance_only(x):
    q, k = x[:1, :1], x[1:, :1]

    def score(m, n):
        return (turned(q, [[m]]) * turned(k, [[n]])).sum()

    assert score(7, 3) == pytest.approx(score(104, 100), abs=1e-4)
    assert score(7, 3) == pytest.approx(score(4, 0), abs=1e-4)
    assert abs(score(7, 3) - score(3, 7)) > 1e-2
