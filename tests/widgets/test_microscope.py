"""Microscope: tabs by what a model has, one prompt, one selection, and errors that are said in the bar."""

import base64
import json
import re
import zlib
from html import unescape

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.components import sites_of
from g4lab.tracing.selection import select
from g4lab.widgets import linking
from g4lab.widgets.microscope import Microscope
from tests.tracing.traces import make_trace

IDS = [2, 5, 9, 5, 7]


@pytest.fixture(scope="module")
def models():
    from g4lab import runtime

    runtime.choose_backend()
    from g4lab.lab import Lab
    from tests.models.networks import MIXTURE, network
    from tests.parity.configs import LIKE_E2B

    return {"mixture": Lab(network(MIXTURE)), "like-e2b": Lab(network(LIKE_E2B))}


@pytest.fixture
def scope(models):
    linking._selections.clear()
    return Microscope(models["mixture"], IDS, models=[models["like-e2b"]])


def test_a_model_has_the_views_that_fit_it(scope, models):
    assert {"Tokens", "Attention", "Routing", "Lens", "Architecture"} <= set(scope.names) and "PLE" not in scope.names
    assert scope.missing == {"PLE": "this model has no per-layer embeddings"}
    scope.choose("like-e2b")
    assert "PLE" in scope.names and "Routing" not in scope.names and "no router" in scope.sentence()


def test_views_are_made_when_they_are_opened(scope):
    assert scope._views == {}
    tabs = scope.layout.children[1]
    assert list(scope._views) == ["Tokens"]
    tabs.selected_index = scope.names.index("Routing")
    assert list(scope._views) == ["Tokens", "Routing"]
    assert tabs.children[tabs.selected_index].children == (scope.view("Routing").widget,)
    assert scope.widget.status["state"] == "ready"


def test_what_is_selected_in_one_is_selected_in_all(scope):
    live = {"bar": scope.widget} | {name: scope.view(name).widget for name in scope.names}
    plan = live.pop("Architecture")
    live["Routing"].selection = {"token": 3, "layer": 1, "pinned": True, "expert": 2, "stamp": 5.0}
    for name, widget in live.items():
        assert widget.selection["token"] == 3 and widget.selection["pinned"], name
    assert plan.selection["layer"] == 1, "the map shows no tokens, but it has the layer"
    plan.selection = {"token": None, "layer": 0, "part": None, "stamp": 6.0}
    assert [widget.selection["layer"] for widget in live.values()] == [0] * len(live)
    assert scope.selection().value == {"token": 3, "layer": 0, "pinned": True}


def test_a_prompt_reaches_every_view_and_keeps_the_widgets(scope):
    kept = {name: scope.view(name).widget for name in ("Routing", "Lens")}
    scope.run([2, 7, 7])
    assert [len(scope.trace), len(scope.view("Routing").before), len(scope.view("Lens").trace)] == [3, 3, 3]
    assert all(scope.view(name).widget is widget for name, widget in kept.items())
    keys = {widget.content["header"]["link"] for widget in kept.values()}
    assert keys == {scope.selection().key}
    assert all(widget.content["header"]["hosted"] for widget in kept.values())


def test_another_model_gets_other_tabs(scope):
    scope.layout.children[1].selected_index = scope.names.index("Routing")
    scope.widget._answer({"kind": "choose", "model": "like-e2b"})
    assert scope.widget.status["state"] == "ready", scope.widget.status
    assert scope.widget.content["header"]["model"]["name"] == "like-e2b"
    tabs = scope.layout.children[1]
    assert len(tabs.children) == len(scope.names) and tabs.get_title(0) == "Tokens"
    assert tabs.children[0].children == (scope.view("Tokens").widget,)


@pytest.mark.parametrize(
    "message, words",
    [
        ({"kind": "run", "prompt": ""}, "prompt is empty"),
        ({"kind": "run", "prompt": "x" * 100_000}, "100,000 characters"),
        ({"kind": "choose", "model": "gpt"}, "no model 'gpt'"),
        ({"kind": "open", "path": "nowhere.npz"}, "no such trace file"),
        ({"kind": "layer", "layer": 99}, "something unknown"),
    ],
)
def test_what_goes_wrong_is_said_in_the_bar_and_nothing_changes(scope, message, words):
    before = scope.trace, scope.names
    scope.widget._answer(message)
    assert scope.widget.status["state"] == "error" and words in scope.widget.status["what"]
    assert (scope.trace, scope.names) == before


def test_a_layer_that_does_not_exist_cannot_be_selected(scope):
    with pytest.raises(InputError, match="no layer 99"):
        scope.selection().select(token=1, layer=99)


@pytest.mark.parametrize("harm", ["short", "edited", "pickle", "text"])
def test_a_broken_trace_file_is_said_in_the_bar(scope, tmp_path, harm):
    path = tmp_path / "run.npz"
    make_trace().save(path)
    raw = path.read_bytes()
    if harm == "short":
        path.write_bytes(raw[: len(raw) // 2])
    elif harm == "edited":
        middle = len(raw) // 3
        path.write_bytes(raw[:middle] + bytes([raw[middle] ^ 255]) + raw[middle + 1 :])
    elif harm == "pickle":
        np.savez(path, header=np.array([object()], dtype=object))
    else:
        path.write_text("hello")
    before = scope.trace
    scope.widget._answer({"kind": "open", "path": str(path)})
    assert scope.widget.status["state"] == "error" and scope.widget.status["next"]
    assert scope.trace is before


def test_a_recorded_trace_shows_what_it_holds(models, tmp_path):
    model = models["mixture"]
    trace = model.trace(IDS, sites=(*select(model.plan), *sites_of(model.config)))
    model.readout().carried_by(model.lens(trace).carried_by(trace)).save(tmp_path / "run.npz")
    scope = Microscope(tmp_path / "run.npz")
    assert {"Tokens", "Attention", "Routing", "Lens"} <= set(scope.names) and "PLE" in scope.missing
    assert not scope.content(True)[0]["editable"]
    with pytest.raises(InputError, match="no model to run"):
        scope.run("hello")
    with pytest.raises(InputError, match="no such trace file"):
        Microscope("nowhere.npz")


def test_a_view_that_cannot_be_made_is_said_in_the_bar(scope, monkeypatch):
    def fail():
        raise InputError("it cannot be", "here", "try there")

    scope._makers["Routing"] = fail
    scope.layout.children[1].selected_index = scope.names.index("Routing")
    assert scope.widget.status == {"state": "error", "what": "it cannot be", "where": "here", "next": "try there"}


def test_one_page_holds_all_views(scope):
    html = scope.static()
    assert html.isascii() and len(html) < 2_000_000
    assert html.count("<iframe") == 1 + len(scope.names)
    assert re.findall(r'data-tab="(\w+)"', html) == scope.names
    assert not re.search(r"\w://", html)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tiny-moe", "tiny-e"])
def test_a_page_of_512_tokens_is_within_what_an_output_may_take(name):
    import g4lab
    from g4lab.widgets.base import STATIC_LIMIT

    model = g4lab.load(name)
    ids = np.random.default_rng(0).integers(300, model.config.vocab_size, 512).tolist()
    scope = Microscope(model, ids)
    html = scope.static()
    assert len(html) <= STATIC_LIMIT - 1_000, "a notebook puts some words around it"
    assert all(scope.view(tab).room is None for tab in scope.names), "alone, a view has its own limit again"
    heads = json.loads(header_text(html, "Attention"))["held"]
    assert heads and len(heads) < 4 * model.config.layers, "a page without room for every head holds some of them"


def header_text(html: str, tab: str) -> str:
    """What the page of one tab holds beside its arrays."""
    panel = html.split(f'data-tab="{tab}"')[1]
    document = unescape(re.search('srcdoc="([^"]*)"', panel)[1])
    return zlib.decompress(base64.b64decode(re.search('id="header">([^<]*)<', document)[1])).decode()


def test_png_and_csv_are_those_of_the_open_tab(scope):
    scope.layout.children[1].selected_index = scope.names.index("Lens")
    assert scope.to_csv() == scope.view("Lens").to_csv()
    assert scope.to_png() == scope.view("Lens").to_png()
    with pytest.raises(InputError, match="no tab 'Nothing'"):
        scope.view("Nothing")


def test_a_notebook_shows_the_whole_layout(scope):
    bundle, _ = scope._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == scope.layout.model_id
    assert bundle["text/plain"] == scope.sentence() and bundle["text/html"].count("<iframe") > 3


def test_a_trace_with_media_has_their_tab_and_one_of_text_says_nothing_of_it():
    from tests.tracing.test_media import seen

    scope = Microscope(seen())
    assert "Media" in scope.names and scope.view("Media").hosted
    text = Microscope(make_trace())
    assert "Media" not in text.names and "Media" not in text.missing
