"""Every head of a trace scored, ranked and measured."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import heads
from g4lab.tracing.row_scores import SCORES, Rows, sink_mass
from g4lab.tracing.trace import Segment, Token, Trace

BIG = 50.0


def made_up(ids, plan, reads) -> Trace:
    """A trace whose heads read exactly the key that `reads[layer][head]` names for each query."""
    length, sites = len(ids), {}
    for row, by_head in zip(plan, reads, strict=True):
        # every position is a direction of its own: a query points at its key
        sites[f"layers.{row['index']}.attention.k"] = np.eye(length, dtype=np.float32)[:, None]
        queries = np.stack([np.eye(length)[list(keys)] * BIG for keys in by_head], axis=1)
        sites[f"layers.{row['index']}.attention.q"] = queries.astype(np.float32)
    return Trace(tuple(Token(i, f" {i}") for i in ids), {"name": "made up", "plan": plan}, sites)


def row(index, window=None, heads=2):
    kind = "global" if window is None else "local"
    return {"index": index, "kind": kind, "window": window, "heads": heads, "kv_heads": 1, "owner": index}


LENGTH, PERIOD = 41, 20
IDS = [2, *range(10, 10 + PERIOD), *range(10, 10 + PERIOD)]
PREVIOUS = [0, *range(LENGTH - 1)]
FIRST = [0] * LENGTH
INDUCTION = [0] * (PERIOD + 1) + [t - PERIOD + 1 for t in range(PERIOD + 1, LENGTH)]
OWN = list(range(LENGTH))


@pytest.fixture(scope="module")
def trace():
    plan = [row(0, window=4), row(1)]
    return made_up(IDS, plan, [[PREVIOUS, OWN], [FIRST, INDUCTION]])


def test_the_finder_finds_each_head(trace):
    assert [f[:2] for f in heads.find_heads(trace, "previous token", 1)] == [(0, 0)]
    found = heads.find_heads(trace, "induction", 1)[0]
    assert (found.layer, found.head, found.rows) == (1, 1, PERIOD)
    assert found.value == pytest.approx(1)
    assert found.null == pytest.approx(np.mean([1 / (t + 1) for t in range(PERIOD + 1, LENGTH)]))
    sinks = heads.find_heads(trace, "sink mass")
    assert (sinks[0].layer, sinks[0].head) == (1, 0) and sinks[0].excess == sinks[0].value - sinks[0].null
    assert len(sinks) == 4


def test_a_window_that_hides_the_copies_has_no_score(trace):
    scores = heads.score_heads(trace, "induction")["induction"]
    assert np.isnan(scores.values[0]).all() and np.isnan(scores.nulls[0]) and scores.rows.tolist() == [0, PERIOD]
    assert [f.layer for f in scores.ranked()] == [1, 1]
    assert not scores.measure(0, 0).enough


def test_lowest_and_excess(trace):
    scores = heads.score_heads(trace, ("mean distance",))["mean distance"]
    assert (scores.ranked(lowest=True)[0].layer, scores.ranked(lowest=True)[0].head) == (0, 1)
    assert (scores.ranked()[0].layer, scores.ranked()[0].head) == (1, 0)
    order = [f.excess for f in scores.ranked(by="excess")]
    assert order == sorted(order, reverse=True)
    with pytest.raises(InputError, match="ranked by 'size'"):
        scores.ranked(by="size")


@pytest.mark.parametrize("pairs", [1, 1 << 20])
def test_values_are_means_over_the_rows_that_answer(trace, pairs, monkeypatch):
    """In one block of rows or in several."""
    monkeypatch.setattr("g4lab.tracing.attention.BLOCK_PAIRS", pairs)
    found = heads.score_heads(trace)
    assert list(found) == list(SCORES)
    for layer in range(2):
        rows = Rows(np.array(IDS), trace.visible(layer))
        for head in range(2):
            for name, score in SCORES.items():
                each = score(trace.attention(layer, head), rows)
                expected = np.nanmean(each) if np.isfinite(each).any() else np.nan
                np.testing.assert_allclose(found[name].values[layer, head], expected, rtol=1e-6, atol=1e-12)


def test_a_measure_has_its_null_or_makes_no_claim(trace):
    enough = heads.score_heads(trace, "previous token")["previous token"].measure(0, 0)
    assert enough.value == pytest.approx(1) and enough.sample == LENGTH - 1
    # rows 1 and 2 see two and three keys, the other 38 four
    assert enough.null.expected == pytest.approx((1 / 2 + 1 / 3 + 38 / 4) / 40)
    few = heads.score_heads(trace, "induction")["induction"].measure(1, 1)
    assert (few.enough, few.sample, few.needed) == (False, PERIOD, 30)
    with pytest.raises(InputError, match="head 7 of layer 0 was not scored"):
        heads.score_heads(trace, "entropy")["entropy"].measure(0, 7)


def test_only_the_queries_asked_for(trace):
    scores = heads.score_heads(trace, "sink mass", layers=[1], queries=slice(30, None))["sink mass"]
    assert scores.layers == (1,) and scores.rows.tolist() == [11]
    assert scores.nulls[0] == pytest.approx(np.mean([1 / (t + 1) for t in range(30, LENGTH)]))


def test_segments_beside_their_size(trace):
    pictured = Trace(trace.tokens, trace.model, trace.sites, segments=(Segment("user", 0, 1), Segment("image", 1, 21)))
    found = heads.segment_scores(pictured, layers=[1], queries=[LENGTH - 1])
    by_kind = {segment.kind: scores for segment, scores in found.items()}
    np.testing.assert_allclose(by_kind["user"].values, [[1, 0]], atol=1e-6)
    np.testing.assert_allclose(by_kind["image"].nulls, [20 / 41])
    with pytest.raises(InputError, match="no segments"):
        heads.segment_scores(trace)


def test_sink_rate(trace):
    # local heads see position 0 in rows 1 to 3: head 0 in row 1 only
    scores = heads.score_heads(trace, "sink mass")["sink mass"]
    np.testing.assert_allclose(scores.values, [[1 / 3, 0], [1, np.mean(np.array(INDUCTION[1:]) == 0)]], atol=1e-6)
    assert heads.sink_rate(scores) == 3 / 4
    assert heads.sink_rate(scores, above=0.9) == 1 / 4


def test_a_score_of_ones_own_sees_whole_patterns(monkeypatch):
    monkeypatch.setattr("g4lab.tracing.attention.BLOCK_PAIRS", 1)
    plan = [row(0, window=4, heads=1)]
    trace = made_up(IDS, plan, [[PREVIOUS]])
    shapes = []

    def first_key(pattern, rows):
        shapes.append((pattern.shape, rows.visible.shape))
        return pattern[:, 0]

    found = heads.score_heads(trace, {"first key": first_key})["first key"]
    assert set(shapes) == {((LENGTH, LENGTH), (LENGTH, LENGTH))}
    np.testing.assert_allclose(found.values, [[2 / LENGTH]])  # rows 0 and 1 read key 0


def test_every_block_is_shown_once(trace):
    seen = np.zeros((2, 2, LENGTH))

    def watch(block):
        seen[block.layer, :, block.rows.queries] += block.patterns.sum(-1).T

    heads.score_heads(trace, "sink mass", watch=watch)
    np.testing.assert_allclose(seen, 1, rtol=1e-6)


def test_a_score_of_ones_own(trace):
    found = heads.find_heads(trace, lambda pattern, rows: pattern[:, 0] * 2, 1)[0]
    assert (found.layer, found.head) == (1, 0) and found.value == pytest.approx(2)
    assert heads.find_heads(trace, sink_mass, 1)[0][:2] == (1, 0)


def test_what_cannot_be_scored_is_named(trace):
    with pytest.raises(InputError, match="no score is called 'sinks'"):
        heads.score_heads(trace, "sinks")
    with pytest.raises(InputError, match="no layer 9"):
        heads.score_heads(trace, "entropy", layers=[9])
    once = Trace(tuple(Token(i, "x") for i in range(LENGTH)), trace.model, trace.sites)
    with pytest.raises(InputError, match='"induction" has no answer'):
        heads.find_heads(once, "induction")
