"""Notebooks that are kept: saved and opened again without their kernel, trusted or not, and exported as HTML."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.jupyter import Notebook, setup
from tests.widgets.every_view import VIEWS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SETUP = setup("from tests.widgets.every_view import make")
CHART = 'from g4lab.course import bars; bars(["a", "b"], {"first": [1, 2], "second": [2, 1]}, "A chart", "nats")'
CELLS = [SETUP, *(f"make({name!r})" for name in VIEWS), CHART]


@pytest.fixture(scope="module")
def saved(jupyter, open_shared_page) -> Path:
    """As JupyterLab saves it: without the state of live views."""
    notebook = Notebook(open_shared_page(height=6000), jupyter.url(jupyter.add("saved.ipynb", *CELLS)), jupyter.folder)
    notebook.run_all()
    assert notebook.failures() == []
    notebook.save()
    return jupyter.folder / "saved.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> Path:
    """As a program runs it: with the state of live views."""
    path = tmp_path_factory.mktemp("executed") / "executed.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]), path)
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    assert "widgets" in json.loads(path.read_text(encoding="utf-8"))["metadata"]
    return path


@pytest.fixture
def kept(request) -> Path:
    return request.getfixturevalue(request.param)


# what is far out of sight is not drawn until it is scrolled to
TALL = 12_000
KEPT = pytest.mark.parametrize("kept", ["saved", "executed"], indirect=True)


def exported(notebook: Path, folder: Path, to: str) -> Path:
    """What nbconvert makes of a notebook."""
    command = [sys.executable, "-m", "nbconvert", "--to", to, str(notebook), "--output-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / f"{notebook.stem}.html"


def shown(page: Page) -> list[str]:
    """The classes of the roots of the views that a page's frames show."""
    found = []
    for frame in page.frames[1:]:
        if not frame.frame_element().is_visible():  # in a tab that is not open
            continue
        expect(frame.locator(".g4-sentence").first).not_to_be_empty()
        found.append(frame.locator("#view").get_attribute("class"))
    return found


@KEPT
def test_nbconvert_shows_every_view_offline(kept, open_page, tmp_path, pictures):
    """No request to another machine, and no error in the console: `open_page` looks for both."""
    page = open_page(height=TALL)
    page.goto(exported(kept, tmp_path, "g4lab.exporting.OfflineHTML").as_uri())
    page.wait_for_timeout(1500)
    classes = " ".join(shown(page))
    assert all(row.root.removeprefix(".") in classes for row in VIEWS.values())
    stills = page.locator("img[class^=g4lab-still]")
    assert stills.count() == len(VIEWS) and not any(still.is_visible() for still in stills.all())
    page.screenshot(path=pictures / f"exported-{kept.stem}.png", full_page=True)


def test_plain_nbconvert_shows_every_view_too(saved, chromium, tmp_path):
    """Its own template asks two other machines for scripts; what the views need is in the page."""
    context = chromium.new_context(viewport={"width": 1200, "height": TALL})
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(exported(saved, tmp_path, "html").as_uri(), wait_until="domcontentloaded")
    page.wait_for_timeout(3000)
    classes = " ".join(shown(page))
    context.close()
    assert all(row.root.removeprefix(".") in classes for row in VIEWS.values())
    others = [url for url in asked if not url.startswith(("file:", "data:", "about:", "blob:"))]
    assert all("cdnjs.cloudflare.com/ajax/libs/" in url for url in others), others


def reopened(jupyter, page: Page, source: Path, name: str, trusted: bool) -> Notebook:
    """The notebook in JupyterLab, as a file from elsewhere; its kernel is a new one, which ran no cell."""
    notebook = json.loads(source.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].pop("trusted", None)
    notebook["metadata"]["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook["metadata"]["made_for"] = name  # what nobody here has signed
    path = jupyter.folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    if trusted:
        jupyter.trust(path)
    return Notebook(page, jupyter.url(path.name))


@KEPT
@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_opened_again_without_a_kernel_every_view_has_a_picture_or_a_sentence(
    kept, trusted, jupyter, chromium, pictures
):
    context = chromium.new_context(viewport={"width": 1200, "height": 9000})
    page = context.new_page()
    name = f"{kept.stem}-{'trusted' if trusted else 'untrusted'}"
    reopened(jupyter, page, kept, name, trusted)
    page.wait_for_timeout(4000)
    page.screenshot(path=pictures / f"reopened-{name}.png", full_page=True)
    seen = []
    for index in range(len(VIEWS)):
        cell = page.locator(".jp-CodeCell").nth(index + 1)
        live = cell.locator(".g4lab .g4-sentence")
        still = cell.locator("img[src^='data:image/png']")
        drawn = [part for part in (*live.all(), *still.all()) if part.is_visible()]
        seen.append(bool(drawn) and max(part.bounding_box()["height"] for part in drawn) > 10)
        assert still.count() == 0 or len(still.first.get_attribute("alt")) > 30
    context.close()
    assert seen == [True] * len(VIEWS)
