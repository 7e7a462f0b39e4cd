"""Which live views are closed when a cell is run again: its own, and not those that are only scrolled out of sight."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from g4lab.widgets import live
from g4lab.widgets.live import Live


@pytest.fixture
def run(monkeypatch):
    """Make a view as the cell with an id does, or None for a message from a page; `shown` is at how many places."""
    parent: dict = {}
    shell = SimpleNamespace(get_parent=lambda: parent)
    monkeypatch.setitem(live.sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))

    def made(cell, kind=("lens", "key", "tiny"), **message) -> Live:
        parent.clear()
        of_cell = {"header": {"msg_type": "execute_request"}, "metadata": {"cellId": cell}}
        parent.update(of_cell if cell is not None else {"header": {"msg_type": "comm_msg"}}, **message)
        view = Live(lambda asked: None, kind=kind)
        view.shown = 1
        return view

    return made


def is_open(view: Live) -> bool:
    return view.comm is not None


def test_a_cell_that_is_run_again_closes_its_own_view(run):
    first = run("a")
    first.shown = 0
    second = run("a")
    assert not is_open(first) and is_open(second)


def test_an_equal_view_of_another_cell_that_is_scrolled_away_stays(run):
    far = run("a")
    far.shown = 0
    for _ in range(3):
        near = run("b")
        near.shown = 0
    run("b")
    assert is_open(far) and not is_open(near)


def test_what_is_on_display_or_of_another_kind_stays(run):
    shown, other = run("a"), run("a", kind=("lens", "another key", "tiny"))
    other.shown = 0
    run("a")
    assert is_open(shown) and is_open(other)


def test_a_view_that_a_page_asks_for_closes_none(run):
    opened = run(None)
    opened.shown = 0
    run(None)
    assert is_open(opened)


def test_where_no_cell_is_told_equal_views_that_are_gone_are_closed(run):
    first = run("a", metadata={})
    first.shown = 0
    run("b", metadata={})
    assert not is_open(first)
