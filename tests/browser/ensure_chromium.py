"""Find a Chromium for the browser tests, or install one; print its path.

Run by `make test` before pytest. Tests import `find`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW = """No Chromium was found, and none could be installed. One of these helps:
  apt-get install chromium                        (Debian, as root)
  .venv/bin/python -m playwright install chromium (anywhere Playwright's downloads can be reached)
  put a `chromium` or `google-chrome` on PATH"""


def find() -> str | None:
    """The path of a Chromium that starts, or None."""
    candidates = [*filter(None, map(shutil.which, NAMES)), *_playwrights_own()]
    return next((path for path in candidates if _starts(path)), None)


def ensure() -> str:
    """The path of a Chromium that starts, installed first if there is none."""
    for install in (None, _apt, _playwright):
        if install:
            install()
        if path := find():
            return path
    sys.exit(HOW)


def _playwrights_own() -> list[str]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return [path] if Path(path).exists() else []


def _starts(path: str) -> bool:
    # Some systems put a `chromium` on PATH that only explains how to get the real one.
    return subprocess.run([path, "--version"], capture_output=True).returncode == 0


def _apt() -> None:
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=environment, stdout=sys.stderr, check=False)


def _playwright() -> None:
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, stdout=sys.stderr, check=False)


if __name__ == "__main__":
    print(ensure())
