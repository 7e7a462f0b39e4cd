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
PROMPT = "Once there was a little dog called Hana, who loved the river. Hana was looking for a"
CELLS = (
    "import g4lab; from g4lab import widgets",
    f"explorer = widgets.RoutingExplorer(g4lab.load('tiny-moe'), {PROMPT!r}); explorer",
)
# The expert of the last token whose absence changes the favourite most: the picture is to show an effect.
CHOICE = """
tried = widgets.RoutingExplorer(explorer.model, explorer.prompt)
favourite = tried.before.next_token(1)[0].id

def change(layer, expert):
    tried.reset()
    tried.switch_off(layer, expert)
    return tried.after.log_probabilities()[favourite] - tried.before.log_probabilities()[favourite]

pairs = [(l, int(e)) for l in tried.before.routed_layers for e in tried.before.routing(l).experts[-1]]
print(*max(pairs, key=lambda pair: abs(change(*pair))))
"""


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
            choose(view, *map(int, notebook.execute(CHOICE).split()))
            view.get_by_role("button", name="Switch off").click()
            expect(view.locator(".g4-verdict")).to_be_visible(timeout=60_000)
            page.mouse.move(0, 0)
            page.wait_for_timeout(800)
            view.screenshot(path=PICTURE)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
