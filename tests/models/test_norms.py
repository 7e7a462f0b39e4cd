"""RMS norm by hand."""

import numpy as np
import pytest
from keras import backend, ops

from g4lab.models import norms
from g4lab.runtime import to_numpy

X = np.asarray([[3.0, 4.0], [0.0, 0.0], [-1e4, 1e-4]], np.float32)


def rms_norm(x, scale=None, **options):
    scale = None if scale is None else ops.convert_to_tensor(scale)
    return to_numpy(norms.rms_norm(ops.convert_to_tensor(x), scale, **options))


def test_by_hand():
    # The mean square of (3, 4) is 12.5.
    expected = np.asarray([3.0, 4.0]) / np.sqrt(12.5)
    np.testing.assert_allclose(rms_norm(X)[0], expected, rtol=1e-6)


def test_the_scale_multiplies_as_it_is():
    scale = np.asarray([2.0, 0.0], np.float32)
    np.testing.assert_allclose(rms_norm(X, scale), rms_norm(X) * scale, rtol=1e-6)


def test_nothing_is_subtracted():
    constant = np.full((1, 4), 7.0, np.float32)
    np.testing.assert_allclose(rms_norm(constant), np.ones((1, 4)), rtol=1e-6)


def test_eps_is_added_to_the_mean_square():
    np.testing.assert_allclose(rms_norm(X, eps=12.5)[0], np.asarray([3.0, 4.0]) / 5, rtol=1e-6)
    assert np.all(rms_norm(X)[1] == 0)


def test_bfloat16_is_normed_in_float32():
    rng = np.random.default_rng(0)
    x, scale = (ops.cast(rng.standard_normal(size), "bfloat16") for size in ((64, 384), (384,)))
    assert backend.standardize_dtype(norms.rms_norm(x, scale).dtype) == "bfloat16"
    # One rounding at the end, and none before it.
    exact = norms.rms_norm(ops.cast(x, "float32"), ops.cast(scale, "float32"))
    np.testing.assert_array_equal(rms_norm(x, scale), to_numpy(ops.cast(exact, "bfloat16")))


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_size_of_a_vector_does_not_matter(size):
    x = np.random.default_rng(1).standard_normal((5, 32)).astype("float32")
    np.testing.assert_allclose(rms_norm(size * x, eps=0.0), rms_norm(x, eps=0.0), rtol=1e-5)
