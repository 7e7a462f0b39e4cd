"""How quickly AttentionExplorer draws and answers in headless Chromium: `python -m benchmarks._drawing`, JSON lines.

The page is the live view with the answer of its kernel prepared, so that only the browser is timed: a global head is
chosen that is not at hand, comes as the kernel would send it, and is drawn whole. Rendering is in software.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path

from benchmarks._stretched import prompt, stretched

LENGTHS = (512, 2048, 4096)
SCRIPT = Path(__file__).with_suffix(".js")
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"]


def main() -> None:
    from playwright.sync_api import sync_playwright

    from tests.browser.ensure_chromium import HOW, find

    path = find()
    if not path:
        raise SystemExit(HOW)
    model = stretched("tiny-moe")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for length in LENGTHS:
            file = Path(folder) / f"{length}.html"
            file.write_text(document(model, length), encoding="utf-8")
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.goto(file.as_uri())
            page.wait_for_function("() => Boolean(window.measure)")
            print(json.dumps({"tokens": length, **page.evaluate("window.measure()")}), flush=True)
            page.close()
        browser.close()


def document(model, length: int) -> str:
    """The page of a text of so many tokens, with one global head to be fetched."""
    from g4lab.widgets import AttentionExplorer, assets

    view = AttentionExplorer(model, prompt(model, length), head=(0, 0))
    header, arrays = view._packed(live=True)
    held = {(each["layer"], each["head"]) for each in header["held"]}
    far = [row["index"] for row in view.before.plan if row["kind"] == "global"]
    places = [(layer, head) for layer in reversed(far) for head in range(model.config.heads)]
    layer, head = next((place for place in places if place not in held), places[0])
    header["held"] = [each for each in header["held"] if (each["layer"], each["head"]) != (layer, head)]
    sent = []
    view.widget.send = lambda message, buffers: sent.append((message, buffers))
    view.handle({"kind": "head", "layer": layer, "head": head})
    ((message, buffers),) = sent
    given = {
        "header": header,
        "arrays": base64.b64encode(arrays).decode(),
        "layer": layer,
        "head": head,
        "answer": {"message": message, "buffers": [base64.b64encode(raw).decode() for raw in buffers]},
    }
    data = json.dumps(given).replace("<", "\\u003c")
    module = assets.script(view.module) + SCRIPT.read_text("utf-8")
    return (
        f'<!doctype html><meta charset="utf-8"><style>{assets.style("theme", view.module)}</style>'
        f'<div id="view"></div><script type="application/json" id="given">{data}</script>'
        f'<script type="module">{module}</script>'
    )


if __name__ == "__main__":
    main()
