"""AttentionExplorer in JupyterLab, with a kernel that sends heads and cuts them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# heads of this model do not fit the page, and not their digits either: both are fetched
SETUP = setup("""
import g4lab
from g4lab import widgets
from g4lab.widgets import attention_content
attention_content.HELD_BYTES, attention_content.EXACT_BYTES = 1200, 400
model = g4lab.load("tiny-moe")
view = widgets.AttentionExplorer(model, "The red ball is in the box. The red ball", head=(0, 0))
view.selection().select(layer=0)
""")


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    name = jupyter.add("attention.ipynb", SETUP, "view")
    notebook = Notebook(open_shared_page(height=2200), jupyter.url(name))
    notebook.run_all()
    return notebook


@pytest.fixture
def view(notebook):
    """The view, fresh: the notebook has just run from top to bottom."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    found = notebook.page.locator(".g4-attention")
    expect(found).to_have_count(1)
    expect(found.locator(".g4-sentence")).to_contain_text("Head 0 of layer 0")
    return found


def told(notebook, expression: str):
    """What the kernel says that an expression is."""
    return json.loads(notebook.execute(f"import json; print(json.dumps({expression}))"))


def test_no_cell_fails(notebook, view):
    assert notebook.failures() == []


def test_a_head_is_fetched_and_its_tooltip_is_exact(notebook, view):
    held = told(notebook, "[[each['layer'], each['head']] for each in view.content(True)[0]['held']]")
    assert held == [[0, 0]]
    view.locator(".g4-thumbs").focus()
    for _ in range(5):
        notebook.page.keyboard.press("ArrowUp")
    notebook.page.keyboard.press("End")
    expect(view.locator(".g4-sentence")).to_contain_text("Head 3 of layer 5")
    expect(view.locator(".g4-full")).to_be_visible()
    square = view.locator(".g4-square").bounding_box()
    tokens = view.locator(".g4-token").count()
    cell = square["width"] / tokens
    view.locator(".g4-over").hover(position={"x": 2.5 * cell, "y": (tokens - 0.5) * cell})
    tip = view.locator(".g4-tip")
    expect(tip).not_to_contain_text("≈")
    shown = re.search(r"weight: (\S+)", tip.inner_text())[1]
    assert np.float32(shown) == np.float32(told(notebook, "float(view.before.attention(5, 3)[-1, 2])"))


def test_a_fetched_head_is_weighted_by_values_exactly(notebook, view):
    view.locator(".g4-thumbs").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(view.locator(".g4-sentence")).to_contain_text("Head 1 of layer 0")
    view.get_by_role("button", name="Weights × values").click()
    expect(view.locator(".g4-formula")).to_contain_text("Kobayashi")
    square = view.locator(".g4-square").bounding_box()
    tokens = view.locator(".g4-token").count()
    cell = square["width"] / tokens
    view.locator(".g4-over").hover(position={"x": 2.5 * cell, "y": (tokens - 0.5) * cell})
    tip = view.locator(".g4-tip")
    expect(tip).not_to_contain_text("≈")
    expect(tip).to_contain_text("weight × value")
    shown, null = (float(re.search(rf"{words}: (\S+)", tip.inner_text())[1]) for words in ("weight × value", "keys"))
    notebook.execute("from g4lab.tracing.value_weighted import value_weighted_attention")
    pair = "[float(part[-1, 2]) for part in value_weighted_attention(view.before, 0, 1, model.attention_output(0))]"
    np.testing.assert_array_equal(np.float32([shown, null]), np.float32(told(notebook, pair)))
    view.get_by_role("button", name="Weights", exact=True).click()
    expect(view.locator(".g4-formula")).to_have_count(0)


def test_the_picture_that_is_saved_is_by_values_where_the_page_is(notebook, view):
    for name, by_values in [("Weights × values", True), ("Weights", False)]:
        view.get_by_role("button", name=name, exact=True).click()
        with notebook.page.expect_download() as waiting:
            view.get_by_role("button", name="Save the picture as SVG").click()
        assert ("weight x value" in waiting.value.path().read_text()) == by_values


def test_cutting_by_keyboard_alone(notebook, view):
    button = view.get_by_role("button", name="Cut head 0 of layer 0")
    view.locator(".g4-thumbs").focus()
    for _ in range(60):
        notebook.page.keyboard.press("Tab")
        if notebook.page.evaluate("document.activeElement.textContent") == "Cut head 0 of layer 0":
            break
    expect(button).to_be_focused()
    notebook.page.keyboard.press("Enter")
    expect(view.locator(".g4-next-title")).to_contain_text("with L0·H0 cut")
    change = told(notebook, "view.content(True)[0]['next']['change']")
    assert told(notebook, "view.cuts") == [[0, 0]]
    sign = "−" if change < 0 else "+"
    expect(view.locator(".g4-verdict")).to_contain_text(f"{sign}{abs(change):.2f}")
    expect(view.locator(".g4-sentence")).to_contain_text("With L0·H0 cut")
    expect(notebook.page.locator(":focus")).to_have_text("Restore head 0 of layer 0")
    view.get_by_role("button", name="Cut global layers").click()
    expect(view.locator(".g4-next-title")).to_contain_text("all heads of L5 cut")
    view.get_by_role("button", name="Reset").click()
    expect(view.locator(".g4-next-title")).to_have_text("next token")
    assert told(notebook, "view.cuts") == []


@pytest.mark.parametrize("part", [".g4-thumbs", ".g4-full", ".g4-rail", ".g4-found button", "select", "textarea"])
def test_keys_never_reach_the_notebook(notebook, view, part):
    before = notebook.cells()
    view.locator(f"{part} >> visible=true").first.focus()
    for key in ("b", "a", "d", "d", "x", "m", "Shift+Enter"):
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert notebook.cells() == before
    assert notebook.page.evaluate("document.activeElement.closest('.g4-attention') !== null")


def test_the_theme_flips_and_the_canvas_with_it(notebook, view, pictures):
    def corner() -> list[int]:
        paint = "c => [...c.getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)"
        return view.locator(".g4-thumbs canvas").evaluate(paint)

    view.locator(".g4-token").last.click()
    notebook.theme("Light")
    assert min(corner()) > 240
    view.screenshot(path=pictures / "attention-live-light.png")
    notebook.theme("Dark")
    assert max(corner()) < 40
    view.screenshot(path=pictures / "attention-live-dark.png")
    notebook.theme("Light")


def test_another_prompt_and_a_bad_one(notebook, view):
    box = view.locator("textarea")
    box.fill("")
    box.press("Enter")
    expect(view.locator(".g4-error")).to_contain_text("the prompt is empty")
    box.fill("two <img src=x onerror=alert(1)>")
    box.press("Enter")
    expect(view.locator(".g4-error")).to_have_count(0)
    expect(view.locator(".g4-rail")).to_contain_text("onerror")
    assert view.locator("img").count() == 0
    assert told(notebook, "view.prompt") == "two <img src=x onerror=alert(1)>"


def test_what_is_pointed_at_reaches_python(notebook, view):
    view.locator(".g4-token").nth(3).click()
    notebook.page.wait_for_timeout(400)
    assert told(notebook, "view.selection().value") == {"token": 3, "layer": 0, "pinned": True}
