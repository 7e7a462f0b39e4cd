"""ArchitectureMap, TokenStrip and RopeDial as files: opened from disk, with the network off."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from g4lab.models.plan import cache_bytes
from g4lab.widgets import ArchitectureMap, RopeDial, Score, TokenStrip, rope_content
from tests.widgets.strips import Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "The <img src=x onerror=alert(1)> ball </script><b>\u2603</b>\nrolls"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": HOSTILE}]
CELLS = "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"


def made() -> dict:
    reader = Reader()
    scores = np.linspace(-1, 2, len(TokenStrip(reader, MESSAGES).ids))
    scores[4] = np.nan
    strip = TokenStrip(reader, MESSAGES, scores={"effect": Score(scores, "nats", 0.25)}, surprisal=True)
    return {
        "map": ArchitectureMap("e2b"),
        "mixture": ArchitectureMap("26b-a4b"),
        "strip": strip,
        "rope": RopeDial("e2b"),
    }


@pytest.fixture(scope="module")
def views():
    return made()


ALL = pytest.mark.parametrize("name", ["map", "mixture", "strip", "rope"])


@ALL
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 1600])
def test_it_fits_and_follows_the_system(show, pictures, name, width, scheme):
    page, frame = show(name, width=width, color_scheme=scheme)
    page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert frame.locator("#view").get_attribute("data-g4-theme") == scheme
    assert frame.evaluate("document.documentElement.scrollHeight <= innerHeight + 1")


@pytest.mark.parametrize("name", ["map", "rope"])
def test_a_theme_flip_repaints_the_canvas(show, name):
    page, frame = show(name, color_scheme="light")
    # the darkest pixel that is painted: the ink in the light theme, a dim line in the dark one
    darkest = """() => {
        const { width, height } = document.querySelector("canvas");
        const { data } = document.querySelector("canvas").getContext("2d").getImageData(0, 0, width, height);
        let least = 255;
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 250) least = Math.min(least, data[i]);
        return least;
    }"""
    before = frame.evaluate(darkest)
    page.emulate_media(color_scheme="dark")
    expect(frame.locator("#view")).to_have_attribute("data-g4-theme", "dark")
    page.wait_for_timeout(700)
    assert before < 20 < 30 < frame.evaluate(darkest)


def test_a_theme_flip_shades_the_tokens_anew(show):
    page, frame = show("strip", color_scheme="light")
    shade = "() => getComputedStyle(document.querySelectorAll('.g4-token .g4-piece')[11]).backgroundColor"
    before = frame.evaluate(shade)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(700)
    assert frame.evaluate(shade) != before


@ALL
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, axe, name, scheme):
    _, frame = show(name, color_scheme=scheme)
    frame.locator("summary").click()
    assert axe(frame, "#view") == []


@pytest.mark.parametrize(
    "name, stops",
    [
        ("map", {"INPUT", "g4-map-scroller", "g4-part", "SUMMARY"}),
        ("strip", {"g4-choice", "SELECT", "g4-rail", "SUMMARY"}),
        ("rope", {"g4-choice", "INPUT", "SELECT", "g4-dials", "SUMMARY"}),
    ],
)
def test_tab_enters_and_leaves(show, name, stops):
    page, frame = show(name)
    reached = []
    for _ in range(26):
        page.keyboard.press("Tab")
        reached.append(frame.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert stops <= set(reached)
    assert "g4lab-page" in reached  # past the last of them the focus is the page's again


def test_keys_walk_through_the_layers(show):
    page, frame = show("map")
    sentence = frame.locator(".g4-sentence")
    expect(sentence).to_contain_text("35 layers of width 1,536: 28 local with a window of 512, 7 global.")
    frame.locator(".g4-map-scroller").focus()
    for key, words in [
        ("ArrowUp", "Layer 0: local"),
        ("ArrowUp", "Layer 1: local"),
        (
            "End",
            "Layer 34: global, a token sees all before it; 8 query heads on 1 K/V head of 512; dense MLP width 12,288",
        ),
        ("ArrowDown", "Layer 33: local"),
        ("Home", "Layer 0: local"),
        ("ArrowRight", "Attention: 7,077,888 parameters"),
        ("ArrowRight", "Dense MLP: 28,311,552 parameters"),
        ("ArrowLeft", "Attention: 7,077,888 parameters"),
        ("Escape", "35 layers of width"),
    ]:
        page.keyboard.press(key)
        expect(sentence).to_contain_text(words)


def test_a_borrower_names_its_owner(show):
    page, frame = show("map")
    frame.locator(".g4-map-scroller").focus()
    page.keyboard.press("End")
    expect(frame.locator(".g4-sentence")).to_contain_text("It borrows K/V from layer 14.")
    expect(frame.locator(".g4-sentence")).to_contain_text("adds nothing to the cache")


def test_a_click_on_a_layer_shows_its_exact_numbers(show, views):
    page, frame = show("map")
    rows = views["map"].content(False)[0]["layers"]
    canvas = frame.locator(".g4-map-scroller canvas")
    canvas.click(position={"x": 20, "y": 20 + 22 * (34 - 20) + 11})
    expect(frame.locator(".g4-sentence")).to_contain_text("Layer 20: local")
    total = sum(rows[20]["parameters"].values())
    expect(frame.locator(".g4-parts .g4-title")).to_have_text(f"parameters of layer 20: {total:,}")
    shown = dict(
        zip(
            frame.locator(".g4-part span:first-child").all_inner_texts(),
            frame.locator(".g4-part .g4-number").all_inner_texts(),
            strict=True,
        )
    )
    assert shown == {part: f"{count:,}" for part, count in rows[20]["parameters"].items()}
    tip = frame.locator(".g4-tip").inner_text()
    assert "borrows K/V from layer 13" in tip and f"{total:,} parameters" in tip


def test_the_cache_at_a_length_is_the_plans(show, views):
    page, frame = show("map")
    slider = frame.get_by_label("tokens in the cache")
    slider.focus()
    page.keyboard.press("End")
    expect(frame.locator("output")).to_have_text("131,072 tokens")
    exact = cache_bytes(views["map"].config, 131_072)
    expect(frame.locator(".g4-cache .g4-title")).to_have_text(f"cache after 131,072 tokens: {exact:,} bytes")


def test_a_part_is_picked_by_a_button_and_keeps_the_focus(show):
    page, frame = show("mixture")
    button = frame.get_by_role("button", name=re.compile("^experts"))
    button.focus()
    page.keyboard.press("Enter")
    expect(frame.locator(".g4-sentence")).to_contain_text("Experts: 22,837,985,280 parameters")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_the_table_of_layers(show):
    _, frame = show("map")
    frame.locator("summary").click()
    expect(frame.locator("tbody tr")).to_have_count(35)
    expect(frame.locator("tbody tr").first.locator("th")).to_have_text("34")


def test_tokens_are_text(show, views):
    _, frame = show("strip")
    assert frame.locator("#view img, #view .g4-rail b:not(.g4-heading b), #view script").count() == 0
    assert frame.locator(".g4-token").count() == len(views["strip"].ids)
    frame.locator("summary").click()
    assert frame.locator("table img, table b, table script").count() == 0
    # a piece at a time: the text is split, so it is put together again
    pieces = "".join(frame.locator(".g4-token .g4-piece").all_inner_texts())
    assert "<img·src=x·onerror=alert(1)>" in pieces and "</script><b>" in pieces


def test_a_byte_piece_is_shown_as_its_byte(show):
    _, frame = show("strip")
    assert frame.locator('.g4-token[data-kind="byte"] .g4-piece').all_inner_texts() == ["0xE2", "0x98", "0x83"]
    frame.locator('.g4-token[data-kind="byte"]').nth(1).click()
    expect(frame.locator(".g4-sentence")).to_contain_text("byte 2 of 3 of “\u2603”")


def test_turns_are_structure(show):
    _, frame = show("strip")
    headings = frame.locator(".g4-heading b").all_inner_texts()
    assert headings == ["system", "user", "model"]
    expect(frame.locator(".g4-heading", has_text="model")).to_contain_text("open")
    assert "inside user" in frame.locator(".g4-token").nth(15).get_attribute("aria-label")


def test_ids_and_bytes_below_each_token(show, views):
    _, frame = show("strip")
    assert frame.locator(".g4-below").all_inner_texts() == [str(id) for id in views["strip"].ids]
    frame.get_by_role("button", name="bytes").click()
    shown = [bytes.fromhex(text) for text in frame.locator(".g4-below").all_inner_texts()]
    assert shown == [piece.bytes for piece in views["strip"].strip.pieces]


def test_the_tooltip_and_the_table_have_the_exact_score(show, views):
    page, frame = show("strip")
    values = views["strip"].strip.scores["effect"].values
    frame.locator(".g4-token").nth(11).hover()
    shown = re.search(r"effect: (\S+) nats", frame.locator(".g4-tip").inner_text())
    assert float(shown[1]) == values[11]
    frame.locator("summary").click()
    cells = frame.locator("tbody tr").evaluate_all(CELLS)
    column = frame.locator("thead th").all_inner_texts().index("effect")
    shown = [float(row[column].replace("none", "nan").split()[0]) for row in cells]
    np.testing.assert_array_equal(shown, values)


def test_the_legend_has_the_ends_of_the_scale_and_chance(show):
    _, frame = show("strip")
    legend = frame.locator(".g4-legend")
    expect(legend).to_contain_text("effect -2")
    expect(legend).to_contain_text("2 nats")
    expect(legend).to_contain_text("chance 0.25 nats")
    expect(legend).to_contain_text("no score")
    frame.get_by_label("score").select_option("none")
    expect(legend).to_be_hidden()


def test_keys_walk_along_the_tokens(show):
    page, frame = show("strip")
    sentence = frame.locator(".g4-sentence")
    frame.locator(".g4-rail").focus()
    for key, words in [
        ("ArrowRight", "Token 0: <bos>, control"),
        ("ArrowRight", "Token 1: <|turn>, control; id"),
        ("ArrowLeft", "Token 0:"),
        ("End", f"Token {frame.locator('.g4-token').count() - 1}:"),
        ("Home", "Token 0:"),
    ]:
        page.keyboard.press(key)
        expect(sentence).to_contain_text(words)
    page.keyboard.press("Enter")
    expect(frame.locator(".g4-pinned")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(frame.get_by_label("score")).to_have_value("surprisal")
    page.keyboard.press("Escape")
    expect(sentence).to_contain_text("control tokens")
    expect(frame.locator(".g4-pinned")).to_have_count(0)


def test_keys_walk_through_the_pairs(show):
    page, frame = show("rope")
    sentence = frame.locator(".g4-sentence")
    expect(sentence).to_contain_text("28 local layers, theta 10,000: all 128 pairs turn.")
    frame.locator(".g4-dials").focus()
    for key, words in [
        ("ArrowRight", "Pair 1 turns once in"),
        ("ArrowDown", "Pair 33 turns"),
        ("ArrowUp", "Pair 1 turns"),
        ("End", "Pair 127 turns"),
        ("PageUp", "at position 41"),
        ("PageDown", "at position 40"),
        ("Home", "Pair 0 turns once in 6.283 tokens"),
    ]:
        page.keyboard.press(key)
        expect(sentence).to_contain_text(words)
    frame.get_by_role("button", name="global", exact=True).click()
    expect(sentence).to_contain_text("7 global layers, theta 1,000,000: 64 of 256 pairs turn and 192 never do.")
    frame.locator(".g4-dials").focus()
    page.keyboard.press("End")
    expect(sentence).to_contain_text("Pair 255 never turns: it adds the same to the dot product at every distance.")
    expect(frame.locator(".g4-legend")).to_contain_text("from pairs that never turn: 0.75")


def test_sliders_set_position_and_distance(show):
    page, frame = show("rope")
    for name, words in [("position", "at position 41"), ("distance", "of a key 4 tokens back")]:
        frame.get_by_label(name, exact=True).focus()
        page.keyboard.press("ArrowRight")
        expect(frame.locator(".g4-sentence")).to_contain_text(words)
    frame.get_by_label("distance, exactly").fill("512")
    frame.get_by_label("distance, exactly").press("Enter")
    expect(frame.locator(".g4-sentence")).to_contain_text("outside the window and is not seen")


def test_the_dot_product_in_the_tooltip_is_exact(show, views):
    page, frame = show("rope")
    box = frame.locator(".g4-rope-curve canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    shown = frame.locator(".g4-tip").inner_text()
    distance = int(re.search(r"distance (\d+)", shown)[1])
    local = views["rope"].rotations[0].frequencies
    expected = rope_content.dot_by_distance(local, np.array([distance]))[0]
    assert float(re.search(r"all pairs: (\S+)", shown)[1]) == pytest.approx(expected, rel=1e-12)


def test_a_dial_is_chosen_by_a_click_and_tells_its_frequency(show, views):
    _, frame = show("rope")
    frame.locator(".g4-dials canvas").click(position={"x": 24 * 3 + 12, "y": 24 + 12})
    expect(frame.locator(".g4-sentence")).to_contain_text("Pair 35 turns")
    shown = frame.locator(".g4-tip").inner_text()
    assert np.float32(re.search(r"(\S+) radians a token", shown)[1]) == views["rope"].rotations[0].frequencies[35]
    assert "features 35 and 163" in shown


def test_a_long_reach_is_answered_at_once(show):
    page, frame = show("rope")
    frame.get_by_label("how far the picture reaches").select_option("131072")
    expect(frame.locator(".g4-sentence")).not_to_be_empty()
    frame.get_by_label("distance, exactly").fill("131000")
    frame.get_by_label("distance, exactly").press("Enter")
    expect(frame.locator(".g4-sentence")).to_contain_text("a key 131,000 tokens back")
