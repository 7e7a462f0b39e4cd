"""The panels of RoutingExplorer in JupyterLab, with a kernel that answers."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import ROOT, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.widgets.models import FakeModel
from tests.tracing.traces import make_trace
from g4lab import widgets
explorer = widgets.RoutingExplorer(FakeModel(experts=8), "The red ball is in the box and the red box is big " * 8)
explorer.selection().select()
"""


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    """An open notebook with one view."""
    return Notebook(open_shared_page(), jupyter.url(jupyter.add("panels.ipynb", SETUP, "explorer")))


@pytest.fixture
def view(notebook):
    """The view, fresh: the notebook has just run from top to bottom."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    view = notebook.page.locator(".g4-routing")
    expect(view).to_have_count(1)
    expect(view.locator(".g4-sentence")).to_contain_text("Layer 5, 105 tokens")
    return view


def asked(notebook, code: str):
    """What an expression is in the kernel, as JSON."""
    return json.loads(notebook.execute(f"import json; print(json.dumps({code}))"))


def panel(view, name: str):
    """Open a panel by a click."""
    view.get_by_role("tab", name=name).click()
    return view.get_by_role("tabpanel")


def test_a_layer_is_asked_for_when_it_is_shown(notebook, view):
    opened = panel(view, "Statistics")
    for layer in (5, 2):
        if layer != 5:
            view.get_by_label("layer", exact=True).select_option(str(layer))
        value = asked(notebook, f"explorer.statistics({layer})[1].value")
        expect(opened.locator(".g4-words").first).to_contain_text(f"Layer {layer}.")
        cell = opened.locator('tr[data-metric="CV of load"] td').first
        expect(cell).not_to_be_empty()
        assert float(cell.inner_text()) == pytest.approx(value, rel=1e-6)


def test_statistics_after_a_change_are_those_of_the_change(notebook, view):
    opened = panel(view, "Statistics")
    notebook.execute("explorer.switch_off(5, 3)")
    expect(opened.locator(".g4-words").first).to_contain_text("Layer 5, after the change")
    value = asked(notebook, "explorer.panels.of('statistics', 'after', 5, explorer.after)[0]['rows'][1]['value']")
    cell = opened.locator('tr[data-metric="CV of load"] td').first
    expect(cell).to_have_text(str(float(f"{value:.7g}")))


def test_pairs_come_when_they_are_asked_for(notebook, view):
    opened = panel(view, "Together")
    expect(opened).to_contain_text("Layer 5: of the")
    opened.locator(".g4-pair-map").focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(opened.locator("[aria-live]")).to_contain_text("P(")


def saved(notebook, view) -> str:
    """The picture as the page saves it."""
    with notebook.page.expect_download() as waiting:
        view.get_by_role("button", name="Save the picture as SVG").click()
    return waiting.value.path().read_text()


def test_the_open_panel_is_in_the_picture_that_is_saved(notebook, view):
    """What is selected inside a panel goes with it: the pair, the second token, what is shown of the branches."""
    assert "Statistics" not in saved(notebook, view)
    opened = panel(view, "Together")
    expect(opened).to_contain_text("Layer 5: of the")
    opened.locator(".g4-pair-map").focus()
    for key in ("Home", "ArrowRight"):
        notebook.page.keyboard.press(key)
    expect(opened.locator("[aria-live]")).to_contain_text("P(1 | ")
    first = opened.locator("[aria-live]").inner_text().split(":")[0]
    svg = saved(notebook, view)
    assert "Together: layer 5" in svg and f"{first}: " in svg
    panel(view, "Statistics")
    value = asked(notebook, "explorer.statistics(5)[1].value")
    assert f">{value:.7g}<" in saved(notebook, view)
    opened = panel(view, "Two contexts")
    opened.locator(".g4-rail .g4-token").nth(6).click()
    expect(opened.locator(".g4-words").first).to_contain_text("(token 6)")
    assert "(token 6): over 6 layers" in saved(notebook, view)
    assert asked(notebook, "explorer.pointed().own['second']") == 6
    opened = panel(view, "Dense and experts")
    opened.get_by_role("button", name="Measure layer 5").click()
    expect(opened.locator(".g4-words").first).to_contain_text("of what the dense MLP writes")
    opened.get_by_role("button", name="cosine").click()
    assert ">cosine -1<" in saved(notebook, view)


def test_a_second_text_is_typed_and_compared(notebook, view):
    view.get_by_role("button", name="Compare…").click()
    opened = view.get_by_role("tabpanel")
    view.locator(".g4-rail").first.locator(".g4-token").nth(2).click()
    expect(opened.locator(".g4-words").first).to_contain_text("“·red” (token 2) and “·red” (token 10)")
    box = opened.get_by_label("second text", exact=True)
    box.fill("a big red <i>box</i>")
    box.press("Enter")
    expect(opened.locator(".g4-words").first).to_contain_text("(token 3 of the second text)")
    assert asked(notebook, "explorer.other_prompt") == "a big red <i>box</i>"
    expect(opened.locator(".g4-token").last).to_contain_text("<i>box</i>")
    box.fill("")
    box.press("Enter")
    expect(view.locator(".g4-error")).to_contain_text("the prompt is empty")
    opened.get_by_role("button", name="Same text").click()
    expect(opened.locator(".g4-words").first).to_contain_text("(token 10)")
    assert asked(notebook, "explorer.other is None")


def test_branches_are_measured_and_switched_off(notebook, view, pictures):
    opened = panel(view, "Dense and experts")
    opened.get_by_role("button", name="Measure layer 5").click()
    expect(opened.locator(".g4-words").first).to_contain_text("of what the dense MLP writes")
    opened.get_by_role("button", name="Switch off dense of layer 5").click()
    expect(view.locator(".g4-next-title")).to_contain_text("L5 dense off")
    change = asked(notebook, "explorer.content(True)[0]['next']['change']")
    assert change != 0
    assert view.locator(".g4-verdict").inner_text().replace("−", "-").endswith(f"{change:+.2f}")
    notebook.theme("Dark")
    view.screenshot(path=pictures / "live-panel-dark.png")
    notebook.theme("Light")
    opened.get_by_role("button", name="Switch on dense of layer 5").click()
    expect(view.locator(".g4-verdict")).to_have_count(0)
    opened.get_by_role("button", name="Switch off experts of layer 5").click()
    expect(view.locator(".g4-next-title")).to_contain_text("L5 experts off")
    view.get_by_role("button", name="Reset").click()
    expect(view.locator(".g4-next-title")).to_have_text("next token")


def test_keys_typed_in_a_panel_never_reach_the_notebook(notebook, view):
    before = notebook.cells()
    for name, part in [
        ("Statistics", "[tabindex='0']"),
        ("Together", ".g4-pair-map"),
        ("Two contexts", ".g4-rail"),
        ("Two contexts", "textarea"),
        ("Dense and experts", "button"),
    ]:
        if view.get_by_role("tab", selected=True).all_inner_texts() != [name]:
            panel(view, name)
        view.get_by_role("tabpanel").locator(f"{part} >> visible=true").first.focus()
        for key in ("b", "a", "d", "d", "x", "Shift+Enter"):
            notebook.page.keyboard.press(key)
        notebook.page.wait_for_timeout(200)
        assert notebook.cells() == before
        focused = notebook.page.evaluate("document.activeElement.outerHTML")[:200]
        assert notebook.page.evaluate("document.activeElement.closest('.g4-routing') !== null"), (name, part, focused)


def test_the_focus_stays_in_a_panel_that_is_filled_anew(notebook, view):
    opened = panel(view, "Statistics")
    opened.locator("[tabindex='0'] >> visible=true").last.focus()
    notebook.execute("explorer.refresh()")
    expect(opened.locator(".g4-measures")).to_be_visible()
    before = notebook.cells()
    notebook.page.keyboard.press("b")
    notebook.page.wait_for_timeout(200)
    assert notebook.cells() == before
    assert notebook.page.evaluate("document.activeElement.closest('.g4-routing') !== null")


def test_bad_input_is_said_in_the_widget_and_the_kernel_lives(notebook, view, tmp_path):
    notebook.execute("make_trace().save('run.npz')")
    notebook.execute("data = open('run.npz', 'rb').read(); open('cut.npz', 'wb').write(data[:-300])")
    notebook.execute("import pickle; open('pickle.npz', 'wb').write(pickle.dumps([1]))")
    error = view.locator(".g4-error")
    view.locator("summary", has_text="Recorded trace").click()
    path = view.get_by_label("path of a recorded trace")
    for name, words in [("nowhere.npz", "no such trace file"), ("cut.npz", "cut short"), ("pickle.npz", "not a trace")]:
        path.fill(name)
        path.press("Enter")
        expect(error).to_contain_text(words)
        expect(error).to_contain_text("next:")
    prompt = view.get_by_label("prompt", exact=True)
    for text, words in [("", "the prompt is empty"), ("x" * 100_000, "100,000 characters")]:
        prompt.fill(text)
        prompt.press("Enter")
        expect(error).to_contain_text(words)
    assert asked(notebook, "len(explorer.before)") == 106
    path.fill("run.npz")
    path.press("Enter")
    expect(view.locator(".g4-sentence")).to_contain_text("Layer 3, 11 tokens")
    expect(error).to_have_count(0)
    prompt.fill("the red box")
    prompt.press("Enter")
    expect(view.locator(".g4-sentence")).to_contain_text("Layer 3, 3 tokens")
    assert notebook.failures() == []
