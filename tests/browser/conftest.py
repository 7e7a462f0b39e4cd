"""One Chromium and one JupyterLab for all browser tests; every page is watched for calls home and for errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.ensure_chromium import HOW, find
from tests.browser.jupyter import Server

# A busy machine, or one that imports a backend for the first time, takes its time.
expect.set_options(timeout=60_000)

ROOT = Path(__file__).resolve().parents[2]
# Containers have neither a sandbox nor, often, /dev/shm; and no name but this machine's is to be found.
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.fixture(scope="session")
def chromium() -> Browser:
    path = find()
    assert path, HOW
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory) -> Server:
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.stop()


class Watched:
    """What a page did that it should not: requests to other machines, failed requests, errors in the console."""

    def __init__(self, page: Page):
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", self._request)
        page.on("response", lambda r: r.status >= 400 and self.errors.append(f"{r.status} {r.url}"))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: line.type == "error" and self.errors.append(line.text))

    def _request(self, request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("127.0.0.1", "localhost"):
            self.outside.append(request.url)


@pytest.fixture
def open_page(chromium):
    """Makes pages for one test."""
    with pages(chromium) as make:
        yield make


@pytest.fixture(scope="module")
def open_shared_page(chromium):
    """Makes pages that a module's tests share."""
    with pages(chromium) as make:
        yield make


@contextmanager
def pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages of a given size and colour scheme; at the end none of them may have called home or failed."""
    opened: list[tuple] = []

    def make(width: int = 1280, height: int = 900, **options) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        opened.append((context, Watched(page)))
        return page

    yield make
    for context, _ in opened:
        context.close()
    for _, watched in opened:
        assert watched.outside == []
        assert watched.errors == []


@pytest.fixture(scope="module")
def files(views, tmp_path_factory) -> Path:
    """A folder with the static page of each of a module's `views`."""
    folder = tmp_path_factory.mktemp("static")
    for name, view in views.items():
        (folder / f"{name}.html").write_text(view.static(), encoding="ascii")
    return folder


@pytest.fixture
def show(open_page, files, views):
    """Open a view's file from disk, the first if none is named; returns the page and the frame with the view in it."""

    def make(name: str | None = None, **options):
        page = open_page(**options)
        page.goto((files / f"{name or next(iter(views))}.html").as_uri())
        frame = page.frames[1]
        expect(frame.locator(".g4-sentence")).not_to_be_empty()
        page.wait_for_timeout(400)
        return page, frame

    return make


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where the tests leave what they saw."""
    folder = ROOT / "test-results"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def axe():
    """Run axe-core on a part of a page; returns what it found wrong, as short texts."""
    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")

    def run(page_or_frame, selector: str) -> list[str]:
        page_or_frame.evaluate(source)
        result = page_or_frame.evaluate("(selector) => axe.run(selector)", selector)
        return [
            f"{problem['impact']}: {problem['id']} at {', '.join(str(node['target']) for node in problem['nodes'])}"
            for problem in result["violations"]
        ]

    return run
