"""What every view promises in JupyterLab with a kernel: its keys, its errors, its links, its colours, and no leaks."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup
from tests.tracing.test_trace import as_bytes, header_of, rewrite
from tests.tracing.traces import make_trace
from tests.widgets.every_view import VIEWS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = setup("from tests.widgets.every_view import make", "made = {}")
EACH = pytest.mark.parametrize("name", list(VIEWS))
TYPED = pytest.mark.parametrize("name", [name for name, row in VIEWS.items() if row.prompt])
FOCUSABLE = "button, select, input, textarea, summary, [tabindex]"
RUNS = 10


@pytest.fixture(scope="module")
def notebook(jupyter, open_shared_page):
    cells = [f"made[{name!r}] = make({name!r}); made[{name!r}]" for name in VIEWS]
    notebook = Notebook(open_shared_page(height=12_000), jupyter.url(jupyter.add("every.ipynb", SETUP, *cells)))
    notebook.run_all()
    return notebook


@pytest.fixture
def view(notebook, name):
    """The root of one view."""
    root = notebook.page.locator(VIEWS[name].root).first
    expect(root.locator(".g4-sentence")).not_to_be_empty()
    return root


def test_every_cell_shows_its_view_and_nothing_twice(notebook):
    assert notebook.failures() == []
    for row in VIEWS.values():
        expect(notebook.page.locator(row.root).first.locator(".g4-sentence")).not_to_be_empty()
    # the pictures for readers without a kernel are there, and not seen
    stills = notebook.page.locator("img[class^=g4lab-still]")
    assert stills.count() == len(VIEWS)
    assert [still for still in stills.all() if still.is_visible()] == []


@EACH
def test_keys_never_reach_the_notebook(notebook, view, name):
    page, cells = notebook.page, notebook.cells()
    for element in view.locator(FOCUSABLE).all():
        if not element.is_visible():
            continue
        element.focus()
        if not element.evaluate("e => e === document.activeElement"):
            continue  # it cannot have the focus, so no key is typed into it
        for key in ("b", "a", "x", "d", "d", "m"):
            page.keyboard.press(key)
        assert page.evaluate("(root) => document.activeElement.closest(root) !== null", VIEWS[name].root)
    page.wait_for_timeout(200)
    assert notebook.cells() == cells


@pytest.mark.parametrize("name", ["lens"])
def test_a_followed_token_is_shown_at_once_and_an_empty_field_lets_go(notebook, view, name):
    field, target = view.get_by_label("another target"), view.get_by_label("target", exact=True)
    target.select_option("predicted")
    field.fill(" red")
    field.press("Enter")
    expect(target).to_have_value("chosen")
    field.fill("no token has this text")
    field.press("Enter")
    expect(view.locator(".g4-error")).to_contain_text("tokens")
    field.fill("")
    field.press("Enter")
    expect(target).not_to_have_value("chosen")
    expect(view.locator(".g4-error")).to_be_hidden()


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_in_either_theme(notebook, axe, pictures, theme):
    notebook.theme(theme)
    for name, row in VIEWS.items():
        root = notebook.page.locator(row.root).first
        expect(root).to_have_attribute("data-g4-theme", theme.lower())
        assert axe(notebook.page, row.root) == [], name
        root.screenshot(path=pictures / f"every-{name}-lab-{theme.lower()}.png")


def test_what_is_pinned_in_one_is_lit_in_all(notebook):
    page = notebook.page
    linked = [row.root for name, row in VIEWS.items() if row.tokens and name not in ("ple", "atlas")]
    for root, token in zip(linked, range(2, 8), strict=False):
        page.locator(f"{root} .g4-rail .g4-token").nth(token).click()
        page.mouse.move(0, 0)
        for other in linked:
            expect(page.locator(f"{other} .g4-token.g4-pinned").first).to_have_attribute("data-index", str(token))
    page.wait_for_timeout(400)
    assert notebook.told("made['lens'].selection().value['token']") == token
    page.locator(f"{linked[0]} .g4-rail").first.focus()
    page.keyboard.press("Escape")
    expect(page.locator(".g4-token.g4-pinned")).to_have_count(0)


@EACH
def test_the_picture_is_saved(notebook, view, name):
    if name == "scope":
        view = notebook.page.locator(".g4-hosted .g4-save").first.locator("..")
    with notebook.page.expect_download() as waiting:
        view.get_by_role("button", name="Save the picture as SVG").click()
    assert ET.parse(waiting.value.path()).getroot().get("role") == "img"


@pytest.mark.parametrize("name", [name for name, row in VIEWS.items() if row.tokens and name != "scope"])
def test_the_picture_shows_what_is_selected_when_it_is_saved(notebook, view, name):
    """Two tokens one after the other give two pictures, each with the sentence of its moment."""
    page, saved = notebook.page, []
    for token in (2, 3):
        view.locator(".g4-rail .g4-token").nth(token).click()
        page.mouse.move(0, 0)
        expect(view.locator(".g4-token.g4-pinned").first).to_have_attribute("data-index", str(token))
        with page.expect_download() as waiting:
            view.get_by_role("button", name="Save the picture as SVG").click()
        texts = [element.text or "" for element in ET.parse(waiting.value.path()).iter()]
        words = {word for text in texts for word in text.split()}
        assert {*view.locator(".g4-sentence").inner_text().split()} <= words
        saved.append(waiting.value.path().read_text())
    assert saved[0] != saved[1]
    if name == "ple":
        places = notebook.told("made['ple'].still().places['token.3']")
        assert f'x="{places[0] + 1:g}"' in saved[1] and 'stroke="#0a58ca"' in saved[1]
    view.locator(".g4-rail").first.focus()
    page.keyboard.press("Escape")


@TYPED
@pytest.mark.parametrize("prompt, words", [("", "empty|nothing to read"), ("word " * 20_000, "100,000 characters")])
def test_a_prompt_that_cannot_be_read(notebook, view, name, prompt, words):
    # the error moves what lies beneath a resting pointer, and the sentence would be about that
    notebook.page.mouse.move(0, 0)
    notebook.page.wait_for_timeout(200)
    before = view.locator(".g4-sentence").inner_text()
    box = view.locator("textarea").first
    typed = box.input_value()
    box.fill(prompt)
    box.press("Enter")
    error = view.locator(".g4-error").first
    expect(error).to_be_visible()
    text = error.inner_text()
    assert any(part in text for part in words.split("|")) and "where: " in text and "next: " in text
    assert "alive" in notebook.execute("print('alive')")
    assert view.locator(".g4-sentence").inner_text() == before
    box.fill(typed)
    box.press("Enter")
    expect(view.locator(".g4-error")).to_have_count(0)


def broken_traces(folder) -> dict[str, str]:
    """Files in `folder` that are no traces any more, and what is said of each."""
    for name in ("truncated", "by_hand", "pickle"):
        make_trace().save(folder / f"{name}.npz")
    whole = (folder / "truncated.npz").read_bytes()
    (folder / "truncated.npz").write_bytes(whole[: len(whole) // 2])
    header = header_of(folder / "by_hand.npz")
    header["model"]["plan"][0]["owner"] = 7
    rewrite(folder / "by_hand.npz", header=as_bytes(header))
    rewrite(folder / "pickle.npz", logits=np.array([print], dtype=object))
    return {"truncated": "cut short", "by_hand": "row 0 of the plan", "pickle": "damaged", "absent": "no such trace"}


def test_broken_trace_files_in_the_microscope(notebook, tmp_path):
    scope = notebook.page.locator(".g4-scope")
    before = scope.locator(".g4-sentence").inner_text()
    scope.locator("summary", has_text="Recorded trace").click()
    for name, words in broken_traces(tmp_path).items():
        scope.get_by_label("path of a recorded trace").fill(str(tmp_path / f"{name}.npz"))
        scope.get_by_role("button", name="Open", exact=True).click()
        error = scope.locator(".g4-error")
        expect(error).to_contain_text(words)
        expect(error).to_contain_text("where: ")
        expect(error).to_contain_text("next: ")
    assert "alive" in notebook.execute("print('alive')")
    assert scope.locator(".g4-sentence").inner_text() == before


def counts(notebook) -> dict[str, int]:
    """What a view that was forgotten to be let go of would add to, in the kernel and in the page."""
    kernel = notebook.told(
        "(__import__('gc').collect(), {"
        "'widgets': len(__import__('ipywidgets.widgets.widget', fromlist=['x'])._instances),"
        "'comms': len(__import__('comm').get_comm_manager().comms),"
        "'selections': len(__import__('g4lab.widgets.linking', fromlist=['x'])._selections)})[1]"
    )
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("HeapProfiler.collectGarbage")
    page = session.send("Memory.getDOMCounters")
    session.detach()
    views = notebook.page.locator(".g4lab").count()
    return kernel | {"nodes": page["nodes"], "listeners": page["jsEventListeners"], "views": views}


def test_running_again_ten_times_leaks_nothing(notebook):
    for _ in range(2):
        notebook.run_all()
    notebook.page.wait_for_timeout(1500)
    before = counts(notebook)
    for _ in range(RUNS):
        notebook.run_all()
    notebook.page.wait_for_timeout(1500)
    after = counts(notebook)
    print(json.dumps({"before": before, "after": after}))
    assert after["views"] == before["views"]
    # a leak of one thing in one view would be ten of them
    for what in ("widgets", "comms", "selections"):
        assert after[what] <= before[what] + RUNS - 1, what
    assert after["listeners"] <= 1.2 * before["listeners"]
    assert after["nodes"] <= 1.2 * before["nodes"]
