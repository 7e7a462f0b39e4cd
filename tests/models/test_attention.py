"""Masks and attention against goldens written out by hand, and against numpy."""

import numpy as np
from keras import ops

from g4lab.models import attention, masks
from g4lab.models.masks import EMPTY
from g4lab.runtime import to_numpy

CAUSAL = """
    x.....
    xx....
    xxx...
    xxxx..
    xxxxx.
    xxxxxx
"""
WINDOW_OF_3 = """
    x.....
    xx....
    xxx...
    .xxx..
    ..xxx.
    ...xxx
"""
PADDED_BY_2 = """
    ......
    ......
    ..x...
    ..xx..
    ..xxx.
    ...xxx
"""


def attend(*arrays):
    return to_numpy(attention.attend(*map(ops.convert_to_tensor, arrays)))


def visible(queries, keys, window):
    return to_numpy(masks.visible(*(ops.convert_to_tensor(x, "int32") for x in (queries, keys)), window))


def mask(text):
    return np.asarray([[mark == "x" for mark in line.strip()] for line in text.split()])


def test_golden_masks():
    positions = np.arange(6)[None]
    np.testing.assert_array_equal(visible(positions, positions, None)[0], mask(CAUSAL))
    np.testing.assert_array_equal(visible(positions, positions, 3)[0], mask(WINDOW_OF_3))
    padded = np.asarray([[EMPTY, EMPTY, 0, 1, 2, 3]])
    np.testing.assert_array_equal(visible(padded, padded, 3)[0], mask(PADDED_BY_2))


def test_the_order_of_the_slots_does_not_matter():
    ring = np.asarray([[4, 5, EMPTY, 3]])
    np.testing.assert_array_equal(visible(np.asarray([[5]]), ring, 2), [[[True, True, False, False]]])
    np.testing.assert_array_equal(visible(np.asarray([[5]]), ring, None), [[[True, True, False, True]]])


def by_hand(query, keys, values, allowed):
    """One query and one head at a time."""
    batch, length, heads, head_dim = query.shape
    groups = heads // keys.shape[1]
    out = np.zeros_like(query)
    for b in range(batch):
        for t in range(length):
            for n in range(heads):
                score = keys[b, n // groups] @ query[b, t, n]  # not divided by sqrt(H)
                weight = np.where(allowed[b, t], np.exp(score - score[allowed[b, t]].max()), 0)
                out[b, t, n] = weight / weight.sum() @ values[b, n // groups]
    return out


def test_grouped_queries_by_hand():
    rng = np.random.default_rng(0)
    query = rng.standard_normal((2, 6, 6, 8)).astype("float32")
    keys, values = rng.standard_normal((2, 2, 2, 6, 8)).astype("float32")
    allowed = np.stack([mask(CAUSAL), mask(WINDOW_OF_3)])
    expected = by_hand(query, keys, values, allowed)
    np.testing.assert_allclose(attend(query, keys, values, allowed), expected, atol=1e-5)


def test_a_query_that_sees_nothing_gives_no_nan():
    rng = np.random.default_rng(0)
    query, keys = (rng.standard_normal(shape).astype("float32") for shape in ((1, 6, 2, 4), (1, 2, 6, 4)))
    assert np.isfinite(attend(query, keys, keys, mask(PADDED_BY_2)[None])).all()


def test_the_largest_score_wins_without_overflow():
    query = np.full((1, 1, 1, 2), 300.0, np.float32)
    keys = np.asarray([[[[300.0, 300.0], [299.0, 299.0]]]], np.float32)
    values = np.asarray([[[[1.0, 2.0], [3.0, 4.0]]]], np.float32)
    out = attend(query, keys, values, np.ones((1, 1, 2), bool))
    np.testing.assert_array_equal(out[0, 0, 0], [1.0, 2.0])


def test_a_single_key_takes_all():
    one = np.full((1, 1, 1, 2), 3.0, np.float32)
    np.testing.assert_array_equal(attend(one, one, 2 * one, np.ones((1, 1, 1), bool)), 2 * one)
