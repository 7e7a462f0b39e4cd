"""RoutingExplorer as a file: opened from disk, with the network off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from g4lab.widgets import RoutingExplorer
from tests.widgets.models import FakeModel

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "The red <img src=x onerror=alert(1)> ball </script><b>is</b> in\nthe box"


@pytest.fixture(scope="module")
def explorer():
    explorer = RoutingExplorer(FakeModel(), HOSTILE)
    explorer.switch_off(4, int(explorer.before.routing(4).experts[3, 0]))
    return explorer


@pytest.fixture(scope="module")
def file(explorer, tmp_path_factory):
    path = tmp_path_factory.mktemp("static") / "routing.html"
    path.write_text(explorer.static(), encoding="ascii")
    return path.as_uri()


@pytest.fixture
def show(open_page, file):
    """Open the file; returns the page and the frame with the view in it."""

    def make(**options):
        page = open_page(**options)
        page.goto(file)
        frame = page.frames[1]
        frame.wait_for_selector(".g4-token")
        expect(frame.locator(".g4-sentence")).not_to_be_empty()
        page.wait_for_timeout(400)
        return page, frame

    return make


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 1600])
def test_it_fits_and_follows_the_system(show, pictures, width, scheme):
    page, frame = show(width=width, color_scheme=scheme)
    page.screenshot(path=pictures / f"static-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.locator("#view").get_attribute("data-g4-theme") == scheme
    # the frame is as tall as what it holds: one scroll bar, the page's
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")


def test_tokens_are_text(show, explorer):
    _, frame = show()
    assert frame.locator(".g4-rail img, .g4-rail b, .g4-rail script").count() == 0
    assert frame.locator(".g4-token").count() == len(explorer.before)
    assert "<img" in frame.locator(".g4-rail").inner_text()


def test_a_click_pins_and_the_sentence_says_where_it_went(show, explorer):
    page, frame = show()
    frame.locator(".g4-token").nth(3).click()
    page.mouse.move(0, 0)
    first = explorer.after.routing(5).experts[3, 0]
    expect(frame.locator(".g4-sentence")).to_contain_text(f"goes to experts {first} (")
    expect(frame.locator(".g4-token.g4-pinned")).to_have_count(1)


def test_pointing_shows_the_exact_number(show, explorer):
    page, frame = show()
    frame.locator(".g4-token").nth(3).click()
    canvas = frame.locator("canvas").bounding_box()
    # the first row is the last layer; find its brightest cell's place from the data
    expert = int(explorer.after.routing(5).experts[3, 0])
    cell = frame.evaluate("() => document.querySelector('canvas').clientWidth")
    assert cell > 0
    left, pitch = grid_of(canvas["width"])
    page.mouse.move(canvas["x"] + left + pitch * (expert + 0.5), canvas["y"] + 18 + 13)
    weight = float(explorer.after.routing(5).weights[3, 0])
    shown = frame.locator(".g4-tip").inner_text()
    number = float(re.search(r"effective weight for .*: ([\d.]+)", shown).group(1))
    assert number == pytest.approx(weight, rel=1e-6)
    assert f"expert {expert}" in shown


def test_keys_walk_through_everything(show):
    page, frame = show()
    rail, grid = frame.locator(".g4-rail"), frame.locator(".g4-scroller")
    sentence = frame.locator(".g4-sentence")
    rail.focus()
    for key, words in [
        ("ArrowRight", "At layer 5 <bos>"),
        ("ArrowRight", "At layer 5 “The”"),
        ("ArrowDown", "At layer 4 “The”"),
        ("End", "At layer 4 “·box”"),
        ("Home", "At layer 4 <bos>"),
    ]:
        page.keyboard.press(key)
        expect(sentence).to_contain_text(words)
    page.keyboard.press("Enter")
    expect(frame.locator(".g4-pinned")).to_have_count(1)
    grid.focus()
    page.keyboard.press("ArrowRight")
    expect(sentence).to_contain_text("Expert 0 of layer 4")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    expect(sentence).to_contain_text("Expert 31 of layer 5")
    page.keyboard.press("Escape")
    expect(sentence).to_contain_text("Layer 5,")
    expect(frame.locator(".g4-pinned")).to_have_count(0)


def test_tab_enters_and_leaves(show):
    page, frame = show()
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(frame.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert {"g4-rail", "g4-scroller", "g4-choice", "SELECT", "SUMMARY"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, axe, scheme):
    _, frame = show(color_scheme=scheme)
    frame.locator(".g4-token").nth(3).click()
    assert axe(frame, "#view") == []


def test_the_table_says_the_same(show, explorer):
    page, frame = show()
    frame.locator(".g4-token").nth(3).click()
    page.mouse.move(0, 0)
    frame.locator("summary").click()
    rows = frame.locator("tbody tr")
    expect(rows).to_have_count(6)
    routed = explorer.after.routing(5)
    assert rows.first.locator("td").first.inner_text() == ", ".join(map(str, routed.experts[3]))


def test_every_way_to_look(show, pictures):
    page, frame = show()
    frame.locator(".g4-token").nth(3).click()
    for name in ("prob", "entropy", "weight"):
        frame.get_by_role("button", name=name, exact=True).click()
        page.screenshot(path=pictures / f"static-{name}.png")
    frame.get_by_role("button", name="by load").click()
    frame.locator("select").select_option("2")
    expect(frame.locator(".g4-sentence")).to_contain_text("At layer 2")
    frame.get_by_role("button", name="before", exact=True).click()
    page.screenshot(path=pictures / "static-one-layer.png", full_page=True)
    frame.locator("select").select_option("all")


def test_reduced_motion_and_forced_colours(show, pictures):
    page, frame = show(reduced_motion="reduce", forced_colors="active")
    assert frame.evaluate("getComputedStyle(document.querySelector('.g4-track i')).transitionDuration") == "0s"
    page.screenshot(path=pictures / "static-forced-colours.png", full_page=True)


def test_without_scripts_the_sentence_stays(open_page, file, explorer):
    page = open_page(java_script_enabled=False)
    page.goto(file)
    expect(page.locator("figcaption")).to_have_text(explorer.sentence())


def grid_of(width: float) -> tuple[float, float]:
    """Where the cells begin and how wide one is, by the rules of grid_geometry.js, for 32 experts."""
    beside = 0 if width < 560 else round(min(260, max(130, width * 0.24)))
    names = 58 if width < 560 else 112
    room = width - names - (beside + 16 if beside else 0)
    return names, min(26, max(8, room // 32))
