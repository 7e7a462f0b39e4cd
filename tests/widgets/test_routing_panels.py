"""The panels of RoutingExplorer: what Python gives them, and what it refuses."""

import csv
import io
import json

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import co_activation
from g4lab.tracing.balance import balance
from g4lab.tracing.overlap import overlap_chances
from g4lab.tracing.router_losses import load_balancing_loss
from g4lab.widgets import RoutingExplorer, routing_contexts, routing_panels
from tests.tracing.traces import WORDS, make_trace
from tests.widgets.models import FakeModel
from tests.widgets.pages import arrays_of, header_of
from tests.widgets.test_pack import unpack

LONG = " ".join(["The red ball is in the box and it rolls to the two green boxes"] * 12)


@pytest.fixture(scope="module")
def explorer():
    return RoutingExplorer(FakeModel(), LONG)


@pytest.fixture
def short():
    return RoutingExplorer(FakeModel(), "The red ball is in the box")


def detail(explorer, monkeypatch, panel, layer, run="before"):
    """What the page gets when it asks for a panel's numbers."""
    sent = []
    monkeypatch.setattr(explorer.widget, "send", lambda message, buffers: sent.append((message, buffers)))
    explorer.widget._answer({"kind": "detail", "panel": panel, "run": run, "layer": layer})
    ((message, (raw,)),) = sent
    json.dumps(message, allow_nan=False)  # a page's JSON knows no NaN
    return message, unpack(message["arrays"], raw)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_statistics_are_the_measures(explorer, monkeypatch):
    message, _ = detail(explorer, monkeypatch, "statistics", 3)
    rows = {f"{row['name']}{row['convention'][:8] * (row['name'].startswith('cons'))}": row for row in message["rows"]}
    routed = explorer.before.routing(3)
    experts, probabilities = routed.experts[1:], routed.probabilities[1:]  # but for <bos>
    even = balance(experts, 32)
    assert rows["CV of load"]["value"] == even.cv.value
    assert (rows["CV of load"]["low"], rows["CV of load"]["high"]) == (even.cv.null.low, even.cv.null.high)
    assert rows["expert load"]["beyond"] == np.flatnonzero(even.load.beyond).tolist() != []
    assert rows["expert load"]["value"] is None  # the page has the counts
    assert rows["load-balancing loss"]["value"] == load_balancing_loss(probabilities, experts)
    assert rows["load-balancing loss"]["even"] == 2
    assert rows["top-k mass"]["expected"] == 2 / 32 and rows["top-k mass"]["against"] == "a router without preference"
    assert rows["router z-loss"]["against"] == "logits that are all 0"
    assert {"MaxVio", "load entropy", "effective experts", "token routing entropy", "top-k margin"} <= rows.keys()
    assert {"consecutive repetitionat least", "consecutive repetitionthe same"} <= rows.keys()
    assert all(row["enough"] for row in message["rows"])


def test_too_few_tokens_make_no_claim(short):
    for measure in short.statistics(0):
        assert not measure.enough
    header, _ = short.panels.of("statistics", "before", 0, short.before)
    load = header["rows"][0]
    assert (load["sample"], load["needed"], load["enough"]) == (7, 72, False) and "value" not in load


def test_neighbours_have_no_control_token_between_them():
    trace = make_trace(["<bos>", *[" red", " ball"] * 20, "<bos>", *[" is"] * 20], layers=1)
    any_common = next(m for m in RoutingExplorer(trace).statistics(0) if m.name == "consecutive repetition")
    assert any_common.sample == 39 + 19


def test_a_router_that_takes_all_experts_has_no_decision_and_no_pairs(monkeypatch):
    explorer = RoutingExplorer(make_trace(WORDS * 4, experts=2, chosen=2))
    names = {measure.name for measure in explorer.statistics(0)}
    assert "top-k margin" not in names and "expert load" in names
    message, arrays = detail(explorer, monkeypatch, "together", 0)
    assert message["none"].startswith("each token goes to every expert") and not arrays
    one = RoutingExplorer(make_trace(WORDS * 4, experts=4, chosen=1))
    assert detail(one, monkeypatch, "together", 0)[0]["none"].startswith("each token goes to one expert")
    assert rows_of(one.to_csv("together")) == []


def test_pairs_are_co_activation(explorer, monkeypatch):
    message, arrays = detail(explorer, monkeypatch, "together", 2)
    experts = explorer.before.routing(2).experts[1:]
    counts = np.diag(arrays["pairs"])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = arrays["pairs"] / counts[:, None]
    np.fill_diagonal(shares, np.nan)
    np.testing.assert_allclose(shares, co_activation.co_activation(experts, 32))
    np.testing.assert_array_equal(arrays["chance"], co_activation.chance_co_activation(counts / len(experts)))
    assert arrays["chance"].dtype == np.float64 and message["even"] == 1 / 31
    # 168 words, C = 2 of 32: no expert has the 141 tokens that a claim takes
    assert message["needed"] == 141 and counts.max() < 141 and "high" not in arrays


def test_pairs_of_a_busy_expert_have_a_band(monkeypatch):
    trace = make_trace(["<bos>"] + [" red"] * 300, layers=1, experts=4, chosen=2)
    message, arrays = detail(RoutingExplorer(trace), monkeypatch, "together", 0)
    measure = co_activation.measure_co_activation(trace.routing(0).experts[1:], 4)
    counts = np.diag(arrays["pairs"])
    assert (counts >= message["needed"]).all()
    others = ~np.eye(4, dtype=bool)
    for name in ("low", "high"):
        expected = getattr(measure.null, name) * counts[:, None]
        np.testing.assert_allclose(arrays[name][others], expected[others])


def test_details_are_computed_once_and_again_after_a_change(short, monkeypatch):
    asked = []
    made = routing_panels.PANELS["statistics"]
    monkeypatch.setitem(routing_panels.PANELS, "statistics", lambda *a: asked.append(a[1]) or made(*a))
    for _ in range(2):
        detail(short, monkeypatch, "statistics", 1)
    assert asked == [1]
    short.switch_off(1, int(short.before.routing(1).experts[2, 0]))
    detail(short, monkeypatch, "statistics", 1)
    detail(short, monkeypatch, "statistics", 1, "after")
    short.switch_off(2, 0)
    detail(short, monkeypatch, "statistics", 1, "after")
    assert asked == [1, 1, 1]
    short.run("It rolls")
    detail(short, monkeypatch, "statistics", 1)
    assert asked == [1, 1, 1, 1]


def test_a_static_page_carries_what_fits_and_no_more(short):
    header = header_of(short.static())
    held = {(found["panel"], found["layer"]) for found in header["details"]}
    assert held == {(panel, layer) for panel in ("statistics", "together") for layer in range(6)}
    arrays = arrays_of(short.static())
    assert arrays["together.before.5.pairs"].shape == (32, 32)
    trace = make_trace(["<bos>"] + ["the"] * 800, layers=30, experts=128, chosen=8)
    large = RoutingExplorer(trace)
    html = large.static()
    held = [(found["panel"], found["layer"]) for found in header_of(html)["details"]]
    assert len(html) < 2_000_000
    assert 0 < sum(panel == "together" for panel, _ in held) < 30
    assert ("together", 29) in held and ("statistics", 29) in held and ("statistics", 0) not in held
    assert large.content(live=True)[0]["details"] == []


def test_statistics_of_a_long_prompt_are_quick():
    import time

    words = ["<bos>"] + ["the", " red"] * 2048
    explorer = RoutingExplorer(make_trace(words, layers=2, experts=128, chosen=8))
    explorer.statistics(0)  # the draws of balance are made once
    started = time.perf_counter()
    explorer.statistics(1)
    assert time.perf_counter() - started < 3  # it takes 0.3 s on a quiet machine; relabelling alone took 4


def test_a_second_text_is_kept_and_sent(short):
    short.compare("two red boxes <b>")
    header, arrays = short.content(live=True)
    assert header["other"]["prompt"] == "two red boxes <b>" and header["runs"] == ["before"]
    assert [token["text"] for token in header["other"]["tokens"]][-1] == " <b>"
    np.testing.assert_array_equal(arrays["other.experts"][4], short.other.routing(4).experts)
    np.testing.assert_array_equal(arrays["other.weights"][4], short.other.routing(4).weights)
    assert header["shared_chances"] == overlap_chances(32, 2).tolist()
    assert header_of(short.static())["other"]["prompt"] == "two red boxes <b>"
    short.run("It rolls")
    assert short.other is not None
    short.compare(None)
    assert short.other is None and short.content(True)[0]["other"] is None


def test_a_trace_can_be_the_second_text(short):
    recorded = RoutingExplorer(short.before)
    recorded.compare(FakeModel().trace("a red box"))
    assert recorded.content(True)[0]["other"]["prompt"] is None
    with pytest.raises(InputError, match="no model to run"):
        recorded.compare("a red box")
    with pytest.raises(InputError, match="other experts, or other layers"):
        recorded.compare(make_trace())


def test_what_is_compared_by_hand():
    one = make_trace(["<bos>", "the", " red", "the", " ball", " red", "the"])
    assert routing_contexts.pairs(one, None).tolist() == [[1, 3], [2, 5], [3, 6]]
    two = make_trace(["<bos>", " red", "the", " ball"])
    assert routing_contexts.pairs(one, two).tolist() == [[0, 0], [2, 1], [3, 2], [4, 3]]


def test_every_panel_has_a_table(explorer, short):
    lines = rows_of(short.to_csv("statistics"))
    assert {line["layer"] for line in lines} == set("012345") and all(line["value"] == "" for line in lines)
    lines = [line for line in rows_of(explorer.to_csv("statistics")) if line["layer"] == "1"]
    measures = explorer.statistics(1)
    loads = [float(line["value"]) for line in lines if line["metric"].startswith("expert load")]
    np.testing.assert_array_equal(loads, measures[0].value)
    entropy = next(line for line in lines if line["metric"] == "load entropy")
    assert float(entropy["value"]) == measures[3].value and float(entropy["high"]) == measures[3].null.high

    for line in rows_of(explorer.to_csv("together"))[:200]:
        experts = explorer.before.routing(int(line["layer"])).experts[1:]
        has = (experts == int(line["expert"])).any(1)
        both = has & (experts == int(line["other"])).any(1)
        assert (int(line["tokens_of_expert"]), int(line["tokens_of_both"])) == (has.sum(), both.sum())
        assert float(line["share"]) == both.sum() / has.sum()

    short.compare("in the red box")
    for line in rows_of(short.to_csv("contexts")):
        a, b, layer = (int(line[name]) for name in ("first", "second", "layer"))
        first, second = short.before.routing(layer).experts[a], short.other.routing(layer).experts[b]
        assert int(line["shared"]) == len({*first} & {*second})
        assert line["experts"] == " ".join(map(str, first)) and float(line["chance_shared"]) == 4 / 32
    assert len(rows_of(short.to_csv("contexts"))) == 6 * len(routing_contexts.pairs(short.before, short.other)) > 0
    with pytest.raises(InputError, match="no panel 'sums'"):
        short.to_csv("sums")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"kind": "detail", "panel": "sums", "run": "before", "layer": 0}, "no panel 'sums'"),
        ({"kind": "detail", "panel": "statistics", "run": "before", "layer": 6}, "layer 6 has no router"),
        ({"kind": "detail", "panel": "statistics", "run": "after", "layer": 0}, "no run 'after'"),
        ({"kind": "detail", "panel": 3, "run": "before", "layer": 0}, "something unknown"),
        ({"kind": "compare", "prompt": " "}, "prompt is empty"),
        ({"kind": "compare", "prompt": "x" * 100_000}, "100,000 characters"),
        ({"kind": "compare", "prompt": 3}, "something unknown"),
        ({"kind": "run", "prompt": "x" * 100_000}, "100,000 characters"),
        ({"kind": "run", "prompt": " \n"}, "prompt is empty"),
        ({"kind": "branch", "layer": 9, "branch": "dense", "off": True}, "layer 9 has no router"),
        ({"kind": "branch", "layer": 0, "branch": "sparse", "off": True}, "no branch 'sparse'"),
        ({"kind": "contributions", "layer": -1}, "layer -1 has no router"),
        ({"kind": "probabilities", "token": 99}, "no token 99"),
        ({"kind": "open", "path": "nowhere.npz"}, "no such trace file"),
    ],
)
def test_bad_requests_are_said_in_the_page_and_change_nothing(short, message, words):
    before = short.content(live=True)[0]
    short.widget._answer(message)  # it does not raise: the kernel would show a traceback nobody looks at
    assert short.widget.status["state"] == "error" and words in short.widget.status["what"]
    assert short.widget.status["next"]
    assert short.content(live=True)[0] == before
    short.widget._answer({"kind": "run", "prompt": "It rolls"})
    assert short.widget.status["state"] == "ready" and len(short.before) == 3
