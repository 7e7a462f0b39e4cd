"""A saved picture shows what is selected: outlined, in the window of tokens that is drawn, and in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from g4lab.tracing.row_scores import uniform_pattern
from g4lab.tracing.trace import Trace
from g4lab.tracing.value_weighted import value_weighted_attention, weighted_by, with_value_lengths
from g4lab.widgets import AttentionExplorer, atlas_picture
from g4lab.widgets.attention_content import pooled_null
from g4lab.widgets.pointed import Pointed, first_of
from g4lab.widgets.still import ACCENT, INK, shade
from tests.tracing.traces import make_trace
from tests.widgets.every_view import VIEWS, make

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
SELECTED = {
    "strip": ({"token": 3, "score": "surprisal"}, ["token.3"]),
    "routing": ({"token": 3, "layer": 2, "expert": 5, "expert_layer": 2}, ["layer.2", "expert.2.5"]),
    "attention": ({"token": 9, "layer": 1, "head": 1}, ["token.9", "head.1.1"]),
    "lens": ({"token": 2, "layer": 3}, ["token.2", "layer.3"]),
    "ple": ({"token": 4, "layer": 3}, ["token.4", "layer.3"]),
    "atlas": ({"token": 5, "layer": 1, "word": 60}, ["token.5"]),
    "map": ({"token": None, "layer": 2}, ["layer.2"]),
    "rope": ({"token": None, "kind": 0, "pair": 3, "distance": 12}, ["pair.0.3"]),
}
EACH = pytest.mark.parametrize("name", list(SELECTED))


@pytest.fixture(scope="module")
def views():
    return {name: make(name) for name in SELECTED}


def asked(view, shown, words="What the page says.") -> str:
    """The picture that a page gets when it says what it shows."""
    sent = []
    view.widget.send = lambda message, buffers=None: sent.append((message, buffers))
    view.widget._answer({"kind": "still", "shown": shown, "words": words})
    assert view.widget.status["state"] == "ready", view.widget.status
    [(message, [svg])] = sent
    assert message == {"kind": "still"}
    return svg.decode()


def outlines(svg: str) -> list[tuple[float, ...]]:
    """Where the outlines of a selection lie: x, y, width, height."""
    found = [e for e in ET.fromstring(svg).iter(f"{SVG}rect") if e.get("fill") == "none" and e.get("stroke") == ACCENT]
    return [tuple(float(e.get(side)) for side in ("x", "y", "width", "height")) for e in found]


def written(svg: str) -> str:
    return " ".join(e.text or "" for e in ET.fromstring(svg).iter(f"{SVG}text"))


def test_every_view_with_a_picture_is_here():
    assert set(SELECTED) == set(VIEWS) - {"scope"}, "a Microscope's picture is that of its open tab"


@EACH
def test_the_page_gets_a_picture_of_its_selection(views, name):
    shown, keys = SELECTED[name]
    svg = asked(views[name], shown)
    places = views[name].still(Pointed.of(shown)).places
    expected = [(x + 1, y + 1, width - 2, height - 2) for x, y, width, height in (places[key] for key in keys)]
    np.testing.assert_allclose(outlines(svg), expected, atol=0.011)
    assert "On the page: What the page says." in written(svg)
    assert ET.fromstring(svg).find(f"{SVG}desc").text.endswith("On the page: What the page says.")


@EACH
def test_a_picture_with_nothing_selected_outlines_nothing(views, name):
    view = views[name]
    svg = view.still().svg()
    assert outlines(svg) == [] and "Selected" not in svg and "On the page" not in svg
    if view.selection() is not None:
        view.selection().select()
    assert asked(view, {"token": None, "layer": None}, "") == svg


@EACH
@pytest.mark.parametrize("shown", [{"token": 10**9, "layer": -1, "head": "x", "expert": True}, {"token": "<b>"}, [], 7])
def test_a_selection_that_cannot_be_outlines_nothing(views, name, shown):
    assert outlines(asked(views[name], shown)) == []


def test_python_draws_the_selection_of_the_live_view(views):
    view = views["ple"]
    assert view.widget is not None
    view.selection().select(token=5, layer=2)
    svg = view.to_svg()
    assert len(outlines(svg)) == 2 and "Selected: token 5, layer 2." in written(svg)
    assert view.to_png() != view.still().png()
    view.selection().select()
    assert outlines(view.to_svg()) == []


def test_what_is_a_views_own_outlasts_the_selection_of_another(views):
    view = views["attention"]
    view.widget.selection = {"token": 1, "layer": 1, "pinned": True, "head": 2}
    view.selection().select(token=3, layer=1)
    assert view.pointed() == Pointed(3, 1, {"head": 2})


def test_the_head_on_show_is_drawn_at_full_size(views):
    view = views["attention"]
    still = view.still(Pointed.of({"token": None, "layer": 2, "head": 3}))
    [tile] = [mark.values for mark in still.marks if mark.kind == "tile" and mark.values["width"] == 288]
    pattern = view.before.attention(2, 3)
    expected = [
        [shade(round(255 * weight**0.5) / 255) for weight in row] for row in pattern.reshape(-1, len(view.before))
    ]
    np.testing.assert_array_equal(tile["pixels"], np.array(expected, np.uint8))
    assert "layer 2, head 3" in written(still.svg())


@pytest.fixture(scope="module")
def by_values():
    trace = make_trace(["<bos>", *["the", " red"] * 40], layers=3)
    rng = np.random.default_rng(3)
    values = {
        f"layers.{i}.attention.v": rng.normal(size=(len(trace), 2, 6)).astype(np.float32)
        * rng.uniform(0.1, 9, size=(len(trace), 1, 1)).astype(np.float32)
        for i in range(3)
    }
    trace = Trace(trace.tokens, trace.model, {**trace.sites, **values}, pieces=trace.pieces)
    output = np.random.default_rng(4).normal(size=(4, 6, 16))
    return AttentionExplorer(with_value_lengths(trace, lambda _: output)), output


@pytest.mark.parametrize("layer, head", [(1, 2), (2, 0)])
@pytest.mark.parametrize("mode", ["weight", "value"])
def test_the_head_is_drawn_by_values_where_the_page_shows_it_so(by_values, layer, head, mode):
    view, output = by_values
    svg = asked(view, {"token": 3, "layer": layer, "head": head, "mode": mode})
    still = view.still(Pointed.of({"token": 3, "layer": layer, "head": head, "mode": mode}))
    by_weight = view.before.attention(layer, head), uniform_pattern(view.before.visible(layer))
    weighted = value_weighted_attention(view.before, layer, head, output)
    for side, pattern in zip((288, 144), weighted if mode == "value" else by_weight, strict=True):
        [tile] = [mark.values["pixels"] for mark in still.marks if mark.kind == "tile" and mark.values["width"] == side]
        expected = [
            [shade(step / 255) for step in row] for row in np.rint(255 * np.sqrt(pattern)).reshape(pattern.shape)
        ]
        np.testing.assert_array_equal(tile, np.array(expected, np.uint8))
    assert ("weight x value" in written(svg)) == (mode == "value")
    assert not np.allclose(weighted[0], by_weight[0], atol=0.05), "the values must matter"


def test_without_values_the_head_is_drawn_by_its_weights():
    view = AttentionExplorer(make_trace(["<bos>", "the", " red"]))
    weights, values = (
        view.still(Pointed.of({"layer": 0, "head": 0, "mode": mode})).svg() for mode in ("weight", "value")
    )
    assert weights == values


def test_the_null_of_a_long_head_is_the_largest_of_each_cell():
    trace = make_trace(["<bos>", *["the"] * 200], layers=2)
    lengths = np.random.default_rng(5).uniform(0.1, 4, len(trace))
    for each in (None, lengths):
        pattern = uniform_pattern(trace.visible(1))
        pattern = pattern if each is None else weighted_by(pattern, each)
        starts = np.arange(64) * len(trace) // 64
        expected = np.maximum.reduceat(np.maximum.reduceat(pattern, starts, axis=0), starts, axis=1)
        np.testing.assert_allclose(pooled_null(trace, 1, 64, each), expected, rtol=1e-6)


def test_the_word_that_reads_is_in_the_atlas_picture_and_a_soft_token_in_its_own(views):
    view = views["atlas"]
    soft = view.parts[1].start
    still = view.still(Pointed.of({"token": soft, "word": 60}))
    left, top, width, height = still.places[f"token.{soft}"]
    pictured = [mark.values for mark in still.marks if mark.kind == "tile"]
    assert any(
        tile["x"] <= left
        and left + width <= tile["x"] + tile["width"]
        and tile["y"] <= top < tile["y"] + tile["height"]
        for tile in pictured
    )
    [edge] = [mark.values for mark in still.marks if mark.kind == "box" and mark.values["edge"] == 2]
    x, y, *_ = still.places["token.60"]
    assert (edge["x"], edge["y"]) == (x + 1, y + 1) and edge["outline"] == INK


def test_the_atlas_draws_the_tokens_about_the_one_that_is_pointed_at(views, monkeypatch):
    monkeypatch.setattr(atlas_picture, "TOKENS", 20)
    view = views["atlas"]
    for token in (0, 46, len(view.trace) - 1):
        still = view.still(Pointed.of({"token": token, "word": 60}))
        assert f"token.{token}" in still.places and f"of {len(view.trace)}" in written(still.svg())


def test_a_token_shades_the_experts_by_its_own_weights(views):
    view, layer = views["routing"], 1
    row = view.before.routed_layers.index(layer)
    weights = view.before.routing(layer).dense_weights()[4]
    most = max(view.before.routing(other).dense_weights()[4].max() for other in view.before.routed_layers)
    still = view.still(Pointed.of({"token": 4, "layer": layer}))
    left, top, width, height = still.places[f"expert.{layer}.{int(weights.argmax())}"]
    fills = {(mark.values["x"], mark.values["y"]): mark.values["fill"] for mark in still.marks if mark.kind == "box"}
    assert fills[left + 1, top + 1] == shade(weights.max() / most) and row >= 0
    assert "for token 4" in written(still.svg())
    entropy = view.still(Pointed.of({"token": 4, "layer": layer, "show": "entropy"}))
    assert "map is of weights" in written(entropy.svg())


def test_the_lens_is_shaded_as_the_page_is(views):
    view = views["lens"]
    reading, place = view.reading, {"token": 2, "layer": 3, "target": "predicted", "shade": "probability"}
    still = view.still(Pointed.of(place))
    x, y, *_ = still.places["layer.3"]
    row = next(r for r, described in enumerate(reading.rows) if described["index"] == 3)
    fills = [
        m.values["fill"] for m in still.marks if m.kind == "box" and m.values["y"] == y + 1 and m.values["x"] < 800
    ]
    expected = [shade(float(value)) for value in reading.targets["predicted"].probability[row, :10]]
    assert fills[: len(expected)] == expected
    assert "rank of the predicted token" in written(still.svg())


def test_null_on_show_is_null_in_the_picture(views):
    view = views["ple"]
    null = view.still(Pointed.of({"show": "null_mean"}))
    most = float(max(view.arrays["ratio"].max(), view.arrays["null_mean"].max()))
    first = next(mark for mark in null.marks if mark.kind == "box" and mark.values["x"] == 92)
    assert first.values["fill"] == shade(float(view.arrays["null_mean"][0, 0]) / most)
    assert "the same tokens shuffled, relative to the stream" in written(null.svg())


@pytest.mark.parametrize("name", ["strip", "lens", "ple", "attention"])
def test_the_window_of_tokens_holds_the_one_selected(name):
    from g4lab import widgets
    from tests.widgets.every_view import model

    maker = {
        "strip": lambda ids: widgets.TokenStrip(model("tiny-moe"), ids),
        "lens": lambda ids: widgets.LogitLens(model("tiny-moe"), ids),
        "ple": lambda ids: widgets.PerLayerEmbeddings(model("tiny-e"), ids, shuffles=0),
        "attention": lambda ids: widgets.AttentionExplorer(model("tiny-moe"), ids),
    }[name]
    view = maker(np.random.default_rng(0).integers(300, 2000, 600).tolist())
    for token in (0, 200, 420, 599):
        if name == "lens" and token < view.reading.start:
            continue
        pointed = Pointed.of({"token": token, "layer": 0})
        assert f"token.{token}" in view.still(pointed).places, token
        svg = asked(view, {"token": token})
        assert len(outlines(svg)) == 1
    assert len(view.still().places) < 700, "a page without a kernel carries the places"


@pytest.mark.parametrize(
    "count, most, token, first",
    [(10, 4, None, 6), (10, 4, 9, 6), (10, 4, 6, 6), (10, 4, 5, 3), (10, 4, 0, 0), (3, 4, 0, 0), (3, 4, None, 0)],
)
def test_where_a_window_begins(count, most, token, first):
    assert first_of(count, most, token) == first
    assert token is None or first <= token < first + most


def test_keys_are_those_of_the_page():
    """marked_still.js draws from the same names."""
    from g4lab.widgets import assets

    source = (assets.STATIC / "marked_still.js").read_text()
    named = set(re.findall(r"\[`(\w+)\.", source))
    every = {"row": 1, "head": 1, "expert": 1, "expert_layer": 0, "kind": 0, "pair": 1}
    assert {key.split(".")[0] for key in Pointed(0, 0, every).keys()} == named
