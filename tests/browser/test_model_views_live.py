"""ArchitectureMap, TokenStrip and RopeDial in JupyterLab, with a kernel that answers."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = setup("""
from tests.widgets.strips import Reader
from g4lab import widgets
reader = Reader()
strip = widgets.TokenStrip(reader, "The red ball", surprisal=True)
twin = widgets.TokenStrip(reader, "The red ball")
""")


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    """An open notebook that shows the three views, and the strip twice."""
    name = jupyter.add(
        "shape.ipynb", SETUP, "strip", "twin", 'widgets.ArchitectureMap("e2b")', 'widgets.RopeDial("e2b")'
    )
    notebook = Notebook(open_shared_page(height=2600), jupyter.url(name))
    notebook.run_all()
    return notebook


@pytest.fixture
def views(notebook):
    """The views, fresh: the notebook has just run from top to bottom."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    expect(notebook.page.locator(".g4-view")).to_have_count(4)
    found = {name: notebook.page.locator(f".g4-{name}.g4-view") for name in ("strip", "map", "rope")}
    expect(found["strip"].first.locator(".g4-token")).to_have_count(4)
    return found


def test_no_cell_fails(notebook, views):
    assert notebook.failures() == []


def test_keys_never_reach_the_notebook(notebook, views):
    cells = notebook.cells()
    for view, place in [("strip", ".g4-rail"), ("map", ".g4-map-scroller"), ("rope", ".g4-dials")]:
        focus = views[view].first.locator(place)
        focus.focus()
        for key in ("b", "a", "d", "d", "x", "ArrowRight", "m"):
            notebook.page.keyboard.press(key)
        expect(focus).to_be_focused()
    slider = views["rope"].get_by_label("position", exact=True)
    slider.focus()
    for key in ("b", "d", "d", "ArrowRight"):
        notebook.page.keyboard.press(key)
    expect(views["rope"].locator(".g4-sentence")).to_contain_text("at position 41")
    assert notebook.cells() == cells


def test_another_text_is_read(notebook, views):
    strip = views["strip"].first
    strip.locator("textarea").fill("two <img src=x onerror=alert(1)>")
    strip.locator("textarea").press("Enter")
    expect(strip.locator(".g4-piece").nth(1)).not_to_have_text("The")
    assert strip.locator("img").count() == 0
    printed = json.loads(
        notebook.execute("import json; print(json.dumps([strip.prompt, len(strip.ids), list(strip.strip.scores)]))")
    )
    assert printed[0] == "two <img src=x onerror=alert(1)>" and printed[2] == ["surprisal"]
    expect(strip.locator(".g4-token")).to_have_count(printed[1])
    assert "".join(strip.locator(".g4-piece").all_inner_texts()) == "<bos>two·<img·src=x·onerror=alert(1)>"


def test_an_empty_text_is_an_error_in_the_view(notebook, views):
    strip = views["strip"].first
    strip.locator("textarea").fill("")
    strip.get_by_role("button", name="Read").click()
    expect(strip.locator(".g4-error")).to_contain_text("there is nothing to read")
    assert "alive" in notebook.execute("print('alive')")
    strip.locator("textarea").fill("It rolls")
    strip.get_by_role("button", name="Read").click()
    expect(strip.locator(".g4-error")).to_have_count(0)


def test_two_strips_of_the_same_tokens_are_linked(notebook, views):
    first, second = views["strip"].first, views["strip"].nth(1)
    first.locator(".g4-token").nth(2).click()
    expect(second.locator(".g4-token").nth(2)).to_have_class("g4-token g4-current g4-pinned")
    notebook.page.mouse.move(0, 0)
    first.locator(".g4-rail").focus()
    notebook.page.keyboard.press("Escape")
    expect(second.locator(".g4-pinned")).to_have_count(0)


def test_the_theme_flips_with_lab(notebook, views, pictures):
    for theme in ("Dark", "Light"):
        notebook.theme(theme)
        for view in ("strip", "map", "rope"):
            expect(views[view].first).to_have_attribute("data-g4-theme", theme.lower())
        notebook.page.screenshot(path=pictures / f"model-views-lab-{theme.lower()}.png")


def test_running_again_leaves_nothing_behind(notebook, views):
    notebook.run_all()
    expect(notebook.page.locator(".g4-view")).to_have_count(4)
    expect(notebook.page.locator(".g4-tip")).to_have_count(4)
