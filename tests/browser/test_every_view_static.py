"""What every view promises as a file: opened from disk with the network off, in light and dark, by keyboard alone."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image
from playwright.sync_api import Frame, Page, expect

from tests.widgets.every_view import HOSTILE, VIEWS, make

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EACH = pytest.mark.parametrize("name", list(VIEWS))
WITH_TOKENS = pytest.mark.parametrize("name", [name for name, row in VIEWS.items() if row.tokens])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
WIDTHS = (360, 1000, 1600)

SHOWN = "element => element.checkVisibility() && !element.closest('[hidden]')"
# Of a group with one stop, such as the rows of the finder, the others are reached by arrows: tests of their own.
FOCUSABLE = "button:not([tabindex='-1']), select, input, textarea, summary, [tabindex='0']"


@pytest.fixture(scope="module")
def views():
    return {name: make(name) for name in VIEWS}


def roots(page: Page, name: str) -> list[Frame]:
    """The frames with a view in them: one, or a Microscope's bar and tabs."""
    frames = page.frames[1:]
    assert (len(frames) > 1) == (name == "scope")
    return frames


@EACH
@SCHEMES
def test_it_fits_and_follows_the_system(show, pictures, name, scheme):
    page, _ = show(name, color_scheme=scheme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        page.screenshot(path=pictures / f"every-{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for frame in roots(page, name):
            if not frame.frame_element().is_visible():  # in a tab that is not open
                continue
            assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
            # the frame is as tall as what it holds: one scroll bar, the page's
            frame.wait_for_function("document.documentElement.scrollHeight <= innerHeight + 1", timeout=5000)
            assert frame.locator("#view").get_attribute("data-g4-theme") == scheme


@EACH
@SCHEMES
def test_axe_finds_nothing(show, axe, name, scheme):
    page, _ = show(name, color_scheme=scheme)
    for frame in roots(page, name):
        if frame.locator(".g4-token").count():
            frame.locator(".g4-token").nth(2).evaluate("token => token.click()")
        frame.locator(".g4-details summary").evaluate("summary => summary.click()")
        page.wait_for_timeout(100)
        assert axe(frame, "#view") == []


@EACH
def test_a_theme_flip_changes_what_is_painted(show, name):
    page, frame = show(name, color_scheme="light")
    before = frame.locator("#view").screenshot()
    page.emulate_media(color_scheme="dark")
    expect(frame.locator("#view")).to_have_attribute("data-g4-theme", "dark")
    page.wait_for_timeout(700)
    light, dark = (
        Image.open(io.BytesIO(raw)).convert("L").getpixel((3, 3))
        for raw in (before, frame.locator("#view").screenshot())
    )
    assert light > 240 and dark < 60


@EACH
def test_the_sentence_is_spoken_and_stays_without_scripts(show, open_page, files, views, name):
    _, frame = show(name)
    expect(frame.locator(".g4-sentence")).to_have_attribute("aria-live", "polite")
    bare = open_page(java_script_enabled=False)
    bare.goto((files / f"{name}.html").as_uri())
    expect(bare.locator("figcaption").first).to_have_text(views[name].sentence())


@EACH
def test_reduced_motion_and_forced_colours(show, pictures, name):
    page, _ = show(name, reduced_motion="reduce", forced_colors="active")
    for frame in roots(page, name):
        moving = "document.getAnimations().filter((a) => a.playState === 'running').length"
        assert frame.evaluate(moving) == 0
        slow = """() => [...document.querySelectorAll("#view *")].filter((element) =>
            getComputedStyle(element).transitionDuration.split(", ").some((time) => parseFloat(time) > 0)).length"""
        assert frame.evaluate(slow) == 0
    page.screenshot(path=pictures / f"every-{name}-forced-colours.png", full_page=True)


@WITH_TOKENS
def test_tokens_are_text(show, name):
    page, _ = show(name)
    for frame in roots(page, name):
        frame.locator(".g4-details summary").evaluate("summary => summary.click()")
        assert frame.locator("#view img, #view script").count() == 0
    rails = [frame.locator(".g4-rail") for frame in roots(page, name) if frame.locator(".g4-rail").count()]
    texts = ["".join(rail.locator(".g4-piece").all_text_contents()) for rail in rails]
    assert texts and all(HOSTILE.replace(" ", "·") in text for text in texts)
    assert HOSTILE not in "".join(frame.locator("#view").inner_html() for frame in roots(page, name))


@EACH
def test_tab_reaches_everything_and_leaves(show, name):
    page, frame = show(name)
    wanted = {index for index, element in enumerate(frame.locator(FOCUSABLE).all()) if element.evaluate(SHOWN)}
    reached, at = set(), f"[...document.querySelectorAll(`{FOCUSABLE}`)].indexOf(document.activeElement)"
    for _ in range(3 * len(wanted) + 10):
        page.keyboard.press("Tab")
        reached.add(frame.evaluate(at))
    missed = [
        frame.locator(FOCUSABLE).nth(index).evaluate("e => e.outerHTML.slice(0, 120)") for index in wanted - reached
    ]
    assert missed == []
    assert frame.evaluate("document.activeElement === document.body") or -1 in reached


def says(path) -> set[str]:
    """The words of a picture."""
    return {word for element in ET.parse(path).iter() for word in (element.text or "").split()}


@pytest.mark.parametrize(
    "name", [name for name, row in VIEWS.items() if row.tokens and name not in ("scope", "routing")]
)
def test_a_picture_from_a_file_outlines_the_token_that_is_pinned(show, views, name):
    page, frame = show(name)
    token = 20  # a picture of the lens shows the last ten
    frame.locator(".g4-rail .g4-token").nth(token).click()
    expect(frame.locator(".g4-token.g4-pinned")).to_have_count(1)
    with page.expect_download() as waiting:
        frame.get_by_role("button", name="as SVG").click()
    x, y, width, height = views[name].still().places[f"token.{token}"]
    wanted = {"x": x, "y": y, "width": width, "height": height}
    outlines = [
        {side: float(element.get(side)) for side in wanted}
        for element in ET.parse(waiting.value.path()).iter("{http://www.w3.org/2000/svg}rect")
        if element.get("stroke") == "#0a58ca"
    ]
    assert wanted in outlines
    assert {"page:", "kernel;"} | {*frame.locator(".g4-sentence").inner_text().split()} <= says(waiting.value.path())


@EACH
@pytest.mark.parametrize("format", ["CSV", "SVG", "PNG"])
def test_what_is_shown_is_saved_by_keyboard_from_a_file(show, views, name, format):
    page, _ = show(name)
    for frame in roots(page, name):
        buttons = frame.get_by_role("button", name=f"as {format}")
        if not buttons.count():  # the bar of a Microscope has no picture of its own; each of its tabs has
            assert name == "scope" and frame is page.frames[1] and format != "CSV"
            continue
        with page.expect_download() as waiting:
            if frame is page.frames[1]:
                buttons.focus()
                page.keyboard.press("Enter")
            else:  # in a tab that is not open
                buttons.evaluate("button => button.click()")
        path = waiting.value.path()
        assert waiting.value.suggested_filename.endswith(f".{format.lower()}")
        if format == "CSV":
            heads, *lines = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig")))
            frame.locator(".g4-details summary").evaluate("summary => summary.click()")
            expect(frame.locator("tbody tr")).to_have_count(len(lines))
            assert frame.locator("thead th").all_text_contents() == heads
            first = frame.locator("tbody tr").first.locator("th, td").all_text_contents()
            assert first == lines[0]
        elif format == "SVG" and name != "scope":
            marks = views[name].still().svg().splitlines()[1:-1]
            assert marks and set(marks) <= set(path.read_text().splitlines())
            assert says(path) >= {*frame.locator(".g4-sentence").inner_text().split()}
        elif format == "SVG":
            assert ET.parse(path).getroot().get("role") == "img"
        else:
            image = Image.open(path)
            assert image.getpixel((2, 2))[:3] == (255, 255, 255)
            if name != "scope":
                still = views[name].still()
                assert image.width == 2 * still.width and image.height > 2 * still.height, "with words below it"
                assert len(image.convert("RGB").getcolors(2**24)) > 8
