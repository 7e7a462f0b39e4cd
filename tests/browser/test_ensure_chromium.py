"""Which Chromium the browser tests use, and what is tried when there is none."""

from pathlib import Path

import pytest

from tests.browser import ensure_chromium
from tests.browser.ensure_chromium import ensure, find


@pytest.fixture
def empty_path(monkeypatch, tmp_path) -> Path:
    """A PATH with nothing on it, and Playwright without a browser of its own."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(ensure_chromium, "_playwrights_own", lambda: [])
    return tmp_path


def put(folder: Path, name: str, status: int) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


def test_one_that_starts_is_found(empty_path):
    assert find() is None
    put(empty_path, "chromium", 1)
    assert find() is None
    chrome = put(empty_path, "google-chrome", 0)
    assert find() == chrome


def test_one_is_installed_when_there_is_none(empty_path, monkeypatch):
    tried = []
    monkeypatch.setattr(ensure_chromium, "_apt", lambda: tried.append("apt"))
    monkeypatch.setattr(
        ensure_chromium, "_playwright", lambda: tried.append("playwright") or put(empty_path, "chromium", 0)
    )
    assert ensure() == str(empty_path / "chromium")
    assert tried == ["apt", "playwright"]


def test_it_says_how_when_nothing_helps(empty_path, monkeypatch):
    monkeypatch.setattr(ensure_chromium, "_apt", lambda: None)
    monkeypatch.setattr(ensure_chromium, "_playwright", lambda: None)
    with pytest.raises(SystemExit, match="apt-get install chromium"):
        ensure()
