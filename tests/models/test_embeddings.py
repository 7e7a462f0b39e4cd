"""Tokens to vectors and back: scales, the soft cap, and what PLE is put together from."""

import numpy as np
import pytest
from keras import backend, ops

from g4lab.models.embeddings import PerLayerEmbeddings, TokenEmbedding
from g4lab.models.feedforward import gated
from g4lab.runtime import to_numpy
from tests.models.networks import DENSE, SHARING, tokens

IDS = tokens(2, 5)


def table(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


@pytest.fixture(scope="module")
def embed():
    made = TokenEmbedding(DENSE)
    made.table.assign(table(DENSE.vocab_size, DENSE.width))
    return made


def test_rows_times_the_root_of_the_width(embed):
    np.testing.assert_allclose(to_numpy(embed(IDS)), to_numpy(embed.table)[IDS] * DENSE.width**0.5, rtol=1e-6)


def test_in_bfloat16_the_root_is_rounded_first():
    # sqrt(48) = 6.9282 is 6.9375 in bfloat16; E2B's sqrt(1536) = 39.19 becomes 39.25.
    embed = TokenEmbedding(DENSE, "bfloat16")
    embed.table.assign(ops.ones((DENSE.vocab_size, DENSE.width)))
    assert set(to_numpy(embed(IDS)).flat) == {6.9375}


def test_logits_read_the_same_table_under_a_soft_cap(embed):
    x = 9 * np.random.default_rng(1).standard_normal((2, 5, DENSE.width)).astype("float32")
    raw = x @ to_numpy(embed.table).T
    logits = to_numpy(embed.logits(ops.convert_to_tensor(x)))
    np.testing.assert_allclose(logits, 8 * np.tanh(raw / 8), atol=1e-4)  # DENSE caps at 8
    assert np.abs(raw).max() > 100 and np.abs(logits).max() <= 8


def test_no_cap():
    embed = TokenEmbedding(DENSE.replace(softcap=None))
    embed.table.assign(100 * table(DENSE.vocab_size, DENSE.width))
    x = np.ones((1, 1, DENSE.width), np.float32)
    np.testing.assert_allclose(to_numpy(embed.logits(ops.convert_to_tensor(x))), x @ to_numpy(embed.table).T, rtol=1e-4)


def test_logits_are_float32_and_finer_than_bfloat16():
    embed = TokenEmbedding(DENSE, "bfloat16")
    embed.table.assign(table(DENSE.vocab_size, DENSE.width))
    logits = embed.logits(ops.ones((1, 1, DENSE.width), "bfloat16"))
    assert backend.standardize_dtype(logits.dtype) == "float32"
    assert (to_numpy(logits) != to_numpy(ops.cast(logits, "bfloat16"))).any()


def test_ple_by_hand():
    config = SHARING
    layers, size, width = config.layers, config.ple_dim, config.width
    ple = PerLayerEmbeddings(config)
    ple.table.assign(table(config.ple_vocab_size, layers * size))
    ple.projection.kernel.assign(table(width, layers * size))
    ple.norm.scale.assign(table(size))
    x = 3 * table(2, 5, width)
    context = (x @ table(width, layers * size) * width**-0.5).reshape(2, 5, layers, size)
    context = context / np.sqrt((context**2).mean(-1, keepdims=True) + config.norm_eps) * table(size)
    token = table(config.ple_vocab_size, layers * size)[IDS].reshape(2, 5, layers, size) * size**0.5
    np.testing.assert_allclose(
        to_numpy(ple(ops.convert_to_tensor(IDS), ops.convert_to_tensor(x))), (context + token) / 2**0.5, atol=2e-5
    )


def test_the_gate_is_the_tanh_gelu():
    gate = np.asarray([-3.0, -0.5, 0.0, 0.5, 3.0], np.float32)
    gelu = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
    np.testing.assert_allclose(to_numpy(gated(ops.convert_to_tensor(gate), 2.0)), 2 * gelu, atol=1e-6)
