"""SoftTokenAtlas as a file: tokens and their pixels both ways, overlays, the window, playback, time to draw."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from g4lab import widgets
from g4lab.media import read_image
from g4lab.tracing import media
from tests.browser import atlases
from tests.models import seeing
from tests.widgets.test_atlas import photo

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PIXEL = """(canvas, [x, y]) => {
    const ratio = canvas.width / canvas.getBoundingClientRect().width;
    const [left, top] = [Math.floor(x * ratio), Math.floor(y * ratio)];
    return [...canvas.getContext("2d").getImageData(left, top, 1, 1).data].slice(0, 3);
}"""
DRAWN = """() => new Promise((resolve) => {
    const look = () => {
        const canvas = document.querySelector(".g4-stage canvas");
        const [x, y] = canvas ? [canvas.width / 2 + 4, canvas.height / 2 + 4] : [0, 0];
        const [r, g, b] = canvas?.width > 1 ? canvas.getContext("2d").getImageData(x, y, 1, 1).data : [0, 0, 0];
        if (Math.max(r, g, b) - Math.min(r, g, b) > 8) resolve(performance.now());
        else setTimeout(look, 5);
    };
    look();
})"""


@pytest.fixture(scope="module")
def views():
    hid = atlases.make()
    hid.hide((0, 0, 48, 48))
    hid.hide_attended(2)
    big = read_image(photo(3000, 4000), 280)
    return {
        "plain": atlases.make(),
        "hid": hid,
        "big": widgets.SoftTokenAtlas(seeing.lab(), "What is it?", images=[big], answer=" red"),
    }


def cell(frame, view, u: int, part: int = 0) -> tuple[float, float]:
    """The middle of a soft token on the stage, beside the lines of its patches."""
    box = frame.locator(".g4-stage canvas").bounding_box()
    rows, columns = view.parts[part].grid
    row, column = divmod(u, columns)
    return (column + 0.5) * box["width"] / columns, (row + 0.5) * box["height"] / rows


def test_a_token_in_the_rail_shows_its_pixels(show, views):
    page, frame = show("plain")
    for u in (0, 2, 5):
        frame.locator(".g4-rail .g4-token").nth(views["plain"].parts[0].start + u).hover()
        expect(frame.locator(".g4-sentence")).to_contain_text(f"Soft token {u} of picture 0")
        enlarged, wanted = frame.locator(".g4-enlarged canvas"), list(atlases.COLOURS[u])
        for _ in range(50):  # the picture may still be decoded
            if enlarged.evaluate(PIXEL, [72, 72]) == wanted:
                break
            page.wait_for_timeout(100)
        assert enlarged.evaluate(PIXEL, [72, 72]) == wanted
        assert frame.locator(".g4-lines-of").inner_text().startswith(f"soft token {u}, position")


def test_pixels_show_their_token_in_the_rail(show, views):
    page, frame = show("plain")
    frame.get_by_role("button", name="Tokens", exact=True).click()
    for u in (1, 3):
        x, y = cell(frame, views["plain"], u)
        frame.locator(".g4-stage canvas").hover(position={"x": x, "y": y})
        lit = frame.locator(".g4-rail .g4-token.g4-current")
        expect(lit).to_have_attribute("data-index", str(views["plain"].parts[0].start + u))
        expect(frame.locator(".g4-tip")).to_contain_text(f"soft token {u}")
        assert frame.locator(".g4-stage canvas").evaluate(PIXEL, [x + 9, y + 9]) == list(atlases.COLOURS[u])
    frame.locator(".g4-stage canvas").click(position={"x": x, "y": y})
    expect(frame.locator(".g4-rail .g4-token.g4-pinned")).to_have_count(1)
    page.mouse.move(0, 0)
    expect(frame.locator(".g4-rail .g4-token.g4-pinned")).to_have_count(1)


def test_the_stage_is_walked_by_keys(show, views):
    page, frame = show("plain")
    stage, sentence = frame.locator(".g4-stage"), frame.locator(".g4-sentence")
    stage.focus()
    for key, u in (("ArrowRight", 0), ("ArrowRight", 1), ("ArrowDown", 4), ("ArrowLeft", 3), ("Home", 0), ("End", 5)):
        page.keyboard.press(key)
        expect(sentence).to_contain_text(f"Soft token {u} of picture 0")
    page.keyboard.press("Enter")
    expect(frame.locator(".g4-rail .g4-token.g4-pinned")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(frame.locator(".g4-rail .g4-token.g4-pinned")).to_have_count(0)


def test_the_sentence_has_the_traces_number(show, views):
    view = views["plain"]
    _, frame = show("plain")
    position = view.parts[0].start + 4
    frame.get_by_label("head", exact=True).select_option("2")
    frame.locator(".g4-rail .g4-token").nth(position).click()
    sentence = frame.locator(".g4-sentence")
    expect(sentence).to_contain_text("head 2")
    layer = max(row["index"] for row in view.trace.plan if row["kind"] == "global")
    said = re.search(r"reads (\S+) of it", sentence.inner_text())[1]
    assert float(said) == pytest.approx(float(view.trace.attention(layer, 2)[view.word, position]), rel=1e-6)
    uniform = re.search(r"uniform would be (\S+) ", sentence.inner_text())[1]
    assert float(uniform) == pytest.approx(1 / (view.word + 1), rel=1e-6)


def test_a_local_layer_says_that_the_picture_is_out_of_its_window(show, views):
    page, frame = show("plain")
    frame.get_by_label("layer", exact=True).select_option("0")
    first = int(views["plain"].trace.key_bounds(0)[0][views["plain"].word])
    expect(frame.locator(".g4-sentence")).to_contain_text("cannot see picture 0 in layer 0 (local)")
    expect(frame.locator(".g4-sentence")).to_contain_text(f"begins at token {first}")
    expect(frame.locator(".g4-null-words")).to_contain_text("out of sight")


def test_the_overlay_is_not_smoothed_and_a_cell_has_one_colour(show, views):
    page, frame = show("plain")
    canvas = frame.locator(".g4-stage canvas")
    for name in ("Attention", "Minus uniform"):
        frame.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(150)
        for u in range(6):
            x, y = cell(frame, views["plain"], u)
            step = 2 * (cell(frame, views["plain"], 1)[0] - cell(frame, views["plain"], 0)[0]) / 6
            found = {
                tuple(canvas.evaluate(PIXEL, [x + dx, y + dy]))
                for dx in (-step, 0.2, step)
                for dy in (-step, 0.2, step)
            }
            assert len(found) == 1, (name, u)


def test_the_lens_lies_over_the_picture_with_its_null_beside(show, views):
    page, frame = show("plain")
    before = frame.locator(".g4-stage canvas").screenshot()
    frame.get_by_role("button", name="Read as", exact=True).click()
    page.wait_for_timeout(150)
    assert frame.locator(".g4-stage canvas").screenshot() != before
    expect(frame.locator(".g4-note")).to_contain_text("with shuffled coordinates")
    frame.locator(".g4-rail .g4-token").nth(views["plain"].parts[0].start).hover()
    expect(frame.locator(".g4-sentence")).to_contain_text("shuffled, the same stream has")


def test_frames_have_their_times_and_sounds_play_when_asked(show, views):
    page, frame = show("plain")
    medium = frame.get_by_label("medium", exact=True)
    assert medium.locator("option").all_inner_texts() == [part.name for part in views["plain"].parts]
    frame.locator(".g4-film canvas").click(position={"x": 58 + 20, "y": 20})
    expect(medium).to_have_value("1")
    assert frame.locator("audio").is_hidden()
    medium.select_option("3")
    audio = frame.locator("audio")
    expect(audio).to_be_visible()
    page.wait_for_timeout(300)
    assert audio.evaluate("a => [a.paused, a.autoplay, a.error === null, a.controls]") == [True, False, True, True]
    assert audio.evaluate("a => a.duration") == pytest.approx(0.4, abs=0.01)
    frame.locator(".g4-rail .g4-token").nth(views["plain"].parts[3].start + 5).click()
    expect(frame.locator(".g4-sentence")).to_contain_text("0.20 to 0.24 s, loudness")
    assert audio.evaluate("a => a.currentTime") == pytest.approx(0.2, abs=0.01)
    medium.focus()
    page.keyboard.press("Tab")
    for _ in range(12):
        if frame.evaluate("document.activeElement.tagName") == "AUDIO":
            break
        page.keyboard.press("Tab")
    assert frame.evaluate("document.activeElement.tagName") == "AUDIO"


def test_the_budget_is_written_out(show, views):
    _, frame = show("plain")
    words = frame.locator(".g4-budget-words")
    for kind, count in media.budget(views["plain"].trace).items():
        expect(words).to_contain_text(f"{kind} {count} (")
    expect(frame.locator(".g4-slider")).to_contain_text("2 x 3 = 6 soft tokens, 144 x 96 pixels; another budget needs")


def test_what_was_hidden_is_shown_and_nothing_can_be_hidden(show, views):
    _, frame = show("hid")
    view = views["hid"]
    results = frame.locator(".g4-result")
    expect(results).to_have_count(2)
    expect(results.nth(1)).to_contain_text(view.hidings[0].verdict())
    expect(results.nth(0)).to_contain_text("2 most attended hidden")
    shown = results.nth(1).locator(".g4-loss-bar span:last-child").first.inner_text()
    assert float(shown) == pytest.approx(float(np.exp(view.before[0])), rel=1e-6)
    expect(frame.locator(".g4-hiding")).to_contain_text("needs a kernel")
    assert not frame.get_by_role("button", name="Hide and ask again").is_visible()


def test_a_photo_is_drawn_within_a_second(open_page, files, pictures):
    took = []
    for _ in range(3):
        page = open_page()
        page.goto((files / "big.html").as_uri())
        took.append(page.frames[1].evaluate(DRAWN))
    page.screenshot(path=pictures / "atlas-photo.png")
    print(f"drawn after {min(took):.0f} ms")
    assert min(took) < 1000
