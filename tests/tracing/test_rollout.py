"""Rollout and value-weighted attention by hand."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.rollout import mean_pattern, rollout, trace_rollout
from g4lab.tracing.trace import Trace
from g4lab.tracing.value_weighted import (
    lengths_site,
    value_lengths,
    value_weighted,
    value_weighted_attention,
    with_value_lengths,
)
from tests.tracing.traces import make_trace


def test_rollout_by_hand():
    first = np.array([[1, 0], [1, 0.0]])
    second = np.array([[1, 0], [0.5, 0.5]])
    found = rollout([first, second])
    np.testing.assert_allclose(found[0], [[1, 0], [0.5, 0.5]])
    # (0.25, 0.75) times the layer below: 0.25 + 0.75 / 2
    np.testing.assert_allclose(found[1], [[1, 0], [0.625, 0.375]])


def test_rows_that_do_not_sum_to_one_are_put_right():
    np.testing.assert_allclose(rollout([np.zeros((2, 2))])[0], np.eye(2))


def test_rollout_of_a_trace_beside_that_of_uniform_heads():
    trace = make_trace()
    found, null = trace_rollout(trace)
    assert found.shape == null.shape == (4, 12, 12)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(null.sum(-1), 1)
    expected = np.eye(12)
    for layer in range(4):
        expected = (mean_pattern(trace, layer) + np.eye(12)) / 2 @ expected
    np.testing.assert_allclose(found[-1], expected, atol=1e-6)
    # three local layers of window 4 reach 9 back at most, the global layer on top reaches all
    assert not found[2][11, :2].any() and found[2][11, 2] > 0
    assert not null[2][11, :2].any() and (null[3][11] > 0).all()
    # row 1 of a uniform layer: (1/2, 1/2), half of it the stream's: (1/4, 3/4)
    np.testing.assert_allclose(null[0][1, :2], [0.25, 0.75])


def test_value_weighted_by_hand():
    pattern = np.array([[1, 0], [0.75, 0.25]])
    values, output = np.array([[1.0, 0], [0, 1]]), np.array([[1.0, 0], [0, 9]])
    # lengths 1 and 9: 0.75 against 2.25
    np.testing.assert_allclose(value_weighted(pattern, values, output), [[1, 0], [0.25, 0.75]])
    np.testing.assert_array_equal(value_weighted(pattern, 0 * values, output), np.zeros((2, 2)))


def test_a_sink_with_short_values_shrinks():
    trace = make_trace()
    rng = np.random.default_rng(0)
    values = rng.normal(size=(12, 2, 6)).astype(np.float32)
    values[0] = 0
    output = rng.normal(size=(4, 6, 16))
    with_values = Trace(trace.tokens, trace.model, {**trace.sites, "layers.3.attention.v": values})
    found, null = value_weighted_attention(with_values, 3, 2, output)
    lengths = np.linalg.norm(values[:, 1] @ output[2], axis=-1)  # head 2 reads key/value head 1
    expected = trace.attention(3, 2) * lengths
    np.testing.assert_allclose(found[1:], (expected / expected.sum(-1, keepdims=True).clip(1e-30))[1:], rtol=1e-5)
    np.testing.assert_allclose(null[5, :6], lengths[:6] / lengths[:6].sum())
    assert not found[:, 0].any()
    with pytest.raises(InputError, match=r"model\.attention_output\(3\)"):
        value_weighted_attention(with_values, 3, 2, output[:, :5])
    with pytest.raises(InputError, match=r"layers\.3\.attention\.v"):
        value_weighted_attention(trace, 3, 2, output)


def test_a_trace_carries_the_lengths_of_its_values():
    trace = make_trace()
    values = {f"layers.{i}.attention.v": np.zeros((12, 2, 2), np.float32) for i in range(4)}
    values["layers.1.attention.v"][:, 1] = [3, 4]
    output = np.zeros((4, 2, 3))
    output[3] = [[0, 1, 0], [0, 0, 2]]  # (3, 4) becomes (0, 3, 8)
    np.testing.assert_allclose(value_lengths(values["layers.1.attention.v"][:, 1], output[3]), np.sqrt(73))
    found = with_value_lengths(Trace(trace.tokens, trace.model, {**trace.sites, **values}), lambda layer: output)
    np.testing.assert_allclose(found[lengths_site(1)][5], [0, 0, 0, np.sqrt(73)])
    assert not found[lengths_site(0)].any() and found.tokens == trace.tokens
    with pytest.raises(InputError, match=r"layers\.0\.attention\.v"):
        with_value_lengths(trace, lambda layer: output)
