import base64
import csv
import io
import json
import re
from html import unescape

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import routing
from g4lab.tracing.trace import Trace
from g4lab.widgets import RoutingExplorer
from g4lab.widgets import routing_content as content
from tests.tracing.traces import make_trace
from tests.widgets.models import FakeModel
from tests.widgets.pages import inflated
from tests.widgets.test_pack import unpack

PROMPT = "The red ball is in the box"
HOSTILE = '</script><script>alert(1)</script> <img src=x onerror=alert(2)> "quoted" & <!-- '


@pytest.fixture
def explorer():
    return RoutingExplorer(FakeModel(), PROMPT)


def page_of(html: str) -> str:
    return unescape(re.search(r'srcdoc="([^"]*)"', html).group(1))


def header_of(page: str) -> dict:
    return json.loads(inflated(page, "header"))


def arrays_of(page: str) -> dict[str, np.ndarray]:
    return unpack(header_of(page)["arrays"], inflated(page, "arrays"))


def test_arrays_are_the_trace(explorer):
    _, arrays = explorer.content(live=True)
    trace = explorer.before
    for row, layer in enumerate(trace.routed_layers):
        routed = trace.routing(layer)
        np.testing.assert_array_equal(arrays["before.experts"][row], routed.experts)
        np.testing.assert_array_equal(arrays["before.weights"][row], routed.weights)
        np.testing.assert_array_equal(arrays["before.probabilities"][row], routed.probabilities)
        entropy = routing.token_entropy(routed.probabilities)
        np.testing.assert_allclose(arrays["before.entropy"][row], entropy, rtol=1e-6)
    assert arrays["before.experts"].dtype == np.uint8


def test_control_tokens_do_not_count(explorer):
    header, arrays = explorer.content(live=True)
    assert header["tokens"][0]["kind"] == "control"
    assert header["null"]["tokens"] == len(explorer.before) - 1
    assert (arrays["before.counts"].sum(1) == 2 * header["null"]["tokens"]).all()
    np.testing.assert_allclose(
        arrays["before.mean_weight"][0], explorer.before.routing(0).dense_weights()[1:].mean(0), rtol=1e-6
    )


def test_a_large_trace_travels_as_halves_without_its_probabilities():
    trace = make_trace(["<bos>"] + ["the"] * 800, layers=30, experts=128, chosen=8)
    arrays = content.run_arrays(trace)
    assert arrays["weights"].dtype == np.float16
    assert "probabilities" not in arrays
    assert sum(array.nbytes for array in arrays.values()) < 2_000_000
    assert len(RoutingExplorer(trace).static()) < 2_000_000


def test_static_html_is_self_contained(explorer):
    html = explorer.static()
    assert html.isascii()
    page = page_of(html)
    for text in (html, page):
        assert not re.search(r"\w://|\ssrc=|\shref=", text)
    np.testing.assert_array_equal(arrays_of(page)["before.weights"], explorer.content(False)[1]["before.weights"])
    assert header_of(page)["live"] is False


def test_hostile_tokens_stay_text():
    model = FakeModel(name=HOSTILE)
    html = RoutingExplorer(model, HOSTILE).static()
    page = page_of(html)
    assert html.count("<script>") == 1 and html.count("<iframe") == 1
    assert page.count("<script") == 3 == page.count("</script>")
    assert header_of(page)["prompt"] == HOSTILE
    assert "<img" not in html.replace(page, "")


def test_csv_equals_the_data(explorer):
    explorer.switch_off(2, 5)
    lines = list(csv.DictReader(io.StringIO(explorer.to_csv())))
    runs = {"before": explorer.before, "after": explorer.after}
    assert len(lines) == 2 * 6 * len(explorer.before) * 2
    for line in lines:
        routed = runs[line["run"]].routing(int(line["layer"]))
        position, rank, expert = int(line["position"]), int(line["rank"]), int(line["expert"])
        assert routed.experts[position, rank] == expert
        assert np.float32(line["weight"]) == routed.weights[position, rank]
        assert np.float32(line["probability"]) == routed.probabilities[position, expert]
        assert line["text"] == explorer.before.tokens[position].text


def test_png_is_a_picture(explorer):
    from PIL import Image

    image = Image.open(io.BytesIO(explorer.to_png()))
    assert image.format == "PNG" and image.width > 600 and image.height > 200
    assert len(image.getcolors(10_000)) > 20


def test_switching_off_takes_the_expert_out(explorer):
    layer, expert = 3, int(explorer.before.routing(3).experts[4, 0])
    explorer.switch_off(layer, expert)
    after = explorer.after.routing(layer)
    assert expert not in after.experts
    assert not after.probabilities[:, expert].any()
    for other in {*explorer.before.routed_layers} - {layer}:
        np.testing.assert_array_equal(explorer.after.routing(other).logits, explorer.before.routing(other).logits)
    change = explorer.content(True)[0]["next"]["change"]
    favourite = explorer.before.next_token(1)[0].id
    expected = explorer.after.log_probabilities()[favourite] - explorer.before.log_probabilities()[favourite]
    assert change == pytest.approx(expected) and change != 0
    explorer.switch_on(layer, expert)
    assert explorer.after is None and explorer.changes == []


def test_forcing_puts_the_expert_first_everywhere(explorer):
    explorer.force(1, 30)
    assert (explorer.after.routing(1).experts[:, 0] == 30).all()
    np.testing.assert_allclose(
        explorer.after.routing(1).logits[:, 30], explorer.before.routing(1).logits.max(1) + 1, rtol=1e-5
    )


def test_swapping_exchanges_two(explorer):
    a, b = (int(e) for e in explorer.before.routing(0).experts[2])
    explorer.swap(0, a, b)
    before, after = explorer.before.routing(0), explorer.after.routing(0)
    np.testing.assert_array_equal(after.logits[:, [a, b]], before.logits[:, [b, a]])
    np.testing.assert_array_equal(after.experts[2], [b, a])


def test_changes_add_up_and_last_until_reset(explorer):
    explorer.switch_off(0, 1)
    explorer.force(0, 2)
    explorer.run("It rolls to the two")
    routed = explorer.after.routing(0)
    assert 1 not in routed.experts and (routed.experts[:, 0] == 2).all()
    explorer.force(0, 1)
    assert [change.action for change in explorer.changes] == ["force", "force"]
    explorer.reset()
    assert explorer.after is None and explorer.content(True)[0]["runs"] == ["before"]


def test_one_function_serves_every_change(explorer):
    explorer.switch_off(0, 1)
    explorer.swap(5, 3, 4)
    edited = [edits for _, edits in explorer.model.runs if edits]
    assert len({tuple((site, edit.fn) for site, edit in edits.items()) for edits in edited}) == 1


@pytest.mark.parametrize(
    "message, words",
    [
        ({"kind": "run", "prompt": ""}, "prompt is empty"),
        ({"kind": "change", "action": "off", "layer": 99, "expert": 0}, "layer 99 has no router"),
        ({"kind": "change", "action": "off", "layer": 0, "expert": 32}, "no expert 32"),
        ({"kind": "change", "action": "swap", "layer": 0, "expert": 0, "other": -1}, "no expert -1"),
        ({"kind": "change", "action": "melt", "layer": 0, "expert": 0}, "something unknown"),
        ({"kind": "change", "action": "off", "layer": "0", "expert": 0}, "something unknown"),
        ({}, "something unknown"),
    ],
)
def test_bad_requests_are_refused_and_change_nothing(explorer, message, words):
    before = explorer.before
    with pytest.raises(InputError, match=words):
        explorer.handle(message)
    assert explorer.before is before and explorer.changes == []


def test_a_router_keeps_enough_experts():
    explorer = RoutingExplorer(FakeModel(experts=4), PROMPT)
    explorer.switch_off(0, 0)
    explorer.switch_off(0, 1)
    with pytest.raises(InputError, match="must have 2 experts"):
        explorer.switch_off(0, 2)
    assert len(explorer.changes) == 2


def test_a_dense_model_or_trace_says_so():
    with pytest.raises(InputError, match="no router"):
        RoutingExplorer(FakeModel(experts=0, chosen=0, name="dense"), PROMPT)
    dense = make_trace()
    for row in dense.plan:
        row["experts"] = 0
    with pytest.raises(InputError, match="no router"):
        RoutingExplorer(Trace(dense.tokens, dense.model, {}))
    with pytest.raises(InputError, match="holds no routing"):
        RoutingExplorer(Trace(make_trace().tokens, make_trace().model, {}))


def test_a_recorded_trace_is_shown_but_not_changed(tmp_path):
    make_trace().save(tmp_path / "run.npz")
    explorer = RoutingExplorer(Trace.load(tmp_path / "run.npz"))
    header, _ = explorer.content(live=True)
    assert header["live"] and not header["editable"]
    for ask in (lambda: explorer.switch_off(0, 0), lambda: explorer.run("hello")):
        with pytest.raises(InputError, match="no model to run"):
            ask()


def test_the_page_hears_of_every_outcome(explorer):
    seen = []
    explorer.widget.observe(lambda change: seen.append(change.new["state"]), "status")
    explorer.widget._answer({"kind": "change", "action": "off", "layer": 0, "expert": 0})
    assert seen == ["busy", "ready"]
    assert explorer.widget.content["header"]["runs"] == ["before", "after"]
    explorer.widget._answer({"kind": "run", "prompt": ""})
    assert explorer.widget.status == {
        "state": "error",
        "what": "the prompt is empty",
        "where": "RoutingExplorer",
        "next": "type some words for the model to read",
        "answer": 2,
    }


def test_the_same_outcome_twice_is_told_twice(explorer):
    told = []
    explorer.widget.observe(lambda change: told.append(change.new["state"]), "status")
    for message in ({"kind": "reset"}, {"kind": "reset"}, {"kind": "run", "prompt": ""}, {"kind": "run", "prompt": ""}):
        explorer.widget._answer(message)
    assert told == ["ready", "ready", "error", "error"]


def test_a_fault_is_shown_and_not_swallowed(explorer, monkeypatch):
    monkeypatch.setattr(explorer.model, "trace", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explorer.widget._answer({"kind": "run", "prompt": "hello"})
    assert explorer.widget.status["state"] == "error"
    assert "ZeroDivisionError" in explorer.widget.status["what"]


def test_probabilities_of_one_token_are_sent_when_asked_for(explorer, monkeypatch):
    sent = []
    monkeypatch.setattr(explorer.widget, "send", lambda message, buffers: sent.append((message, buffers)))
    explorer.handle({"kind": "probabilities", "token": 3})
    message, (raw,) = sent[0]
    assert message == {"kind": "probabilities", "token": 3, "runs": ["before"]}
    expected = [explorer.before.routing(layer).probabilities[3] for layer in explorer.before.routed_layers]
    np.testing.assert_array_equal(np.frombuffer(raw, "<f4").reshape(6, 32), expected)


def test_every_form_of_the_output(explorer):
    bundle, _ = explorer._repr_mimebundle_()
    assert bundle["text/plain"] == explorer.sentence()
    assert explorer.static() in bundle["text/html"]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.widget.model_id


def test_the_sentence_names_the_busiest_expert_and_chance(explorer):
    text = explorer.sentence()
    _, arrays = explorer.content(True)
    row, expert = np.unravel_index(np.argmax(arrays["before.counts"]), arrays["before.counts"].shape)
    assert f"Expert {expert} of layer {explorer.before.routed_layers[row]}" in text
    assert "chance would give 0.4" in text
