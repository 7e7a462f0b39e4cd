"""RMS norm by hand."""

import numpy as np
import pytest
from keras import ops

from g4lab.models.norms import rms_norm

X = np.asarray([[3.0, 4.0], [0.0, 0.0], [-1e4, 1e-4]], np.float32)


def test_by_hand():
    # The mean square of (3, 4) is 12.5.
    expected = np.asarray([3.0, 4.0]) / np.sqrt(12.5)
    np.testing.assert_allclose(np.asarray(rms_norm(X))[0], expected, rtol=1e-6)


def test_the_scale_multiplies_as_it_is():
    scale = np.asarray([2.0, 0.0], np.float32)
    np.testing.assert_allclose(np.asarray(rms_norm(X, scale)), np.asarray(rms_norm(X)) * scale, rtol=1e-6)


def test_nothing_is_subtracted():
    constant = np.full((1, 4), 7.0, np.float32)
    np.testing.assert_allclose(np.asarray(rms_norm(constant)), np.ones((1, 4)), rtol=1e-6)


def test_eps_is_added_to_the_mean_square():
    np.testing.assert_allclose(np.asarray(rms_norm(X, eps=12.5))[0], np.asarray([3.0, 4.0]) / 5, rtol=1e-6)
    assert np.all(np.asarray(rms_norm(X))[1] == 0)


def test_bfloat16_is_normed_in_float32():
    rng = np.random.default_rng(0)
    x, scale = (ops.cast(rng.standard_normal(size), "bfloat16") for size in ((64, 384), (384,)))
    exact = np.asarray(rms_norm(ops.cast(x, "float32"), ops.cast(scale, "float32")))
    normed = rms_norm(x, scale)
    assert normed.dtype == "bfloat16"
    # One rounding at the end, and none before it.
    np.testing.assert_array_equal(
        np.asarray(ops.cast(normed, "float32")), np.asarray(ops.cast(ops.cast(exact, "bfloat16"), "float32"))
    )


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_size_of_a_vector_does_not_matter(size):
    x = np.random.default_rng(1).standard_normal((5, 32)).astype("float32")
    np.testing.assert_allclose(np.asarray(rms_norm(size * x, eps=0.0)), np.asarray(rms_norm(x, eps=0.0)), rtol=1e-5)
