"""One selection for all views of one trace, on the Python side."""

import gc

import pytest

from g4lab.config import preset
from g4lab.errors import InputError
from g4lab.widgets import ArchitectureMap, RoutingExplorer, linking
from tests.tracing.traces import make_trace
from tests.widgets.models import FakeModel

NOTHING = {"token": None, "layer": None, "pinned": False}
POINTED = {"token": 2, "layer": 1, "pinned": True, "expert": 5, "stamp": 1000.5}


@pytest.fixture(autouse=True)
def fresh():
    """No selection is left over from views that are not collected yet."""
    linking._selections.clear()


@pytest.fixture
def views():
    trace = make_trace()
    return RoutingExplorer(trace), RoutingExplorer(trace)


def test_the_key_is_the_model_and_the_tokens():
    key = linking.key_of("tiny-moe", [2, 5, 7])
    # a page saved by one process links with one saved by another
    assert key == "3acce0f2c6f217b1"
    assert key == linking.key_of("tiny-moe", (2, 5, 7))
    assert key not in (linking.key_of("tiny-e", [2, 5, 7]), linking.key_of("tiny-moe", [2, 5]))


def test_what_one_view_selects_reaches_the_other(views):
    first, second = views
    first.widget.selection, _ = POINTED, second.widget
    first.widget.selection = POINTED | {"token": 4}
    assert second.widget.selection == {"token": 4, "layer": 1, "pinned": True, "stamp": 1000.5}
    assert first.widget.selection["expert"] == 5, "what is the view's own stays"
    assert first.selection().value == {"token": 4, "layer": 1, "pinned": True}


def test_two_views_of_two_runs_of_one_prompt_are_linked():
    first, second = RoutingExplorer(FakeModel(), "the red ball"), RoutingExplorer(FakeModel(), "the red ball")
    other = RoutingExplorer(FakeModel(), "the box")
    widgets = first.widget, second.widget, other.widget
    first.widget.selection = POINTED
    assert [widget.selection.get("token") for widget in widgets] == [2, 2, None]


def test_another_prompt_parts_them(views):
    model = FakeModel()
    first, second = RoutingExplorer(model, "the red ball"), RoutingExplorer(model, "the red ball")
    for view in (first, second):
        assert view.widget.content["header"]["link"] == first.selection().key
    first.run("the box is")
    assert first.widget.content["header"]["link"] != second.widget.content["header"]["link"]
    second.widget.selection = POINTED
    assert first.widget.selection == {}
    second.run("the box is")
    first.widget.selection = POINTED | {"stamp": 2000.0}
    assert second.widget.selection["stamp"] == 2000.0


def on_display(view):
    """The live view, as a page reports it once it stands there."""
    view.widget.shown = 1
    return view.widget


def test_a_view_that_comes_later_shows_what_is_selected_in_one_on_display(views):
    first, second = views
    on_display(first).selection = POINTED
    assert second.widget.selection == {}, "nobody sees it yet"
    assert on_display(second).selection == {"token": 2, "layer": 1, "pinned": True}


def test_a_view_made_again_opens_unpinned(views):
    """A cell that is run again takes its view off the page, and with it what was pinned there."""
    first, second = views
    on_display(first).selection = POINTED
    first.widget.shown = 0
    assert on_display(second).selection.get("token") is None
    assert second.selection().value == NOTHING


def test_a_view_made_again_stays_pinned_where_another_on_display_is(views):
    first, second = views
    third = RoutingExplorer(first.before)
    on_display(first), on_display(third)
    first.widget.selection = POINTED
    first.widget.shown = 0
    assert on_display(second).selection["token"] == 2 and on_display(second).selection["pinned"]


def test_a_view_that_stands_in_two_places_holds_on_until_both_are_gone(views):
    first, second = views
    on_display(first).selection = POINTED
    first.widget.shown = 2
    first.widget.shown = 1
    assert on_display(second).selection["token"] == 2


def test_a_view_shown_again_knows_what_was_pinned_in_it(views):
    first, _ = views
    on_display(first).selection = POINTED
    first.widget.shown = 0
    on_display(first)
    assert first.selection().value == {"token": 2, "layer": 1, "pinned": True}


def test_what_code_selects_waits_for_the_view_to_be_shown(views):
    first, second = views
    made = first.widget
    first.selection().select(token=3)
    assert on_display(first).selection == {"token": 3, "layer": None, "pinned": True}
    made.selection = {**NOTHING, "stamp": 5.0}
    made.shown = 0
    assert on_display(second).selection.get("token") is None, "the reader let go of it"


def test_letting_go_reaches_all_views(views):
    first, second = views
    widgets = on_display(first), on_display(second)
    first.widget.selection = POINTED
    first.selection().select()
    assert [{name: widget.selection[name] for name in NOTHING} for widget in widgets] == [NOTHING] * 2
    assert first.widget.selection["expert"] == 5, "what is the view's own stays: a picture of the view shows it"


def test_a_view_of_the_model_shares_the_layer():
    model = FakeModel()
    routing, other = RoutingExplorer(model, "the red ball"), RoutingExplorer(model, "the box")
    plan = ArchitectureMap(preset("e2b").replace(name=model.name))
    widgets = on_display(routing), on_display(other), on_display(plan)
    routing.widget.selection = POINTED
    assert plan.widget.selection == {"token": None, "layer": 1, "pinned": False, "stamp": 1000.5}
    assert other.widget.selection == {}, "views of other tokens have their own layer"
    plan.widget.selection = {"token": None, "layer": 4, "part": "attention", "stamp": 2000.0}
    assert [widget.selection["layer"] for widget in widgets] == [4, 4, 4]
    assert (routing.widget.selection["token"], routing.widget.selection["pinned"]) == (2, True)
    assert routing.selection().value == {"token": 2, "layer": 4, "pinned": True}
    plan.selection().select(layer=0)
    assert [widget.selection["layer"] for widget in widgets] == [0, 0, 0]
    with pytest.raises(InputError, match="no token 0"):
        plan.selection().select(token=0)


def test_a_map_and_a_view_of_tokens_made_later_show_the_layer_too():
    model = FakeModel()
    plan = ArchitectureMap(preset("e2b").replace(name=model.name))
    on_display(plan).selection = {"token": None, "layer": 4, "pinned": False}
    assert on_display(RoutingExplorer(model, "the red ball")).selection["layer"] == 4
    plan.widget.shown = 0
    again = ArchitectureMap(plan.config)
    assert on_display(again).selection.get("layer") is None


def test_code_selects_and_hears(views):
    first, second = views
    shown, heard = [first.widget, second.widget], []
    stop = first.selection().observe(heard.append)
    first.selection().select(token=3)
    assert [widget.selection for widget in shown] == [{"token": 3, "layer": None, "pinned": True}] * 2
    second.widget.selection = POINTED
    assert heard == [
        {"token": 3, "layer": None, "pinned": True},
        {"token": 2, "layer": 1, "pinned": True},
    ]
    stop()
    first.selection().select()
    assert len(heard) == 2 and first.selection().value["token"] is None


@pytest.mark.parametrize("wrong", [{"token": 99}, {"layer": 4}, {"layer": -1}, {"token": "2"}])
def test_what_does_not_exist_cannot_be_selected(views, wrong):
    with pytest.raises(InputError, match="there is no (token|layer)"):
        views[0].selection().select(**wrong)


def test_a_closed_view_is_let_go(views):
    first, second = views
    closed = second.widget
    closed.close()
    first.widget.selection = POINTED
    assert closed.selection == {}


def test_nothing_is_kept_of_views_that_are_gone():
    trace = make_trace(seed=91, name="gone")
    key = linking.selection_of(trace).key
    gc.collect()
    assert key not in linking._selections
