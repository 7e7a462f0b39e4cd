"""The chapters' charts in JupyterLab: they follow its theme, and plotly is loaded once, by Lab, and never saved."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import Notebook, setup

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    setup("from g4lab.course import bars, lines"),
    'bars(["local", "<b>global</b>"], {"K/V": [1.5, 2], "alone": [3, 4.25]}, "Cache", "GB")',
    'bars(range(12), {"moved": range(12)}, "One expert switched off", "nats per token")',
    "x = range(1, 40)",
    'lines(x, {"left": [1 / i for i in x], "chance": [0.1] * 39}, "Decay", "share", of="distance")',
]


@pytest.fixture(scope="module")
def charts(jupyter, open_shared_page):
    page = open_shared_page(height=1700)
    bundles: list[str] = []
    page.on("response", lambda response: "plotly" in response.url and bundles.append(response.url))
    notebook = Notebook(page, jupyter.url(jupyter.add("charts.ipynb", *CELLS)), jupyter.folder)
    notebook.run_all()
    assert notebook.failures() == []
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    return notebook, bundles


def colours(page, selector: str) -> set[str]:
    """The computed colours of all texts that a selector finds."""
    return set(page.locator(selector).evaluate_all("found => found.map((e) => getComputedStyle(e).fill)"))


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_charts_follow_the_theme(charts, pictures, theme):
    notebook, _ = charts
    page = notebook.page
    notebook.theme(theme)
    ink = page.evaluate("""() => {
        const probe = document.body.appendChild(document.createElement("i"));
        probe.style.color = "var(--jp-content-font-color1)";
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
    }""")
    texts = (".gtitle tspan", ".xtick tspan", ".ytick tspan", ".ytitle tspan", ".legendtext tspan")
    for part in texts:
        assert colours(page, f".js-plotly-plot {part}") == {ink}, part
    papers = page.locator(".js-plotly-plot .main-svg").evaluate_all("found => found.map((e) => e.style.background)")
    assert set(papers) <= {"rgba(0, 0, 0, 0)", "none", ""}
    page.screenshot(path=pictures / f"charts-{theme.lower()}.png")


def test_markup_in_a_label_is_text(charts):
    page = charts[0].page
    assert "<b>global</b>" in page.locator(".js-plotly-plot .xtick").all_text_contents()


def test_pointing_tells_the_exact_number(charts):
    page = charts[0].page
    page.locator(".js-plotly-plot").first.locator(".bars .point path").nth(3).hover(force=True)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("alone, <b>global</b>: 4.25 GB")


def test_plotly_is_loaded_once_and_never_saved(charts):
    notebook, bundles = charts
    large = [url for url in bundles if "remoteEntry" not in url and url.split("?")[0].endswith(".js")]
    assert len(large) == len(set(large)) <= 2
    saved = notebook.save()
    outputs = [output for cell in saved["cells"] for output in cell["outputs"]]
    assert len(outputs) == 3
    # the largest part is the picture that Lab itself adds once a chart is drawn
    assert all(len(json.dumps(output)) < 300_000 for output in outputs)
