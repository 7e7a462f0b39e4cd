"""Local attention window by window is the same sum as over the whole text with nearly all of it hidden."""

import numpy as np
import pytest
from keras import ops

from g4lab.models import attention
from g4lab.models.attention import attend
from g4lab.models.masks import EMPTY, visible
from g4lab.models.windows import cut, joined, visible_in_windows, worth_cutting
from g4lab.runtime import to_numpy
from tests.backends.gradients import gradients


def arrays(length, batch=2, heads=4, kv_heads=2, head_dim=8):
    rng = np.random.default_rng(length)
    shapes = (batch, length, heads, head_dim), (batch, kv_heads, length, head_dim), (batch, kv_heads, length, head_dim)
    return [rng.standard_normal(shape).astype("float32") for shape in shapes]


def positions(length, front=0, behind=0):
    """Two texts: one fills its row, the other has empty slots at its ends."""
    rows = np.arange(length), np.arange(length) - front
    rows[1][:front] = EMPTY
    rows[1][length - behind :] = EMPTY
    return ops.convert_to_tensor(np.int32(rows))


def in_windows(query, keys, values, places, window):
    return joined(attend(*cut(query, keys, values, window), visible_in_windows(places, window)), query.shape[1])


def of_the_whole(query, keys, values, places, window):
    return attend(query, keys, values, visible(places, places, window))


@pytest.mark.parametrize("length", [12, 13, 15, 16, 41])
@pytest.mark.parametrize("window", [1, 2, 4, 5])
@pytest.mark.parametrize("ends", [(0, 0), (3, 0), (0, 4), (6, 2)])
def test_the_same_sum(length, window, ends):
    places = positions(length, *ends)
    ours, exact = (
        to_numpy(form(*map(ops.convert_to_tensor, arrays(length)), places, window))
        for form in (in_windows, of_the_whole)
    )
    real = to_numpy(places) != EMPTY
    np.testing.assert_allclose(ours[real], exact[real], atol=2e-6)


def test_the_same_gradients():
    length, window = 13, 4
    places = positions(length, 2, 1)
    real = ops.cast(ops.not_equal(places, EMPTY), "float32")[..., None, None]
    upstream = ops.convert_to_tensor(np.random.default_rng(1).standard_normal((2, length, 4, 8)).astype("float32"))

    def loss(form):
        return lambda *qkv: ops.sum(form(*qkv, places, window) * real * upstream)

    for ours, exact in zip(
        gradients(loss(in_windows), arrays(length)), gradients(loss(of_the_whole), arrays(length)), strict=True
    ):
        np.testing.assert_allclose(ours, exact, atol=1e-5)


@pytest.mark.parametrize("block", [1, 5, 12, 13, 40])
@pytest.mark.parametrize("ends", [(0, 0), (3, 2)])
def test_global_layers_read_in_blocks(monkeypatch, block, ends):
    monkeypatch.setattr(attention, "BLOCK", block)
    places = positions(13, *ends)
    mask = visible(places, places, None)
    given = [*map(ops.convert_to_tensor, arrays(13)), mask]
    ours, exact = (to_numpy(form(*given)) for form in (attention.attend_in_blocks, attend))
    real = to_numpy(places) != EMPTY
    np.testing.assert_allclose(ours[real], exact[real], atol=2e-6)


def test_only_long_texts_of_local_layers_are_cut():
    assert worth_cutting(65, 65, 32)
    assert not worth_cutting(64, 64, 32)  # two windows: nothing would be saved
    assert not worth_cutting(65, 65, None)  # a global layer
    assert not worth_cutting(65, 90, 32)  # keys of a cache stand before the queries' own
