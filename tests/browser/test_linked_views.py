"""LogitLens, PerLayerEmbeddings and Microscope: as files with the network off, and linked in JupyterLab."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IDS = [2, 5, 9, 5, 7, 11]
SETUP = setup(
    "from g4lab import runtime, widgets",
    "runtime.choose_backend()",
    "from g4lab.lab import Lab",
    "from tests.models.networks import MIXTURE, network",
    "model = Lab(network(MIXTURE))",
    f"scope = widgets.Microscope(model, {IDS})",
)


def lab(config):
    from g4lab import runtime

    runtime.choose_backend()
    from g4lab.lab import Lab
    from tests.models.networks import network

    return Lab(network(config))


@pytest.fixture(scope="module")
def views():
    from g4lab.widgets.lens import LogitLens
    from g4lab.widgets.microscope import Microscope
    from g4lab.widgets.per_layer import PerLayerEmbeddings
    from tests.models.networks import MIXTURE
    from tests.parity.configs import LIKE_E2B

    mixture, small = lab(MIXTURE), lab(LIKE_E2B)
    return {
        "lens": LogitLens(mixture, IDS, token=42),
        "ple": PerLayerEmbeddings(small, IDS),
        "scope": Microscope(mixture, IDS),
    }


def test_the_lens_by_keyboard(show, views):
    page, frame = show("lens")
    sentence = frame.locator(".g4-sentence")
    frame.locator(".g4-grid-scroller").focus()
    for key, words in [
        ("ArrowRight", "Read out at layer 1, the stream at"),
        ("ArrowDown", "Read out at layer 0"),
        ("ArrowDown", "Read out at embedding"),
        ("Escape", "comes first at"),
    ]:
        page.keyboard.press(key)
        expect(sentence).to_contain_text(words)
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(frame.locator(".g4-pinned")).to_have_count(1)
    target = views["lens"].reading.targets["chosen"]
    expect(sentence).to_contain_text(f"has rank {target.rank[0, len(IDS) - 1]} and")
    expect(frame.locator(".g4-sum")).to_contain_text("unexplained")


def test_the_tooltip_has_the_exact_number(show, views):
    page, frame = show("ple")
    box = frame.locator("canvas").first.bounding_box()
    page.mouse.move(box["x"] + 104 + 5, box["y"] + 22 + 12)
    ratio = views["ple"].arrays["ratio"][6, 0]
    shown = frame.locator(".g4-tip").inner_text()
    line = next(line for line in shown.splitlines() if line.startswith("ratio"))
    assert float(line.split(": ")[1]) == pytest.approx(float(ratio), rel=1e-6)


def test_a_token_chosen_in_one_frame_is_lit_in_all(show):
    page, bar = show("scope")
    bar.locator(".g4-token").nth(3).click()
    linked = [frame for frame in page.frames[2:] if frame.locator(".g4-token").count()]
    assert len(linked) >= 3
    for frame in linked:
        expect(frame.locator(".g4-token.g4-pinned")).to_have_attribute("data-index", "3")
    linked[1].locator(".g4-rail").evaluate("rail => rail.focus()")
    linked[1].evaluate(
        "document.querySelector('.g4-rail').dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))"
    )
    for frame in [bar, *linked]:
        expect(frame.locator(".g4-token.g4-pinned")).to_have_count(0)


def test_tabs_by_keyboard(show):
    page, _ = show("scope")
    tabs = page.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Architecture")
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", selected=True)).to_have_text("Tokens")


def test_linked_in_a_notebook(jupyter, open_page, pictures):
    """Two views made apart, and a microscope, of one prompt; and code that reads and sets the selection."""
    cells = (SETUP, f"lens = widgets.LogitLens(model, {IDS}); lens", f"widgets.RoutingExplorer(model, {IDS})", "scope")
    page = open_page(height=3000)
    notebook = Notebook(page, jupyter.url(jupyter.add("linked.ipynb", *cells)))
    notebook.run_all()
    assert notebook.failures() == []
    for name in (".g4-lens", ".g4-routing", ".g4-scope"):
        expect(page.locator(f"{name} .g4-sentence").first).not_to_be_empty()
    page.locator(".g4-lens .g4-token").nth(4).click()
    for name in (".g4-routing", ".g4-scope", ".g4-strip"):
        expect(page.locator(f"{name} .g4-token.g4-pinned").first).to_have_attribute("data-index", "4")
    page.wait_for_timeout(500)
    value = json.loads(notebook.execute("import json; print(json.dumps(lens.selection().value))"))
    assert (value["token"], value["pinned"]) == (4, True)
    notebook.execute("lens.selection().select(token=1)")
    for name in (".g4-lens", ".g4-routing", ".g4-scope"):
        expect(page.locator(f"{name} .g4-token.g4-pinned").first).to_have_attribute("data-index", "1")
    bar = page.locator(".g4-scope")
    bar.locator("summary", has_text="Recorded trace").click()
    bar.get_by_label("path of a recorded trace").fill("nowhere.npz")
    bar.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator(".g4-scope .g4-error")).to_contain_text("no such trace file")
    assert "alive" in notebook.execute("print('alive')")
    cells_before = notebook.cells()
    page.locator(".g4-scope .g4-rail").focus()
    page.keyboard.press("b")
    assert notebook.cells() == cells_before
    page.screenshot(path=pictures / "linked-notebook.png", full_page=True)


def tab(page, name):
    """Open a tab of a static microscope; returns the frame of its view."""
    page.get_by_role("tab", name=name).click()
    panel = page.locator(f'.g4lab-panel[data-tab="{name}"] iframe').element_handle()
    return panel.content_frame()


def test_the_map_and_the_views_of_tokens_share_the_layer(show):
    """Two layers: the upper is chosen in the map by click, the lower by key; the token that is pinned stays pinned."""
    page, bar = show("scope")
    bar.locator(".g4-token").nth(3).click()
    plan = tab(page, "Architecture")
    plan.locator("canvas").first.click(position={"x": 20, "y": 20 + 22 / 2})
    expect(plan.locator(".g4-sentence")).to_contain_text("Layer 1:")
    lens = tab(page, "Lens")
    expect(lens.locator(".g4-sentence")).to_contain_text("Read out at layer 1")
    expect(lens.locator(".g4-token.g4-pinned")).to_have_attribute("data-index", "3")
    plan = tab(page, "Architecture")
    plan.locator(".g4-map-scroller").focus()
    page.keyboard.press("ArrowDown")
    expect(plan.locator(".g4-sentence")).to_contain_text("Layer 0:")
    lens = tab(page, "Lens")
    expect(lens.locator(".g4-sentence")).to_contain_text("Read out at layer 0")
    lens.locator(".g4-grid-scroller").focus()
    page.keyboard.press("ArrowUp")
    expect(tab(page, "Architecture").locator(".g4-sentence")).to_contain_text("Layer 1:")


AGAIN = """(cell) => {
    const { content } = window.jupyterapp.shell.currentWidget;
    content.activeCellIndex = cell;
    content.deselectAll();
    window.again = false;
    window.jupyterapp.commands.execute('notebook:run-cell').then(() => { window.again = true; });
}"""


def test_an_equal_view_of_another_cell_outlives_a_cell_that_is_run_again(jupyter, open_page):
    """One that is scrolled out of sight is off the page, where Lab draws no more than what is seen."""
    cells = [f"{name} = widgets.LogitLens(model, {IDS}); {name}" for name in ("far", "near")]
    notebook = Notebook(open_page(height=3000), jupyter.url(jupyter.add("far.ipynb", SETUP, *cells)))
    notebook.run_all()
    assert notebook.failures() == []
    expect(notebook.page.locator(".g4-lens .g4-sentence")).to_have_count(2)
    notebook.page.wait_for_timeout(500)
    told = "gone = [view.widget for view in (far, near)]; far.widget.shown = 0; print('told')"
    assert "told" in notebook.execute(told)
    # A busy page may say that the old view is gone only after the cell has run: then the next run ends it.
    for _ in range(2):
        notebook.page.evaluate(AGAIN, 2)
        notebook.page.wait_for_function("window.again")
        expect(notebook.page.locator(".g4-lens .g4-sentence")).to_have_count(2)
    assert notebook.told("[widget.comm is not None for widget in gone]") == [True, False]


def test_a_view_made_again_opens_unpinned_unless_another_shows_the_pin(jupyter, open_page):
    """What is pinned goes with the view that its cell takes away; while another view has it, it comes back."""
    cells = (SETUP, f"widgets.RoutingExplorer(model, {IDS})", f"lens = widgets.LogitLens(model, {IDS}); lens")
    page = open_page(height=3000)
    notebook = Notebook(page, jupyter.url(jupyter.add("again.ipynb", *cells)))
    notebook.run_all()
    assert notebook.failures() == []
    routing, lens = page.locator(".g4-routing .g4-token"), page.locator(".g4-lens .g4-token.g4-pinned")
    routing.nth(4).click()
    expect(lens).to_have_attribute("data-index", "4")
    page.mouse.move(0, 0)  # a view that appears under the pointer is pointed at
    page.wait_for_timeout(500)
    page.evaluate(AGAIN, 1)
    page.wait_for_function("window.again")
    expect(page.locator(".g4-routing .g4-token.g4-pinned")).to_have_attribute("data-index", "4")
    page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets[2].model.outputs.clear()")
    expect(page.locator(".g4-lens")).to_have_count(0)
    page.evaluate(AGAIN, 1)
    page.wait_for_function("window.again")
    expect(page.locator(".g4-routing .g4-sentence")).to_have_count(1)
    expect(page.locator(".g4-routing .g4-sentence")).not_to_be_empty()
    page.wait_for_timeout(1_000)
    expect(page.locator(".g4-routing .g4-token.g4-pinned")).to_have_count(0)
    value = json.loads(notebook.execute("import json; print(json.dumps(lens.selection().value))"))
    assert value["token"] is None
