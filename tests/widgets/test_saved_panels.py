"""The panels of RoutingExplorer in a saved picture: what is open on the page, with the numbers of the metrics."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from g4lab.tracing import co_activation
from g4lab.tracing.overlap import overlap_chances, token_overlap
from g4lab.widgets import RoutingExplorer, routing_branches, routing_contexts
from g4lab.widgets.pointed import Pointed
from g4lab.widgets.routing_contexts_picture import CHANCE
from g4lab.widgets.still import ACCENT, BAND, INK, WARN, shade
from g4lab.widgets.still_bars import TALL
from g4lab.widgets.still_next import LONG
from tests.tracing.traces import make_trace
from tests.widgets.marks import SVG, height_of, rects, strip_of, texts
from tests.widgets.models import FakeModel
from tests.widgets.test_saved_pictures import asked, written

pytestmark = pytest.mark.slow

TEXT = " ".join(["The red <b>ball</b> is in the box and it rolls to two green boxes"] * 24)
PANELS = ("statistics", "together", "contexts", "branches")
LAYER = 3


@pytest.fixture(scope="module")
def explorer():
    explorer = RoutingExplorer(FakeModel(experts=8), TEXT)
    explorer.contributions()
    return explorer


def drawn(view, panel: str, **shown):
    """The SVG of an open panel, as the page gets it."""
    return asked(view, {"token": None, "layer": LAYER, "panel": panel, **shown})


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_is_drawn_when_it_is_open_and_only_then(explorer, panel):
    without = asked(explorer, {"token": None, "layer": LAYER, "panel": None})
    svg = drawn(explorer, panel)
    height = {name: int(ET.fromstring(each).get("height")) for name, each in (("without", without), ("with", svg))}
    assert height["with"] > height["without"] + 150
    headings = {"statistics": "Statistics", "together": "Together", "contexts": "Two contexts", "branches": "Dense"}
    assert any(text.startswith(headings[panel]) for text in texts(svg))
    assert not any(text.startswith(tuple(headings.values())) for text in texts(without))
    assert explorer.still(Pointed.of({"panel": panel, "layer": LAYER})).png()


@pytest.mark.parametrize("panel", [None, "sums", 3, ["statistics"], {"a": 1}])
def test_no_panel_and_one_that_there_is_not_are_alike(explorer, panel):
    assert drawn(explorer, panel) == asked(explorer, {"token": None, "layer": LAYER})


def test_the_loads_are_bars_and_every_measure_is_written_with_its_null(explorer):
    svg, measures = drawn(explorer, "statistics", expert=2, expert_layer=LAYER), explorer.statistics(LAYER)
    load = measures[0]
    counts = load.value * load.sample
    most = max(counts.max(), load.null.high * load.sample)
    bars = strip_of(svg, INK, "Statistics") + strip_of(svg, ACCENT, "Statistics")
    assert len(bars) == len(counts) == 8
    heights = [bar["height"] for bar in sorted(bars, key=lambda bar: bar["x"])]
    np.testing.assert_allclose(heights, TALL * counts / most, atol=0.02)
    [chosen] = strip_of(svg, ACCENT, "Statistics")
    assert sorted(bar["x"] for bar in bars).index(chosen["x"]) == 2
    bands = [r for r in rects(svg, height_of(svg, "Statistics"), fill=BAND) if r["width"] == bars[0]["width"] + 2]
    high, low = load.null.high * load.sample, load.null.low * load.sample
    assert len(bands) == 8
    np.testing.assert_allclose([r["height"] for r in bands], TALL * (high - low) / most, atol=0.1)
    said = written(svg)
    for measure in measures[1:]:
        assert measure.name in said and f"{measure.value:.7g}" in said
        assert f"null {measure.null.expected:.3g}" in said
        place = {-1: "below its band", 0: "inside its band", 1: "above its band", None: ""}[measure.beyond]
        assert place in said


def test_the_statistics_are_those_of_the_run_that_is_on_show():
    explorer = RoutingExplorer(FakeModel(experts=8), TEXT)
    explorer.switch_off(LAYER, 1)
    values = {}
    for run in ("before", "after"):
        [cv] = [row for row in explorer.panels.of("statistics", run, LAYER, explorer.runs[run])[0]["rows"]][1:2]
        values[run] = f"{cv['value']:.7g}"
        svg = drawn(explorer, "statistics", run=run)
        assert values[run] in texts(svg) and f"{run} the change" in written(svg)
        assert len(strip_of(svg, INK, "Statistics")) == (8 if run == "before" else 7)
    assert values["before"] != values["after"]


def test_a_short_text_has_hollow_bars_and_no_value():
    svg = drawn(RoutingExplorer(FakeModel(), "The red ball is in"), "statistics")
    assert rects(svg, height_of(svg, "Statistics"), fill=INK) == []
    assert len(rects(svg, height_of(svg, "Statistics"), fill="none", stroke=INK)) > 3
    assert "too few tokens for a claim (5; it needs 72)" in written(svg) and "null " not in written(svg)


def test_bars_stand_in_the_order_of_the_page(explorer):
    counts = explorer.statistics(LAYER)[0].value
    heights = {
        order: [bar["height"] for bar in strip_of(drawn(explorer, "statistics", order=order), INK, "Statistics")]
        for order in ("number", "load")
    }
    assert heights["load"] == sorted(heights["number"], reverse=True) != heights["number"]
    places = [text for text in texts(drawn(explorer, "statistics", order="load")) if text.isdigit()]
    assert places[-4:] == [str(e) for e in np.argsort(-counts, kind="stable")[::2]]


@pytest.mark.parametrize("row, partner", [(0, 6), (5, None)])
def test_pairs_are_shaded_and_marked_by_co_activation(explorer, row, partner):
    shown = {"expert": row, "expert_layer": LAYER, "partner": partner}
    svg = drawn(explorer, "together", **shown)
    still = explorer.still(Pointed.of({"layer": LAYER, "panel": "together", **shown}))
    experts = explorer.before.routing(LAYER).experts[1:]
    shares = co_activation.co_activation(experts, 8)
    measure = co_activation.measure_co_activation(experts, 8)
    [pixels] = [m.values["pixels"] for m in still.marks if m.kind == "tile" and m.values["height"] > 20]
    pitch, most = len(pixels) // 8, np.nanmax(shares)
    marked = {-1: 0, 0: 0, 1: 0}
    for i in range(8):
        firm = not np.isnan(np.delete(measure.value[i], i)).any()
        for j in range(8):
            # half a row where nothing is claimed
            cell = pixels[i * pitch : (i + 1) * pitch - 1, j * pitch : (j + 1) * pitch - 1]
            assert (cell[0] == 255).all() or firm
            if i == j:
                continue
            color = np.array(shade(shares[i, j] / most), np.uint8)
            np.testing.assert_array_equal(cell[len(cell) // 2, 0], color)
            beyond = 0 if not firm else int(measure.beyond[i, j])
            marked[beyond] += 1
            dots = (cell[len(cell) // 2, 1:-1] != color).any(-1).sum()
            assert dots == {0: 0, 1: round((pitch - 1) / 4), -1: pitch - 3}[beyond], (i, j)
    assert marked[1] > 0 and marked[-1] > 0 and marked[0] > 0, "all three are tried"

    bars = strip_of(svg, INK, "P(column") + (strip_of(svg, ACCENT, "P(column") if partner is not None else [])
    others = np.delete(np.arange(8), row)
    drawn_ones = [j for j in others if shares[row, j] > 0]
    ends = [shares[row, others], measure.null.high[row, others], measure.null.expected[row, others]]
    heights = [bar["height"] for bar in sorted(bars, key=lambda bar: bar["x"])]
    np.testing.assert_allclose(heights, TALL * shares[row, drawn_ones] / np.max(ends), atol=0.02)
    said = written(svg)
    if partner is not None:
        for i, j in ((row, partner), (partner, row)):
            assert f"P({j} | {i}) = {shares[i, j]:.7g}" in said
            assert f"chance {co_activation.chance_co_activation(measure_load(experts))[i, j]:.7g}" in said


def measure_load(experts: np.ndarray) -> np.ndarray:
    return np.bincount(experts.ravel(), minlength=8) / len(experts)


def test_a_router_without_pairs_says_so():
    svg = drawn(RoutingExplorer(make_trace(["<bos>", *["the"] * 9], layers=4, experts=4, chosen=1)), "together")
    assert "Each token goes to one expert only: there are no pairs to count." in written(svg)


@pytest.mark.parametrize("second", [None, 9])
def test_two_places_are_compared_layer_by_layer(explorer, second):
    trace, words = explorer.before, 14
    svg = drawn(explorer, "contexts", token=2, second=second)
    other = second or 2 + words
    rows = [(layer, *(trace.routing(layer).experts[at] for at in (2, other))) for layer in trace.routed_layers]
    shared = [len({*one.tolist()} & {*two.tolist()}) for _, one, two in rows]
    overlap = [token_overlap(one[None], two[None])[0] * 2 for _, one, two in rows]
    assert shared == overlap
    at = height_of(svg, "Two contexts")
    diamonds = [e for e in ET.fromstring(svg).iter(f"{SVG}polygon")]
    assert len(diamonds) == 3 * sum(shared), "one among the places, and one before the expert on either side"
    hollow = [e for e in ET.fromstring(svg).iter(f"{SVG}circle")]
    assert len(hollow) == 2 * (2 * len(rows) - sum(shared))
    assert "(token 2) and “" in written(svg) and f"(token {other})" in written(svg)
    mean, chance = np.mean(shared), 4 / 8
    assert f"they share {mean:.3g} of 2 experts on the mean; chance shares {chance:.3g}" in written(svg)
    odds = [f"{min(overlap_chances(8, 2)[count:].sum(), 1):.3g}" for count in reversed(shared)]
    column = [
        e for e in ET.fromstring(svg).iter(f"{SVG}text") if e.get("x") == str(CHANCE) and float(e.get("y")) > at + 60
    ]
    assert [e.text for e in column] == odds
    weights = [f"{weight:.2f}" for layer, *_ in rows for weight in trace.routing(layer).weights[2]]
    assert all(texts(svg).count(weight) >= weights.count(weight) for weight in weights)


def test_a_second_text_is_compared_as_it_is():
    explorer = RoutingExplorer(FakeModel(experts=8), "The red ball is in the box")
    explorer.compare("two red boxes <b>")
    svg = drawn(explorer, "contexts", token=2)
    assert "(token 2 of the second text)" in written(svg)
    rows = routing_contexts.compared(explorer.before, 2, explorer.other, 2)
    assert sum(len(row.shared) for row in rows) == 12, "this model looks at the word alone"
    explorer.switch_off(0, int(explorer.before.routing(0).experts[2, 0]))
    assert "they share 2 of 2" in written(drawn(explorer, "contexts", token=2, run="after"))
    assert "is not in the second text" in written(drawn(explorer, "contexts", token=7))


@pytest.mark.parametrize("show", ["ratio", "dense", "experts", "cosine", "weight"])
def test_the_branches_are_shaded_token_by_token(explorer, show):
    shown = {"panel": "branches", "layer": LAYER, "token": 5, "branch_show": show}
    still = explorer.still(Pointed.of(shown))
    part, found = explorer.contributions()[LAYER], explorer.contributions()
    left, top, width, _ = still.places["token.5"]
    row = top + 1 + 22 * (5 - LAYER)
    fills = [m.values for m in still.marks if m.kind == "box" and m.values["y"] == row + 1 and m.values["x"] < 700]
    most = max(max(p.dense_norm.max(), p.experts_norm.max()) for p in found.values())
    values = {
        "dense": part.dense_norm / most,
        "experts": part.experts_norm / most,
        "cosine": (part.cosine + 1) / 2,
    }.get(show, part.experts_norm / (part.experts_norm + part.dense_norm))
    assert len(fills) == 67 < len(explorer.before), "as many tokens as there is room for"
    assert [box["fill"] for box in fills] == [shade(float(value)) for value in values[:67]]
    svg = asked(explorer, shown)
    ratio = part.experts_norm[5] / part.dense_norm[5]
    assert f"x {ratio:.3g} (equal branches: 1)" in written(svg) and f"{part.cosine[5]:.3g}" in written(svg)
    assert f"{part.branch_cosine.value:.7g}" in texts(svg)
    assert "too few documents for a claim (1; it needs 8)" in written(svg)
    [outline] = [r for r in rects(svg, fill="none", stroke=ACCENT) if r["y"] == top + 1]
    assert outline["x"] == left + 1 and outline["width"] == width - 2
    means = [np.exp(np.log(p.experts_norm[1:] / p.dense_norm[1:]).mean()) for p in found.values()]
    assert all(f"x {mean:.2g}" in texts(svg) for mean in means)


def test_the_last_tokens_and_those_pointed_at_are_drawn_of_the_branches(explorer):
    for token in (0, 150, len(explorer.before) - 1):
        assert f"token.{token}" in explorer.still(Pointed.of({"panel": "branches", "token": token})).places


def test_what_was_not_measured_is_not_drawn(monkeypatch):
    monkeypatch.setattr(routing_branches, "HELD_BYTES", 1)  # one layer at a time
    explorer = RoutingExplorer(FakeModel(experts=8), "The red ball")
    assert "has not been measured" in written(drawn(explorer, "branches"))
    explorer.contributions([1])
    svg = drawn(explorer, "branches")
    assert f"Layer {LAYER} has not been measured." in written(svg) and texts(svg).count("not measured") == 5


def test_python_draws_what_the_trace_can_tell_and_the_page_what_it_shows():
    from g4lab.tracing import contributions

    trace = FakeModel(experts=8).trace("The red ball", sites=("layers.*.router.*", *contributions.SITES))
    explorer = RoutingExplorer(trace)
    assert "has not been measured" in written(drawn(explorer, "branches"))
    assert "of what the dense MLP writes" in written(explorer.still(Pointed.of({"panel": "branches"})).svg())


def test_an_edit_is_drawn_beside_the_run_without_it():
    explorer = RoutingExplorer(FakeModel(experts=8, chosen=2), "The red ball is in the box")
    explorer.switch_off(LAYER, int(explorer.before.routing(LAYER).experts[-1, 0]))
    explorer.switch_off_branch(1, "dense")
    svg = explorer.to_svg()
    first, second = explorer.before.log_probabilities(), explorer.after.log_probabilities()
    favourite = int(first.argmax())
    assert f"changes by {second[favourite] - first[favourite]:+.2f} nats" in written(svg)
    assert f"with L{LAYER}·E" in written(svg) and "L1 dense off" in written(svg)
    rows = explorer.content(True)[0]["next"]["rows"]
    top = height_of(svg, "next token")
    for colour, run, key in ((INK, second, "fill"), (WARN, first, "stroke")):
        bars = sorted((r for r in rects(svg, top, **{key: colour}) if r["x"] >= 180), key=lambda r: r["y"])
        inset = 0 if key == "fill" else 1
        expected = [max(1.0, LONG * np.exp(run[row["id"]])) - inset for row in rows]
        np.testing.assert_allclose([bar["width"] for bar in bars], expected, atol=0.01)
    explorer.reset()
    assert "nats" not in explorer.to_svg() and "next token" in explorer.to_svg()


@pytest.mark.parametrize("panel", PANELS)
def test_a_large_model_has_a_small_picture(panel):
    trace = make_trace(["<bos>", *["the", " red", " ball"] * 200], layers=30, experts=128, chosen=8)
    svg = drawn(RoutingExplorer(trace), panel, token=4, expert=3, expert_layer=LAYER, partner=9)
    assert len(svg) < 1_500_000
    right = [float(e.get("x")) for e in ET.fromstring(svg).iter(f"{SVG}text")]
    assert max(right) < int(ET.fromstring(svg).get("width"))


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"expert": 99, "expert_layer": LAYER, "partner": -1, "second": 10**9, "branch_show": [1], "order": 7},
        {"token": 10**6, "layer": 99, "run": ["after"], "expert": "x", "partner": True, "second": "<b>"},
    ],
)
def test_what_cannot_be_selected_is_as_nothing(explorer, panel, wrong):
    shown = {"token": None, "layer": LAYER, "panel": panel}
    plain = {"layer": explorer.before.routed_layers[-1]} if wrong.get("layer") else {}
    marks = lambda shown: [str(m) for m in explorer.still(Pointed.of(shown)).marks]  # noqa: E731
    assert marks({**shown, **wrong}) == marks({**shown, **plain})
