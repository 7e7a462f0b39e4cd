"""SoftTokenAtlas in JupyterLab: rows on demand, another budget, hiding by pointer and by key, and its neighbours."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = setup("from tests.browser import atlases", "from g4lab import widgets", "atlas = atlases.make()")


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    name = jupyter.add("atlas.ipynb", SETUP, "atlas", "widgets.TokenStrip(atlas.trace)")
    notebook = Notebook(open_shared_page(height=3400), jupyter.url(name))
    notebook.run_all()
    return notebook


@pytest.fixture
def view(notebook):
    """The view with nothing hidden, at the model's own budget."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    found = notebook.page.locator(".g4-atlas")
    expect(found).to_have_count(1)
    expect(found.locator(".g4-sentence")).to_contain_text("of its attention on picture 0")
    return found


def cell(view, u: int) -> tuple[float, float]:
    box = view.locator(".g4-stage canvas").bounding_box()
    return (u % 3 + 0.5) * box["width"] / 3, (u // 3 + 0.5) * box["height"] / 2


def test_no_cell_fails(notebook, view):
    assert notebook.failures() == []


def test_another_words_attention_is_fetched_exactly(notebook, view):
    word = notebook.told("len(atlas.trace) - 3")
    view.locator(".g4-rail .g4-token").nth(word).click()
    notebook.page.mouse.move(0, 0)
    sentence = view.locator(".g4-sentence")
    expect(sentence).to_contain_text(re.compile(rf"Token {word}, .* puts \S+ of its attention on picture 0"))
    said = float(re.search(r"puts (\S+) of its", sentence.inner_text())[1])
    layer = int(view.get_by_label("layer", exact=True).input_value())
    wanted = notebook.told(f"float(atlas.trace.attention({layer})[:, {word}, 2:8].mean(0, dtype='float64').sum())")
    assert said == pytest.approx(wanted, rel=1e-5)


def test_a_token_in_a_strip_is_lit_in_the_atlas_and_back(notebook, view):
    strip = notebook.page.locator(".g4-strip")
    start = notebook.told("atlas.parts[0].start")
    strip.locator(".g4-token").nth(start + 3).hover()
    expect(view.locator(".g4-sentence")).to_contain_text("Soft token 3 of picture 0")
    expect(view.locator(".g4-rail .g4-token.g4-current")).to_have_attribute("data-index", str(start + 3))
    x, y = cell(view, 1)
    view.locator(".g4-stage canvas").hover(position={"x": x, "y": y})
    expect(strip.locator(".g4-token.g4-current")).to_have_attribute("data-index", str(start + 1))


def test_another_budget_is_shown_at_once_and_read_when_asked(notebook, view):
    slider, words = view.get_by_label("budget of soft tokens"), view.locator(".g4-budget-said")
    expect(words).to_contain_text("2 x 3 = 6 soft tokens")
    slider.focus()
    notebook.page.keyboard.press("ArrowRight")
    wanted = notebook.told("[atlas.preview(0, 18).grid, atlas.parts[0].grid]")
    rows, columns = wanted[0]
    expect(words).to_contain_text(f"budget 18: {rows} x {columns} = {rows * columns} soft tokens")
    expect(words).to_contain_text("the model has not read it")
    assert wanted[1] == [2, 3] and rows * columns > 6
    view.get_by_role("button", name="Read at this budget").click()
    expect(view.locator(".g4-rail .g4-token[data-kind=image]")).to_have_count(rows * columns)
    expect(words).not_to_contain_text("has not read it")


def test_a_dragged_region_is_hidden_and_the_answer_asked_again(notebook, view):
    page, canvas = notebook.page, view.locator(".g4-stage canvas")
    hide = view.get_by_role("button", name="Hide and ask again")
    expect(hide).to_have_attribute("aria-disabled", "true")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    scale = box["width"] / 144
    page.mouse.move(box["x"] + 20 * scale, box["y"] + 4 * scale)
    page.mouse.down()
    page.mouse.move(box["x"] + 40 * scale, box["y"] + 30 * scale, steps=4)
    page.mouse.move(box["x"] + 60 * scale, box["y"] + 40 * scale, steps=4)
    page.mouse.up()
    expect(view.locator(".g4-region")).to_have_text("48 x 48 pixels from (16, 0), in 2 soft tokens")
    hide.click()
    result = view.locator(".g4-result")
    expect(result).to_have_count(1)
    verdict, boxes = notebook.told("[atlas.hidings[0].verdict(), atlas.hidings[0].boxes]")
    assert boxes == [[16, 0, 64, 48]]
    expect(result).to_contain_text(verdict)
    expect(result).to_contain_text("elsewhere")
    view.get_by_role("button", name="Forget").click()
    expect(result).to_have_count(0)


def test_a_region_is_chosen_and_hidden_by_keys_alone(notebook, view):
    page = notebook.page
    view.locator(".g4-stage").focus()
    page.keyboard.press("ArrowRight")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(f"Shift+{key}")
    expect(view.locator(".g4-region")).to_have_text("96 x 96 pixels from (0, 0), in 4 soft tokens")
    view.get_by_role("button", name="Hide and ask again").focus()
    page.keyboard.press("Enter")
    expect(view.locator(".g4-result")).to_have_count(1)
    assert notebook.told("atlas.hidings[0].boxes") == [[0, 0, 96, 96]]
    view.locator(".g4-stage").focus()
    page.keyboard.press("Escape")
    expect(view.locator(".g4-region")).to_contain_text("no region is chosen")


def test_the_most_attended_are_hidden(notebook, view):
    view.get_by_label("how many of the most attended").fill("2")
    view.get_by_role("button", name=re.compile("^Hide what token .* reads most in layer")).click()
    expect(view.locator(".g4-result")).to_contain_text("the 2 most attended hidden")
    assert notebook.told("[len(atlas.hidings[0].boxes), len(atlas.hidings[0].null_boxes)]") == [2, 3]


def test_a_layer_that_sees_nothing_says_so(notebook, view):
    view.get_by_label("layer", exact=True).select_option("0")
    view.get_by_role("button", name=re.compile("reads most in layer 0")).click()
    expect(view.locator(".g4-error")).to_contain_text("layer 0 no longer sees picture 0")
    expect(view.locator(".g4-error")).to_contain_text("choose a global layer")


def test_another_prompt_is_about_the_same_media(notebook, view):
    box = view.locator("textarea")
    box.fill("Where is it?")
    box.press("Enter")
    expect(view.locator(".g4-rail .g4-token").filter(has_text="Where")).to_have_count(1)
    expect(view.locator(".g4-rail .g4-token[data-kind=image]")).to_have_count(6)
