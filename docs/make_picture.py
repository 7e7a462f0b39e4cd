"""Take the README's picture: RoutingExplorer on tiny-moe, as JupyterLab shows it, with one expert switched off.

Run it from the repository, with the test environment, when the view or the checkpoint has changed:
`.venv/bin/python -m docs.make_picture`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.ensure_chromium import ensure
from tests.browser.jupyter import Notebook, Server
from tests.browser.test_live_view import choose

PICTURE = Path(__file__).with_name("routing_explorer.png")
PROMPT = "def turn(x):\n    return x"
CELLS = (
    "import g4lab; from g4lab import widgets",
    f"explorer = widgets.RoutingExplorer(g4lab.load('tiny-moe'), {PROMPT!r}); explorer",
)


def main() -> None:
    """Write the picture beside this file."""
    chromium = ensure()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1480, "height": 1000}, device_scale_factor=1.5)
            notebook = Notebook(page, server.url(server.add("picture.ipynb", *CELLS)))
            notebook.run_all()
            view = page.locator(".g4-routing")
            view.locator(".g4-token").last.click()
            choose(view, 0, int(notebook.execute("print(explorer.before.routing(0).experts[-1, 0])")))
            view.get_by_role("button", name="Switch off").click()
            expect(view.locator(".g4-verdict")).to_be_visible(timeout=60_000)
            page.mouse.move(0, 0)
            page.wait_for_timeout(800)
            view.screenshot(path=PICTURE)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
