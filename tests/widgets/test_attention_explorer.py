"""AttentionExplorer: hand-made patterns, exact numbers in the page, and a small random network whose heads are cut."""

import csv
import io

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.row_scores import Rows
from g4lab.tracing.sweep import sweep
from g4lab.tracing.trace import Segment, Trace
from g4lab.tracing.value_weighted import value_weighted_attention, with_value_lengths
from g4lab.widgets import AttentionExplorer
from g4lab.widgets import attention_content as content
from g4lab.widgets import attention_holding as holding
from tests.tracing.traces import describe, make_trace, tokens
from tests.widgets.pages import arrays_of, header_of, hostile_page

IDS = [2, 5, 9, 5, 7, 5, 9]


def handmade() -> Trace:
    """One global layer, one head of H=1, two tokens: scores [1] and [0, ln 3], so the rows are [1] and [1/4, 3/4]."""
    row = {"index": 0, "kind": "global", "window": None, "heads": 1, "kv_heads": 1, "owner": 0, "experts": 0}
    sites = {
        "layers.0.attention.q": np.ones((2, 1, 1), np.float32),
        "layers.0.attention.k": np.log([[[1.0]], [[3.0]]]).astype(np.float32),
        "next.logits": np.zeros(3, np.float32),
    }
    return Trace(tokens(["<bos>", "the"]), describe(1, 0, 0) | {"plan": [row]}, sites)


def long_trace(length: int, layers: int = 4) -> Trace:
    return make_trace(["<bos>", *["the"] * (length - 1)], layers=layers)


@pytest.fixture(scope="module")
def model():
    from g4lab import runtime

    runtime.choose_backend()
    from g4lab.lab import Lab
    from tests.models.networks import network
    from tests.parity.configs import LIKE_E2B

    return Lab(network(LIKE_E2B))


@pytest.fixture(scope="module")
def shared(model):
    return AttentionExplorer(model, IDS)


@pytest.fixture
def view(shared):
    if shared.cuts:
        shared.reset()
    return shared


def sent_by(view, message) -> tuple[dict, list[bytes]]:
    """What the page would be sent for a message."""
    sent = []
    view.widget.send = lambda answer, buffers: sent.append((answer, buffers))
    view.widget._answer(message)
    ((answer, buffers),) = sent
    return answer, buffers


def pooled(pattern: np.ndarray, cells: int) -> np.ndarray:
    """A whole pattern max-pooled."""
    rows = Rows(np.zeros(len(pattern), int), np.ones(pattern.shape, bool))
    return content.max_pooled(pattern[None], len(pattern), cells, rows)[2][0]


def weights_of(arrays: dict, held: dict, trace: Trace) -> np.ndarray:
    """The visible weights of a held head as the page gets or computes them: in double precision, rounded once."""
    layer, head, start = held["layer"], held["head"], held["start"]
    if held["form"] == "weights":
        return arrays[f"head.{layer}.{head}"]
    row = trace.plan[layer]
    queries = wide(arrays[f"q.{layer}.{head}"])
    keys = wide(arrays[f"k.{row['owner']}.{head // (row['heads'] // row['kv_heads'])}"])
    visible = trace.visible(layer)[start:]
    scores = np.where(visible, queries @ keys.T, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return np.float32(weights / weights.sum(-1, keepdims=True))[visible]


def wide(array: np.ndarray) -> np.ndarray:
    """Upper halves of float32, or float32, as float64."""
    if array.dtype == np.uint16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.astype(np.float64)


def test_pooling_keeps_the_largest():
    pattern = np.array([[1, 0, 0], [0.25, 0.75, 0], [0.5, 0.125, 0.375]])
    assert pooled(pattern, 3).tolist() == pattern.tolist()
    assert pooled(pattern, 2).tolist() == [[1, 0], [0.5, 0.75]]
    assert pooled(pattern, 1).tolist() == [[1]]


def test_a_stripe_one_token_wide_is_seen_in_a_thumbnail():
    previous = np.eye(512, k=-1)
    found = pooled(previous, 64)
    assert (np.diag(found) == 1).all() and found.sum() == 64 + 63


@pytest.mark.parametrize("length", [3, 12, 100, 700])
def test_pooling_block_by_block_is_pooling_the_whole(length, monkeypatch):
    monkeypatch.setattr("g4lab.tracing.attention.BLOCK_PAIRS", 1 << 10)
    trace = long_trace(length)
    thumbs = content.Thumbnails(trace)
    for _, blocks in sweep(trace):
        for block in blocks:
            thumbs.take(block)
    places = content.all_heads(trace)
    whole = np.stack([pooled(trace.attention(*place), content.side(trace)) for place in places])
    np.testing.assert_allclose(thumbs.pooled, whole, rtol=2e-6)


def test_by_hand():
    view = AttentionExplorer(handmade())
    arrays = view.content(False)[1]
    held = view.content(False)[0]["held"]
    np.testing.assert_allclose(weights_of(arrays, held[0], view.before), [1, 0.25, 0.75], rtol=1e-6)
    assert arrays["thumbs"].tolist() == [[[255, 0], [128, 221]]]
    found = view.score("previous token")
    assert (found.values[0, 0], found.nulls[0]) == (pytest.approx(0.25), 0.5)


def test_bounds_follow_the_window_and_pictures():
    trace = make_trace()
    kinds, arrays = content.bounds(trace)
    assert kinds == [0, 0, 0, 1] and arrays["before"].dtype == np.uint8
    assert arrays["before"].tolist() == [[0, 1, 2, *[3] * 9], list(range(12))] and not arrays["after"].any()
    model = {**trace.model, "bidirectional_images": True}
    pictured = Trace(trace.tokens, model, trace.sites, segments=(Segment("image", 2, 5),))
    kinds, arrays = content.bounds(pictured)
    assert arrays["after"][kinds[0]].tolist() == [0, 0, 2, 1, *[0] * 8] and not arrays["after"][kinds[3]].any()
    for layer in range(4):
        counted = (1 + arrays["before"][kinds[layer]].astype(int) + arrays["after"][kinds[layer]]).sum()
        assert holding.packed_rows(pictured, layer, 0).size == counted == pictured.visible(layer).sum()


def test_the_page_holds_the_exact_numbers():
    trace = make_trace()
    view = AttentionExplorer(trace, head=(1, 2))
    html = view.static()
    arrays, header = arrays_of(html), header_of(html)
    assert header["held"][0] == {"layer": 1, "head": 2, "form": "weights", "start": 0}
    assert len(header["held"]) == 16 and header["editable"] is False and header["by_value"] is False
    for held in header["held"]:
        layer, head = held["layer"], held["head"]
        expected = trace.attention(layer, head)[trace.visible(layer)]
        np.testing.assert_array_equal(weights_of(arrays, held, trace), expected)
    names = [score["name"] for score in header["scores"]]
    np.testing.assert_array_equal(arrays[f"score.{names.index('entropy')}"], view.score("entropy").values)
    assert header["scores"][names.index("entropy")]["nulls"] == pytest.approx([1, 1, 1, 1])


def test_a_long_head_is_held_as_its_queries_and_keys(monkeypatch):
    """What the page computes from them is what the kernel says, to the last digit; heads of a group share the keys."""
    trace = long_trace(600)
    html = AttentionExplorer(trace, head=(3, 2)).static()
    arrays, header = arrays_of(html), header_of(html)
    assert header["held"][0] == {"layer": 3, "head": 2, "form": "factors", "start": 0} and len(html) < 2_000_000
    for held in header["held"][:6]:
        found = weights_of(arrays, held, trace)
        expected = trace.attention(held["layer"], held["head"])[trace.visible(held["layer"])]
        # two orders of summing in double precision may round a single to either neighbour, once in millions
        np.testing.assert_array_max_ulp(found, expected, 1)
        assert (found == expected).mean() > 0.99999
    named = {name for name in arrays if name.startswith("k.3.")}
    assert named == {"k.3.0", "k.3.1"}


def test_of_a_head_that_does_not_fit_the_last_rows_are_held():
    trace = long_trace(100)
    whole = 4 * 100 * 101 // 2
    (held,) = holding.choose(trace, [(3, 0)], whole // 2 + holding.INDEX_BYTES, in_part=[(3, 0)])
    assert held.form == "factors" and held.start == 0  # queries and keys of H=6 are smaller than half of the weights
    long_keys = dict(trace.sites)
    for site in ("layers.3.attention.q", "layers.3.attention.k"):
        long_keys[site] = np.random.default_rng(0).normal(size=(*trace[site].shape[:2], 300)).astype(np.float32) / 17
    trace = Trace(trace.tokens, trace.model, long_keys)
    room = 4 * sum(range(61, 101)) + holding.INDEX_BYTES
    (held,) = holding.choose(trace, [(3, 0)], room, in_part=[(3, 0)])
    assert held == (3, 0, "weights", 60)
    rows = holding.arrays_of(trace, held)["head.3.0"]
    np.testing.assert_array_equal(rows, trace.attention(3, 0)[60:][trace.visible(3)[60:]])
    assert holding.choose(trace, [(3, 0)], room) == []
    assert holding.choose(trace, [(3, 0)], 4 * 15 * 100, in_part=[(3, 0)]) == []
    (held,) = holding.choose(trace, [(3, 0)], 4 * 300 * (100 + 40) + holding.INDEX_BYTES, in_part=[(3, 0)])
    assert (held.form, held.start) == ("weights", 0)


def test_what_a_bfloat16_model_computed_takes_half_the_room():
    trace = long_trace(400)
    halves = {
        name: (np.ascontiguousarray(value).view(np.uint32) & 0xFFFF0000).view(np.float32)
        if "attention" in name
        else value
        for name, value in trace.sites.items()
    }
    trace = Trace(trace.tokens, trace.model, halves)
    html = AttentionExplorer(trace, head=(3, 1)).static()
    arrays, held = arrays_of(html), header_of(html)["held"][0]
    assert held["form"] == "factors" and arrays["q.3.1"].dtype == arrays["k.3.0"].dtype == np.uint16
    np.testing.assert_array_max_ulp(weights_of(arrays, held, trace), trace.attention(3, 1)[trace.visible(3)], 1)


def test_a_page_without_room_holds_the_rows_that_fit(monkeypatch):
    trace = long_trace(600, layers=6)
    view = AttentionExplorer(trace, head=(5, 3))
    assert len(view.static()) < 2_000_000
    monkeypatch.setattr(content, "PAGE_BYTES", 0)
    bare = view.static()
    assert header_of(bare)["held"] == []
    monkeypatch.setattr(content, "PAGE_BYTES", len(bare) + 30_000)
    html = view.static()
    (held,) = header_of(html)["held"]
    assert len(html) <= content.PAGE_BYTES
    start = held["start"]
    assert held == {"layer": 5, "head": 3, "form": "factors", "start": start} and 0 < start < 584
    expected = trace.attention(5, 3)[start:][trace.visible(5)[start:]]
    np.testing.assert_array_max_ulp(weights_of(arrays_of(html), held, trace), expected, 1)


def test_many_heads_have_smaller_thumbnails():
    trace = long_trace(200)
    assert content.side(trace) == 64
    model = dict(trace.model, plan=[dict(row, heads=64) for row in trace.plan])
    many = Trace(trace.tokens, model, trace.sites)
    assert content.side(many) ** 2 * 256 <= content.THUMBS_BYTES and content.side(many) < 64


def test_a_head_is_fetched_with_all_its_digits():
    view = AttentionExplorer(make_trace())
    message, (raw,) = sent_by(view, {"kind": "head", "layer": 3, "head": 1})
    expected = {"form": "weights", "types": ["float32"], "lengths": False}
    assert message == {"kind": "head", "layer": 3, "head": 1, **expected} and view.chosen == (3, 1)
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), view.before.attention(3, 1)[view.before.visible(3)])


def test_a_large_head_is_fetched_as_its_queries_and_keys(monkeypatch):
    trace = long_trace(300)
    monkeypatch.setattr(content, "EXACT_BYTES", 20_000)
    view = AttentionExplorer(trace)
    message, (queries, keys) = sent_by(view, {"kind": "head", "layer": 3, "head": 3})
    assert message["form"] == "factors" and message["types"] == ["float32", "float32"]
    np.testing.assert_array_equal(np.frombuffer(queries, "<f4"), trace["layers.3.attention.q"][:, 3].ravel())
    np.testing.assert_array_equal(np.frombuffer(keys, "<f4"), trace["layers.3.attention.k"][:, 1].ravel())


def test_a_larger_head_comes_in_steps_and_its_rows_exactly(monkeypatch):
    monkeypatch.setattr(content, "EXACT_BYTES", 100)
    view = AttentionExplorer(make_trace())
    message, (raw,) = sent_by(view, {"kind": "head", "layer": 3, "head": 1})
    weights = view.before.attention(3, 1)[view.before.visible(3)]
    assert message["form"] == "steps" and len(raw) == len(weights)
    np.testing.assert_allclose((np.frombuffer(raw, np.uint8) / 255) ** 2, weights, atol=0.005)
    _, (raw,) = sent_by(view, {"kind": "row", "layer": 2, "head": 1, "token": 7})
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4"), view.before.attention(2, 1)[7, 4:8])


def test_long_texts_are_scored_when_the_finder_asks(monkeypatch):
    monkeypatch.setattr("g4lab.widgets.attention.ALL_SCORES_PAIRS", 500)
    view = AttentionExplorer(make_trace())
    assert content.visible_pairs(view.before) == 4 * (78 + 3 * 42)
    assert list(view.scores) == ["previous token"]
    view.handle({"kind": "score", "name": "entropy"})
    header = view.content(True)[0]
    assert [score["name"] for score in header["scores"]] == ["previous token", "entropy"]
    assert "induction" in header["score_names"]
    view.widget._answer({"kind": "score", "name": "beauty"})
    assert view.widget.status["state"] == "error" and "beauty" in view.widget.status["what"]


def test_value_lengths_reach_the_page(view, tmp_path):
    """Live from the model; later from a trace that carries them. Both give the value-weighted rows and their null."""
    header, arrays = view.content(True)
    assert header["by_value"] is True and len(header["held"]) == 7 * view.before.plan[0]["heads"]
    for place in ((0, 1), (4, 0)):  # layer 4 borrows
        found, null = value_weighted_attention(view.before, *place, view.model.attention_output(place[0]))
        lengths = arrays["lengths.{}.{}".format(*place)]
        weighted = view.before.attention(*place) * lengths
        np.testing.assert_array_equal(weighted / weighted.sum(-1, keepdims=True), found)
        uniform = view.before.visible(place[0]) * lengths
        np.testing.assert_allclose(uniform / uniform.sum(-1, keepdims=True), null, rtol=1e-12)
    message, buffers = sent_by(view, {"kind": "head", "layer": 4, "head": 0})
    assert message["lengths"] is True and message["types"][-1] == "float64"
    np.testing.assert_array_equal(np.frombuffer(buffers[-1]), arrays["lengths.4.0"])
    with_value_lengths(view.before, view.model.attention_output).save(tmp_path / "run.npz")
    recorded = AttentionExplorer(Trace.load(tmp_path / "run.npz"))
    html = recorded.static()
    assert header_of(html)["by_value"] is True
    np.testing.assert_array_equal(arrays_of(html)["lengths.4.0"], arrays["lengths.4.0"])
    lines = list(csv.DictReader(io.StringIO(recorded.to_csv(0, 1))))
    found, null = value_weighted_attention(view.before, 0, 1, view.model.attention_output(0))
    row = lines[-1]
    place = int(row["query"]), int(row["key"])
    assert float(row["value_weighted"]) == pytest.approx(found[place], rel=1e-12)
    assert float(row["value_weighted_uniform"]) == pytest.approx(null[place], rel=1e-12)


def test_borrowers_and_groups_reach_the_page(view):
    layers = view.content(False)[0]["layers"]
    assert [row["owner"] for row in layers] == [row.owner for row in view.model.plan]
    assert any(row["owner"] != row["index"] for row in layers)


def test_cutting_a_head_takes_its_part_out_of_the_output(view):
    """The layer's output without a head is that of the other heads, and the view reports the model's own change."""
    layer, head = 2, 0
    sites = [f"layers.{layer}.attention.heads", f"layers.{layer + 1}.attention.q"]
    from g4lab.models.cutting import edits

    before = view.model.trace(IDS, sites=sites)
    cut = view.model.trace(IDS, sites=sites, edits=edits([(layer, head)], view.before.plan[0]["heads"]))
    assert not cut[sites[0]][:, head].any() and before[sites[0]][:, head].any()
    np.testing.assert_array_equal(cut[sites[0]][:, 1:], before[sites[0]][:, 1:])
    assert np.abs(cut[sites[1]] - before[sites[1]]).max() > 1e-4
    view.cut(layer, head)
    change = view.content(True)[0]["next"]["change"]
    best = before.next_token(1)[0].id
    assert change == pytest.approx(cut.log_probabilities()[best] - before.log_probabilities()[best], abs=1e-6)
    assert change != 0
    again = view.model.trace(IDS)
    np.testing.assert_array_equal(again["next.logits"], before["next.logits"])


def test_cutting_a_layer_is_cutting_all_its_heads(view):
    view.handle({"kind": "cut", "layer": 1, "head": None, "cut": True})
    heads = view.before.plan[1]["heads"]
    assert view.cuts == [(1, head) for head in range(heads)]
    zeros = {"layers.1.attention.heads": np.zeros((1, 1, 1), np.float32)}
    expected = view.model.trace(IDS, sites=(), edits=zeros)["next.logits"]
    np.testing.assert_allclose(view.after["next.logits"], expected, atol=1e-6)
    view.handle({"kind": "cut", "layer": 1, "head": 0, "cut": False})
    assert (1, 0) not in view.cuts and len(view.cuts) == heads - 1
    view.handle({"kind": "reset"})
    assert view.after is None and view.cuts == []


def test_cutting_the_global_layers(view):
    view.handle({"kind": "cut_global"})
    assert {layer for layer, _ in view.cuts} == {2, 6}
    assert "Cutting" in view.sentence()


@pytest.mark.parametrize("layer, head", [(7, 0), (-1, 0), ("2", 0), (True, 0), (0, 99), (0, -1), (0, "1"), (None, 0)])
def test_a_head_that_does_not_exist(view, layer, head):
    for message in (
        {"kind": "cut", "layer": layer, "head": head, "cut": True},
        {"kind": "head", "layer": layer, "head": head},
        {"kind": "row", "layer": layer, "head": head, "token": 0},
    ):
        with pytest.raises(InputError, match="there is no (layer|head)"):
            view.handle(message)
    assert view.cuts == []


@pytest.mark.parametrize("token", [99, -1, "0", None])
def test_a_row_that_does_not_exist(view, token):
    with pytest.raises(InputError, match="there is no token"):
        view.handle({"kind": "row", "layer": 0, "head": 0, "token": token})


@pytest.mark.parametrize(
    "prompt, words",
    [("", "prompt is empty"), ("x" * 100_000, "100,000 characters"), (None, "nothing to read")],
)
def test_a_bad_prompt_is_shown_in_the_widget(view, prompt, words):
    before = view.before
    view.widget._answer({"kind": "run", "prompt": prompt})
    assert view.widget.status["state"] == "error" and words in view.widget.status["what"]
    assert view.before is before


def test_a_shorter_prompt_leaves_nothing_of_the_longer(view):
    view.run(IDS[:4])
    header, arrays = view.content(True)
    assert len(header["tokens"]) == 4 and arrays["before"].shape[1:] == (4,) and arrays["thumbs"].shape[1:] == (4, 4)
    view.run(IDS)


def test_a_recorded_trace_says_what_it_cannot_do(tmp_path):
    make_trace().save(tmp_path / "run.npz")
    view = AttentionExplorer(Trace.load(tmp_path / "run.npz"))
    for ask in (lambda: view.cut(0, 0), lambda: view.run("x"), view.reset, view.cut_global_layers):
        with pytest.raises(InputError, match="no model to run"):
            ask()
    trace = make_trace()
    bare = Trace(trace.tokens, trace.model, {name: v for name, v in trace.sites.items() if "attention.k" not in name})
    with pytest.raises(InputError, match='holds no "layers.0.attention.k"'):
        AttentionExplorer(bare)
    with pytest.raises(InputError, match="something unknown"):
        view.handle({"kind": "dance"})


def test_one_token_is_enough():
    view = AttentionExplorer(make_trace(["<bos>"]))
    assert len(view.static()) < 300_000 and view.chosen == (0, 0)


def test_hostile_tokens_are_text():
    hostile_page(lambda text: AttentionExplorer(make_trace(["<bos>", text, "the"])))


def test_csv_has_every_head_and_every_weight():
    view = AttentionExplorer(make_trace())
    lines = list(csv.DictReader(io.StringIO(view.to_csv())))
    assert len(lines) == 16
    scores = view.score("mean distance")
    assert float(lines[9]["mean distance"]) == scores.values[2, 1]
    assert float(lines[9]["mean distance: uniform"]) == scores.nulls[2]
    assert (lines[9]["layer"], lines[9]["head"], lines[9]["kv_head"]) == ("2", "1", "0")
    weights = list(csv.DictReader(io.StringIO(view.to_csv(2, 1))))
    assert len(weights) == view.before.visible(2).sum()
    place = weights[20]
    assert np.float32(place["weight"]) == view.before.attention(2, 1)[int(place["query"]), int(place["key"])]
    assert float(place["uniform"]) == 0.25


def test_png_shows_every_head():
    from PIL import Image

    image = Image.open(io.BytesIO(AttentionExplorer(make_trace()).to_png()))
    assert image.width >= 480 and image.height > 4 * 72


def test_the_sentence_claims_nothing_from_few_rows():
    assert "Too short for a claim" in AttentionExplorer(make_trace()).sentence()
    view = AttentionExplorer(long_trace(64))
    found = max(
        (
            f
            for name in ("induction", "previous token", "duplicate token", "sink mass")
            for f in view.score(name).ranked("excess")
            if f.rows >= 30
        ),
        key=lambda f: f.excess,
    )
    assert f"Head {found.head} of layer {found.layer} stands out" in view.sentence()
    assert f"uniform rows scores {found.null:.3g}" in view.sentence()
