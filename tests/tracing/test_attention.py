import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.attention import attention_pattern, key_bounds, row_blocks, visible_keys
from g4lab.tracing.trace import Segment, Trace
from tests.tracing.traces import make_trace


def test_a_window_of_two_keys_by_hand():
    expected = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert visible_keys(4, window=2).astype(int).tolist() == expected
    assert visible_keys(4, window=None).astype(int).tolist() == np.tril(np.ones((4, 4), int)).tolist()


def test_a_picture_sees_itself_both_ways():
    expected = [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 1, 1, 1]]
    assert visible_keys(4, window=3, spans=[(1, 3)]).astype(int).tolist() == expected


def test_a_picture_longer_than_the_window_loses_its_oldest_part():
    """window and (causal or the same picture), as transformers has it; keras-hub would let rows 3 and 4 see key 1."""
    expected = [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 0],
        [0, 1, 1, 1, 1, 0],
        [0, 0, 1, 1, 1, 0],
        [0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 1, 1],
    ]
    assert visible_keys(6, window=2, spans=[(1, 5)]).astype(int).tolist() == expected
    first, end = key_bounds(6, 2, [(1, 5)])
    assert first.tolist() == [0, 0, 1, 2, 3, 4] and end.tolist() == [1, 5, 5, 5, 5, 6]


@pytest.mark.parametrize("window", [None, 1, 7, 300])
@pytest.mark.parametrize("heads", [1, 64])
def test_blocks_cover_every_visible_pair_once(window, heads, monkeypatch):
    monkeypatch.setattr("g4lab.tracing.attention.BLOCK_PAIRS", 1 << 12)
    first, end = key_bounds(500, window, [(40, 80)])
    covered = np.zeros((500, 500), int)
    widths = []
    for queries, keys in row_blocks(first, end, heads):
        covered[queries, keys] += 1
        widths.append(keys.stop - keys.start)
    assert covered.max() == 1 and covered[visible_keys(500, window, [(40, 80)])].all()
    # a local layer never costs the whole text
    assert max(widths) <= (500 if window is None else 256 + window + 40)


def test_all_heads_at_once():
    trace = make_trace()
    for layer in range(4):
        each = np.stack([trace.attention(layer, head) for head in range(4)])
        np.testing.assert_array_max_ulp(trace.attention(layer), each, 1)


@pytest.mark.parametrize("layer", [0, 3])
def test_a_pattern_is_the_same_in_blocks_of_any_size(layer, monkeypatch):
    trace = make_trace(["<bos>", *["the"] * 299])
    whole = attention_pattern(
        trace[f"layers.{layer}.attention.q"][:, 1], trace[f"layers.{layer}.attention.k"][:, 0], trace.visible(layer)
    )
    for pairs in (1 << 8, 1 << 20):
        monkeypatch.setattr("g4lab.tracing.attention.BLOCK_PAIRS", pairs)
        np.testing.assert_array_max_ulp(trace.attention(layer, 1), whole, 1)
    ((rows, keys, row),) = trace.attention_blocks(layer, 1, 217, 218)
    np.testing.assert_array_max_ulp(row[0, 0], whole[217, keys], 1)
    assert (rows.start, rows.stop) == (217, 218)


def test_pattern_by_hand():
    # one dimension: the scores are the products themselves, log 3 weighs three times log 1
    queries = np.array([[1.0], [1.0]])
    keys = np.array([[np.log(3.0)], [np.log(1.0)]])
    pattern = attention_pattern(queries, keys, visible_keys(2, None))
    np.testing.assert_allclose(pattern, [[1, 0], [0.75, 0.25]], atol=1e-7)


def test_scores_are_not_divided_by_the_root_of_the_head_dim():
    queries, keys = np.ones((2, 16)), np.array([np.zeros(16), np.full(16, 0.25)])
    pattern = attention_pattern(queries, keys, visible_keys(2, None))
    np.testing.assert_allclose(pattern[1, 1], 1 / (1 + np.exp(-4.0)), rtol=1e-6)


def test_large_scores_stay_finite():
    pattern = attention_pattern(np.full((3, 4), 100.0), np.full((3, 4), 100.0), visible_keys(3, None))
    np.testing.assert_allclose(pattern[2], 1 / 3, rtol=1e-6)


def test_trace_groups_heads_and_keeps_the_window():
    trace = make_trace()
    keys = trace["layers.1.attention.k"]
    for head, kv_head in [(0, 0), (1, 0), (2, 1), (3, 1)]:
        expected = attention_pattern(
            trace["layers.1.attention.q"][:, head], keys[:, kv_head], visible_keys(len(trace), 4)
        )
        np.testing.assert_array_equal(trace.attention(1, head), expected)
    assert not trace.attention(1, 0)[10, :7].any()
    assert trace.attention(3, 0)[10, :7].all()


def test_a_borrower_reads_its_owners_keys():
    trace = make_trace()
    trace.plan[2]["owner"] = 0
    sites = {name: value for name, value in trace.sites.items() if name != "layers.2.attention.k"}
    borrowed = Trace(trace.tokens, trace.model, sites).attention(2, 1)
    expected = attention_pattern(
        trace["layers.2.attention.q"][:, 1], trace["layers.0.attention.k"][:, 0], visible_keys(len(trace), 4)
    )
    np.testing.assert_array_equal(borrowed, expected)


@pytest.mark.parametrize("layer, sees_later", [(0, True), (3, False)])
def test_pictures_are_bidirectional_on_local_layers_only(layer, sees_later):
    trace = make_trace()
    model = {**trace.model, "bidirectional_images": True}
    pictured = Trace(trace.tokens, model, trace.sites, segments=(Segment("image", 2, 5),))
    assert bool(pictured.attention(layer, 0)[2, 3] > 0) is sees_later


def test_what_does_not_exist_is_named():
    trace = make_trace()
    with pytest.raises(InputError, match="no head 9"):
        trace.attention(0, 9)
    with pytest.raises(InputError, match="no layer -1"):
        trace.attention(-1, 0)
    with pytest.raises(InputError, match="layers.0.attention.q"):
        Trace(trace.tokens, trace.model, {}).attention(0, 0)
