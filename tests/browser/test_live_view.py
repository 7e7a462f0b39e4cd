"""RoutingExplorer in JupyterLab, with a kernel that answers."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = setup("""
from tests.widgets.models import FakeModel
from g4lab import widgets
explorer = widgets.RoutingExplorer(FakeModel(), "The red ball is in the box")
""")


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    """An open notebook that makes two views of one model."""
    name = jupyter.add("live.ipynb", SETUP, "explorer", "widgets.RoutingExplorer(explorer.model, 'It rolls')")
    return Notebook(open_shared_page(), jupyter.url(name))


@pytest.fixture
def view(notebook):
    """The first of the views, fresh: the notebook has just run from top to bottom."""
    notebook.page.mouse.move(0, 0)
    notebook.run_all()
    expect(notebook.page.locator(".g4-sentence")).to_have_count(2)
    view = notebook.page.locator(".g4-routing").first
    expect(view.locator(".g4-sentence")).to_contain_text("Layer 5, 7 tokens")
    expect(view.locator(".g4-target")).to_contain_text("Click a cell")
    return view


def state_of(notebook) -> dict:
    """What Python knows: the prompt, the changes, and what is pointed at."""
    printed = notebook.execute(
        "import json; print(json.dumps([explorer.prompt, [vars(c) for c in explorer.changes], "
        "explorer.widget.selection, explorer.content(True)[0]['next']['change']]))"
    )
    return dict(zip(("prompt", "changes", "selection", "change"), json.loads(printed), strict=True))


def choose(view, layer: int, expert: int, layers: int = 6) -> None:
    """Click a cell of the grid of all layers, 32 experts wide."""
    canvas = view.locator("canvas")
    width = canvas.bounding_box()["width"]
    beside = round(min(260, max(130, width * 0.24)))
    pitch = min(26, max(8, (width - 112 - beside - 16) // 32))
    row = layers - 1 - layer
    canvas.click(position={"x": 112 + pitch * (expert + 0.5), "y": 18 + 26 * (row + 0.5)})


def test_a_prompt_is_typed_and_read(notebook, view):
    prompt = view.get_by_label("prompt")
    prompt.fill("two green boxes <b>roll</b>")
    prompt.press("Enter")
    expect(view.locator(".g4-token")).to_have_count(5)
    expect(view.locator(".g4-token").last).to_contain_text("<b>roll</b>")
    assert state_of(notebook)["prompt"] == "two green boxes <b>roll</b>"
    # the other view still shows its own
    expect(notebook.page.locator(".g4-routing").nth(1).locator(".g4-token")).to_have_count(3)


def test_an_expert_is_switched_off_and_on(notebook, view):
    view.locator(".g4-token").nth(3).click()
    expect(view.get_by_role("button", name="Switch off")).to_be_disabled()
    choose(view, 4, 17)
    expect(view.locator(".g4-target")).to_have_text("Expert 17 of layer 4:")
    view.get_by_role("button", name="Switch off").click()
    expect(view.locator(".g4-verdict")).to_contain_text("Δ log-prob of")
    assert state_of(notebook)["changes"] == [{"action": "off", "layer": 4, "expert": 17, "other": None}]
    expect(view.get_by_role("button", name="Switch on")).to_be_enabled()
    view.get_by_role("button", name="Switch on").click()
    expect(view.locator(".g4-verdict")).to_have_count(0)
    assert state_of(notebook)["changes"] == []


def test_the_change_that_arrives_is_the_one_computed(notebook, view):
    expert = int(notebook.execute("print(explorer.before.routing(5).experts[-1, 0])"))
    choose(view, 5, expert)
    view.get_by_role("button", name="Switch off").click()
    verdict = view.locator(".g4-verdict")
    expect(verdict).to_be_visible()
    change = state_of(notebook)["change"]
    assert change != 0
    assert verdict.inner_text().replace("−", "-").endswith(f"{change:+.2f}")
    assert f"L5·E{expert} off" in view.locator(".g4-next-title").inner_text()


def test_force_swap_and_reset(notebook, view):
    choose(view, 2, 5)
    view.get_by_role("button", name="Force").click()
    expect(view.locator(".g4-next-title")).to_contain_text("L2·E5 forced")
    choose(view, 1, 3)
    view.get_by_role("button", name="Swap").click()
    expect(view.locator(".g4-sentence")).to_contain_text("Choose the expert of layer 1 to exchange with 3")
    choose(view, 1, 9)
    expect(view.locator(".g4-next-title")).to_contain_text("L1·E3 ⇄ E9")
    assert [change["action"] for change in state_of(notebook)["changes"]] == ["force", "swap"]
    view.get_by_role("button", name="Reset").click()
    expect(view.locator(".g4-next-title")).to_have_text("next token")
    assert state_of(notebook)["changes"] == []
    # nothing was computed, and the view does not wait for it
    expect(view.locator(".g4-progress")).to_have_attribute("data-state", "ready")
    expect(view.get_by_role("button", name="Run")).to_be_enabled()


def test_by_keyboard_alone(notebook, view):
    """Tab to the picture, choose an expert, switch it off."""
    page = notebook.page
    view.get_by_label("prompt").focus()
    for _ in range(12):
        if page.evaluate("document.activeElement.className").strip() == "g4-scroller":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    expect(view.locator(".g4-sentence")).to_contain_text("Expert 31 of layer 4")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Switch off":
            break
    page.keyboard.press("Enter")
    expect(view.locator(".g4-next-title")).to_contain_text("L4·E31 off")
    expect(page.locator(":focus")).to_have_text("Switch on")


@pytest.mark.parametrize("part", [".g4-rail", ".g4-scroller", "button", "select", "summary", "textarea"])
def test_keys_never_reach_the_notebook(notebook, view, part):
    before = notebook.cells()
    view.locator(f"{part} >> visible=true").first.focus()
    for key in ("b", "a", "d", "d", "x", "m", "Shift+Enter"):
        notebook.page.keyboard.press(key)
    notebook.page.wait_for_timeout(300)
    assert notebook.cells() == before
    assert notebook.page.evaluate("document.activeElement.closest('.g4-routing') !== null")


def test_the_theme_flips_and_the_canvas_with_it(notebook, view, pictures):
    def corner() -> list[int]:
        return view.locator("canvas").evaluate("c => [...c.getContext('2d').getImageData(2, 2, 1, 1).data].slice(0, 3)")

    view.locator(".g4-token").nth(3).click()
    notebook.theme("Light")
    assert min(corner()) > 240
    view.screenshot(path=pictures / "live-light.png")
    notebook.theme("Dark")
    assert max(corner()) < 40
    view.screenshot(path=pictures / "live-dark.png")
    expect(view).to_have_attribute("data-g4-theme", "dark")
    notebook.theme("Light")
    expect(view).to_have_attribute("data-g4-theme", "light")


def test_an_error_has_its_three_parts_and_the_kernel_lives(notebook, view):
    view.get_by_label("prompt").fill("")
    view.get_by_role("button", name="Run").click()
    error = view.locator(".g4-error")
    expect(error).to_contain_text("the prompt is empty")
    expect(error).to_contain_text("where: RoutingExplorer")
    expect(error).to_contain_text("next: type some words")
    view.get_by_role("button", name="Run").click()
    expect(view.get_by_role("button", name="Run")).to_be_enabled()
    view.get_by_label("prompt").fill("the box")
    view.get_by_role("button", name="Run").click()
    expect(view.locator(".g4-token")).to_have_count(3)
    expect(error).to_have_count(0)


def test_axe_finds_nothing(view, notebook, axe):
    choose(view, 4, 17)
    assert axe(notebook.page, ".g4-routing") == []


def test_what_is_pointed_at_reaches_python(notebook, view):
    view.locator(".g4-token").nth(2).click()
    choose(view, 3, 8)
    notebook.page.wait_for_timeout(400)
    selection = state_of(notebook)["selection"]
    assert {name: selection[name] for name in ("token", "layer", "expert")} == {"token": 2, "layer": 3, "expert": 8}


def test_run_again_leaves_nothing_behind(notebook, view):
    notebook.run_all()
    expect(notebook.page.locator(".g4-routing")).to_have_count(2)
    expect(notebook.page.locator(".g4-sentence").first).to_contain_text("Layer 5, 7 tokens")


def test_saved_and_opened_without_trust_a_sentence_stays(jupyter, notebook, view, open_page):
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_timeout(1500)
    saved = json.loads((jupyter.folder / "live.ipynb").read_text())
    for cell in saved["cells"]:
        cell["metadata"].pop("trusted", None)
        for output in cell["outputs"]:
            # what a stranger's notebook holds: outputs that this machine did not sign
            output["data"]["text/html"] += " " if "text/html" in output.get("data", {}) else ""
    (jupyter.folder / "stranger.ipynb").write_text(json.dumps(saved))
    stranger = Notebook(open_page(), jupyter.url("stranger.ipynb"))
    expect(stranger.page.locator("figcaption").first).to_contain_text("Expert")
