"""The panels of RoutingExplorer as a file: opened from disk, with the network off."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from g4lab.widgets import RoutingExplorer
from tests.tracing.traces import make_trace
from tests.widgets.models import FakeModel

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEXT = " ".join(["The red <b>ball</b> is in the box and it rolls to two green boxes"] * 10)
PANELS = ["Statistics", "Together", "Two contexts", "Dense and experts"]


@pytest.fixture(scope="module")
def explorer():
    explorer = RoutingExplorer(FakeModel(experts=8), TEXT)
    explorer.contributions()
    return explorer


@pytest.fixture
def show(open_page, explorer, tmp_path):
    """Open a view as a file; returns the page and the frame with the view in it."""

    def make(view=explorer, **options):
        path = tmp_path / "routing.html"
        path.write_text(view.static(), encoding="ascii")
        page = open_page(**options)
        page.goto(path.as_uri())
        frame = page.frames[1]
        frame.wait_for_selector(".g4-token")
        expect(frame.locator(".g4-sentence")).not_to_be_empty()
        return page, frame

    return make


def panel(frame, name: str):
    """Open a panel by a click."""
    frame.get_by_role("tab", name=name).click()
    expect(frame.get_by_role("tab", selected=True)).to_have_text(name)
    return frame.get_by_role("tabpanel")


def cells_of(rows) -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    return rows.evaluate_all("rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_every_panel_fits_and_axe_finds_nothing(show, axe, pictures, width, scheme):
    page, frame = show(width=width, height=1700, color_scheme=scheme)
    frame.locator(".g4-token").nth(3).click()
    for name in PANELS:
        panel(frame, name)
        page.wait_for_timeout(300)
        page.screenshot(path=pictures / f"panel-{name.split()[0].lower()}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(frame, "#view") == []


def test_the_tabs_are_walked_by_keyboard_and_one_is_open_at_a_time(show):
    page, frame = show()
    tabs = frame.get_by_role("tab")
    expect(frame.get_by_role("tab", selected=True)).to_have_count(0)
    expect(frame.get_by_role("tabpanel")).to_have_count(0)
    tabs.first.focus()
    for key, name in [("ArrowRight", "Together"), ("End", "Dense and experts"), ("ArrowRight", "Statistics")]:
        page.keyboard.press(key)
        expect(frame.locator(":focus")).to_have_text(name)
    page.keyboard.press("Enter")
    expect(frame.get_by_role("tabpanel")).to_contain_text("Layer 5")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("tab", selected=True)).to_have_text("Together")
    page.keyboard.press("Enter")
    expect(frame.get_by_role("tabpanel")).to_have_count(0)


def test_statistics_are_exact_and_follow_the_layer(show, explorer):
    page, frame = show()
    opened = panel(frame, "Statistics")
    for layer, keys in [(5, []), (3, ["ArrowDown", "ArrowDown"])]:
        frame.locator(".g4-rail").first.focus()
        for key in keys:
            page.keyboard.press(key)
        expect(opened.locator(".g4-words").first).to_contain_text(f"Layer {layer}.")
        for measure in explorer.statistics(layer)[1:]:
            row = opened.locator(f'tr[data-metric="{measure.name}"]', has_text=measure.convention or None).first
            cells, words = row.locator("td"), row.locator(".g4-in-words")
            assert float(cells.first.inner_text()) == pytest.approx(measure.value, rel=1e-6)
            if measure.null.expected:
                expect(words).to_contain_text(f"x {float(f'{measure.value / measure.null.expected:.2g}'):g} of")
            place = {None: "", -1: "below its band", 0: "inside its band", 1: "above its band"}[measure.beyond]
            expect(words).to_contain_text(place)


def test_a_short_text_makes_no_claim(show):
    _, frame = show(RoutingExplorer(FakeModel(), "The red ball"))
    opened = panel(frame, "Statistics")
    expect(opened.locator("td", has_text="too few tokens for a claim (3; it needs 72)").first).to_be_visible()
    expect(opened.locator(".g4-of-value")).to_have_count(0)
    expect(panel(frame, "Together")).to_contain_text("for a claim (")


def test_together_by_keyboard_and_as_a_table(show, explorer):
    page, frame = show()
    opened = panel(frame, "Together")
    map_ = opened.locator(".g4-pair-map")
    map_.focus()
    page.keyboard.press("Home")
    for _ in range(7):
        page.keyboard.press("ArrowUp")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    experts = explorer.before.routing(5).experts[1:]
    has, both = (experts == 0).any(1), (experts == 0).any(1) & (experts == 6).any(1)
    expect(opened.locator("[aria-live]")).to_contain_text(f"{both.sum()} of {has.sum()} tokens")
    expect(frame.locator(".g4-sentence")).to_contain_text("Expert 0 of layer 5")
    opened.locator("summary").click()
    expect(opened.locator("tbody tr").first).to_be_visible()
    rows = cells_of(opened.locator("tbody tr"))
    found = {row[0]: row for row in rows}
    assert int(found["6"][1]) == both.sum() > 0
    assert float(found["6"][2]) == pytest.approx(both.sum() / has.sum(), rel=1e-6)


def test_what_does_not_fit_is_said(show):
    large = RoutingExplorer(make_trace(["<bos>"] + ["the"] * 400, layers=12, experts=128, chosen=8))
    page, frame = show(large)
    expect(panel(frame, "Together")).to_contain_text("Layer 11")
    frame.get_by_label("layer", exact=True).select_option("0")
    expect(frame.get_by_role("tabpanel")).to_contain_text("would not fit a page without a kernel; this one holds")


def test_two_contexts_start_with_the_next_same_token(show, explorer):
    page, frame = show()
    frame.locator(".g4-token").nth(2).click()
    frame.get_by_role("button", name="Compare…").click()
    opened = frame.get_by_role("tabpanel")
    period = 14  # words of one repetition
    expect(opened.locator(".g4-words").first).to_contain_text(f"“·red” (token 2) and “·red” (token {period + 2})")
    opened.get_by_role("button", name="Next same token").click()
    expect(opened.locator(".g4-words").first).to_contain_text(f"(token {2 * period + 2})")
    rows = opened.locator("tbody tr")
    expect(rows).to_have_count(6)
    for place, layer in enumerate(reversed(range(6))):
        cells = rows.nth(place).locator("td")
        experts = explorer.before.routing(layer).experts
        shared = {*experts[2].tolist()} & {*experts[2 * period + 2].tolist()}
        assert cells.nth(3).inner_text() == str(len(shared))
        chips = cells.nth(1).locator(".g4-chip").all_inner_texts()
        assert [int(chip.split()[1]) for chip in chips] == experts[2].tolist()
        assert [chip.startswith("◆") for chip in chips] == [int(e) in shared for e in experts[2]]


def test_dense_and_experts_are_exact(show, explorer):
    page, frame = show()
    opened = panel(frame, "Dense and experts")
    frame.locator(".g4-rail").first.locator(".g4-token").nth(4).click()
    opened.locator("summary", has_text="Both branches as a table").click()
    expect(opened.locator(".g4-table tbody tr")).to_have_count(6)
    rows = cells_of(opened.locator(".g4-table tbody tr"))
    found = explorer.contributions()
    for row in rows:
        part = found[int(row[0])]
        numbers = [part.dense_norm[4], part.experts_norm[4], part.experts_norm[4] / part.dense_norm[4], part.cosine[4]]
        assert [float(text) for text in row[1:]] == pytest.approx(numbers, rel=1e-5)
    expect(opened).to_contain_text("A large part is not an important part")
    expect(opened.get_by_role("button", name="Switch off")).to_have_count(0)
    grid = opened.locator(".g4-grid-scroller")
    grid.focus()
    page.keyboard.press("ArrowDown")
    expect(opened.locator(".g4-words").first).to_contain_text("Layer 4")


def test_a_page_without_a_kernel_says_that_the_open_panel_is_not_in_its_picture(show):
    page, frame = show()
    for name, said in [(None, False), ("Statistics", True)]:
        if name:
            panel(frame, name)
        with page.expect_download() as waiting:
            frame.get_by_role("button", name="as SVG").click()
        texts = [element.text or "" for element in ElementTree.parse(waiting.value.path()).iter()]
        assert ("panel that is open is not in the picture" in " ".join(texts)) == said


def test_what_was_not_measured_is_said(show):
    _, frame = show(RoutingExplorer(FakeModel(), "The red ball"))
    expect(panel(frame, "Dense and experts")).to_contain_text("contributions() measures it")
