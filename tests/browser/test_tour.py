"""The tour as a learner meets it: JupyterLab, the trained tiny-moe, a prompt typed, an expert switched off."""

from __future__ import annotations

import re
import shutil
import time

import pytest
from playwright.sync_api import expect

from g4lab import places
from tests.browser.jupyter import Notebook
from tests.browser.test_live_view import choose

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def tour(jupyter, open_shared_page):
    shutil.copy(places.notebooks() / "00_tour.ipynb", jupyter.folder)
    page = open_shared_page()
    start = time.perf_counter()
    notebook = Notebook(page, jupyter.url("00_tour.ipynb"))
    notebook.start_all()
    expect(page.locator(".g4-sentence")).not_to_be_empty()
    notebook.cold = time.perf_counter() - start
    notebook.wait_all()
    return notebook


@pytest.fixture
def view(tour):
    view = tour.page.locator(".g4-routing")
    expect(view.locator(".g4-sentence")).not_to_be_empty()
    return view


def test_every_cell_runs(tour):
    assert tour.failures() == []
    assert tour.execute("print(model.name, len(trace.routed_layers))").split() == ["tiny-moe", "6"]


def test_the_first_picture_comes_soon(tour):
    """From an opened page, whose kernel has yet to start; the goal is 15 s, the bound is for a busy machine."""
    print(f"{tour.cold:.1f} s from the page to the picture")
    assert tour.cold < 45


def test_a_prompt_an_expert_and_the_change_that_arrives(tour, view):
    page = tour.page
    view.get_by_label("prompt").fill("def turn(x):\n    return x")
    page.keyboard.press("Enter")
    expect(view.locator(".g4-piece").filter(has_text="turn")).not_to_have_count(0)
    expert = int(tour.execute("print(explorer.before.routing(0).experts[-1, 0])"))
    choose(view, 0, expert)
    expect(view.locator(".g4-target")).to_have_text(f"Expert {expert} of layer 0:")
    view.get_by_role("button", name="Switch off").click()
    verdict = view.locator(".g4-verdict")
    expect(verdict).to_be_visible()
    change = float(
        tour.execute(
            "i = explorer.before.next_token(1)[0].id; "
            "print(explorer.after.log_probabilities()[i] - explorer.before.log_probabilities()[i])"
        )
    )
    assert change != 0
    shown = re.search(r"[+−][\d.]+$", verdict.inner_text()).group()
    assert shown.replace("−", "-") == f"{change:+.2f}"
    view.get_by_role("button", name="Reset").click()
    expect(verdict).to_have_count(0)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_it_looks_right_in_both_themes(tour, view, pictures, theme):
    view.locator(".g4-token").last.click()
    tour.theme(theme)
    expect(view).to_have_attribute("data-g4-theme", theme.lower())
    view.screenshot(path=pictures / f"tour-{theme.lower()}.png")


def test_b_inserts_no_cell(tour, view):
    cells = tour.cells()
    view.locator(".g4-scroller").focus()
    tour.page.keyboard.press("b")
    tour.page.wait_for_timeout(300)
    assert tour.cells() == cells


def test_a_prompt_is_answered_at_once(tour, view):
    """Up to 128 tokens in half a second, from the key to the picture; the bound here is for a busy machine."""
    view.get_by_label("prompt").fill("Once there was a little dog called Hana, who loved the river. " * 7)
    start = time.perf_counter()
    tour.page.keyboard.press("Enter")
    tour.page.wait_for_function("document.querySelectorAll('.g4-token').length > 100")
    took = time.perf_counter() - start
    assert int(tour.execute("print(len(explorer.before))")) <= 128
    print(f"{took:.2f} s from the key to the picture")
    assert took < 2.5
