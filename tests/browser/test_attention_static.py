"""AttentionExplorer as a file: opened from disk, with the network off; and how long a head of 4,096 tokens takes."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from g4lab.tracing.trace import Trace
from g4lab.tracing.value_weighted import value_weighted_attention, with_value_lengths
from g4lab.widgets import AttentionExplorer, assets
from g4lab.widgets import attention_content as content
from tests.tracing.traces import make_trace

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror=alert(1)>"
CELLS = "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"


def borrowing() -> Trace:
    """Layer 2 reads the keys and values of layer 0; one token is hostile; the window is 4 of 8."""
    trace = make_trace(["<bos>", "the", " red", HOSTILE, " is", "the", " red", " ball"])
    plan = [dict(row, owner=0) if row["index"] == 2 else row for row in trace.plan]
    return Trace(trace.tokens, {**trace.model, "plan": plan}, trace.sites, pieces=trace.pieces)


def output(layer: int) -> np.ndarray:
    return np.random.default_rng(layer).normal(size=(4, 6, 16))


def with_values() -> Trace:
    trace = borrowing()
    rng = np.random.default_rng(1)
    values = {f"layers.{i}.attention.v": rng.normal(size=(8, 2, 6)).astype(np.float32) for i in (0, 1, 3)}
    return with_value_lengths(Trace(trace.tokens, trace.model, {**trace.sites, **values}), output)


def long(seed: int = 0) -> Trace:
    return make_trace(["<bos>", *["the", " red"] * 300], layers=6, seed=seed)


def made() -> dict:
    return {
        "attention": AttentionExplorer(borrowing(), head=(2, 1)),
        "attention-values": AttentionExplorer(with_values(), head=(2, 1)),
        "attention-computed": AttentionExplorer(long(), head=(5, 2)),
        "attention-long": AttentionExplorer(long(1), head=(5, 1)),
    }


ROOM = 30_000
"""Of the longest page: less than its head takes."""


@pytest.fixture(scope="module")
def views():
    return made()


@pytest.fixture(scope="module")
def files(views, tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patch:
        for name, view in views.items():
            if name == "attention-long":
                patch.setattr(content, "PAGE_BYTES", 0)
                patch.setattr(content, "PAGE_BYTES", len(view.static()) + ROOM)
            (folder / f"{name}.html").write_text(view.static(), encoding="ascii")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000, 1600])
def test_it_fits_and_follows_the_system(show, pictures, width, scheme):
    page, frame = show(width=width, color_scheme=scheme)
    page.screenshot(path=pictures / f"attention-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # the whole head, its last keys too
    assert frame.locator(".g4-full").evaluate("full => full.scrollWidth <= full.clientWidth")
    assert frame.locator("#view").get_attribute("data-g4-theme") == scheme


@pytest.mark.parametrize("canvas", [".g4-thumbs canvas", ".g4-pattern"])
def test_a_theme_flip_repaints_the_canvas(show, canvas):
    page, frame = show(color_scheme="light")
    # the last row of the top layer's first head: its lightest pixel is the paper in one theme, its darkest in the other
    pixels = f"""() => {{
        const canvas = document.querySelector("{canvas}");
        return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data].join();
    }}"""
    before = frame.evaluate(pixels)
    page.emulate_media(color_scheme="dark")
    expect(frame.locator("#view")).to_have_attribute("data-g4-theme", "dark")
    page.wait_for_timeout(700)
    dark = frame.evaluate(pixels)
    assert dark != before
    page.emulate_media(color_scheme="light")
    expect(frame.locator("#view")).to_have_attribute("data-g4-theme", "light")
    page.wait_for_timeout(700)
    assert frame.evaluate(pixels) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, axe, scheme):
    _, frame = show(color_scheme=scheme)
    frame.locator(".g4-token").nth(5).click()
    frame.locator("summary").click()
    assert axe(frame, "#view") == []


def test_tab_enters_and_leaves(show):
    page, frame = show()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(frame.evaluate("document.activeElement.className || document.activeElement.tagName"))
    assert {"g4-thumbs", "g4-full", "g4-rail", "SELECT", "g4-found", "BUTTON", "SUMMARY"} <= set(reached)
    assert "g4lab-page" in reached


def test_the_finder_is_one_stop_and_arrows_walk_its_rows(show):
    page, frame = show()
    rows = frame.locator(".g4-found button")
    frame.locator(".g4-found").focus()
    page.keyboard.press("Tab")
    expect(frame.locator(".g4-found button[aria-pressed=true]")).to_be_focused()
    page.keyboard.press("Home")
    expect(rows.first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Tab")
    assert not frame.evaluate("document.activeElement.closest('.g4-found')")


def test_end_reaches_the_last_pair_where_nothing_is_chosen(show, views):
    page, frame = show()
    last = len(views["attention"].before) - 1
    frame.locator(".g4-full").focus()
    page.keyboard.press("End")
    expect(frame.locator(".g4-sentence")).to_contain_text(re.compile(rf"token {last} .* to {last} "))


def test_keys_walk_the_heads_the_pairs_and_the_tokens(show, views):
    page, frame = show()
    sentence = frame.locator(".g4-sentence")
    expect(sentence).to_have_attribute("aria-live", "polite")
    steps = {
        ".g4-thumbs": [
            ("ArrowRight", "Head 2 of layer 2 (local, window 4; K/V head 1 borrowed from layer 0)"),
            ("ArrowUp", "Head 2 of layer 3 (global; K/V head 1)"),
            ("Home", "Head 0 of layer 3"),
            ("ArrowDown", "Head 0 of layer 2"),
            ("End", "Head 3 of layer 2"),
        ],
        ".g4-full": [
            ("ArrowUp", "token 7 “·ball” gives nothing to 0 <bos>, which it cannot see"),
            ("End", "to 7 “·ball”; uniform would be 0.25"),
            ("ArrowUp", "token 6 “·red” gives nothing to 7"),
            ("Escape", "a head with uniform rows scores"),
        ],
        ".g4-rail": [("Home", "token 0 <bos> reads 0 <bos> most, 1 of"), ("ArrowRight", "token 1 “the” reads")],
    }
    for place, keys in steps.items():
        frame.locator(place).focus()
        for key, words in keys:
            page.keyboard.press(key)
            expect(sentence).to_contain_text(words)


def test_the_tooltip_of_a_pair_is_the_exact_float(show, views):
    _, frame = show()
    box = frame.locator(".g4-square").bounding_box()
    cell = box["width"] / 8
    frame.locator(".g4-over").hover(position={"x": 4.5 * cell, "y": 6.5 * cell})
    shown = frame.locator(".g4-tip").inner_text()
    assert np.float32(re.search(r"weight: (\S+)", shown)[1]) == views["attention"].before.attention(2, 1)[6, 4]
    assert "uniform over 4 keys: 0.25" in shown


def test_the_tooltip_of_a_thumbnail_has_the_exact_scores_and_their_nulls(show, views):
    _, frame = show()
    frame.locator(".g4-thumbs canvas").hover(position={"x": 100, "y": 45})
    shown = frame.locator(".g4-tip").inner_text()
    assert "head 0 of layer 3 (global" in shown
    scores = views["attention"].score("entropy")
    assert float(re.search(r"entropy: (\S+) ", shown)[1]) == scores.values[3, 0]
    assert "(uniform 1)" in shown


def test_the_finder_ranks_and_shows_the_null(show, views):
    _, frame = show()
    for name in ("induction", "entropy"):
        frame.get_by_label("score", exact=True).select_option(name)
        ranked = views["attention"].score(name).ranked()
        rows = frame.locator(".g4-found button")
        expect(rows).to_have_count(len(ranked))
        expect(rows.first).to_contain_text(f"L{ranked[0].layer}·H{ranked[0].head}")
        expect(rows.first).to_contain_text("uniform")
        shown = float(re.match(r"[^;]+", rows.first.get_attribute("title"))[0])
        # a mean in single precision is told by the digits of single precision
        assert ranked[0].value in (shown, np.float32(shown))
    frame.get_by_role("button", name="Highest first").click()
    expect(rows.first).to_contain_text(f"L{ranked[-1].layer}·H{ranked[-1].head}")
    rows.nth(2).click()
    expect(frame.locator(".g4-sentence")).to_contain_text(f"Head {ranked[-3].head} of layer {ranked[-3].layer}")


def test_the_head_view_draws_a_line_for_each_key(show, views):
    _, frame = show()
    frame.locator(".g4-token").nth(6).click()
    lines = frame.locator(".g4-lines line")
    expect(lines).to_have_count(4)
    widths = [float(line.get_attribute("stroke-width")) for line in lines.all()]
    weights = views["attention"].before.attention(2, 1)[6, 3:7]
    assert widths == pytest.approx(np.maximum(0.5, 9 * weights).tolist(), rel=1e-5)
    dashed = [line.get_attribute("stroke-dasharray") is not None for line in lines.all()]
    assert dashed == (weights < 0.25).tolist()


def test_tokens_are_text(show):
    _, frame = show()
    frame.locator(".g4-token").nth(3).click()
    frame.locator("summary").click()
    assert frame.locator("#view img").count() == 0
    expect(frame.locator("table")).to_contain_text("<img·src=x·onerror=alert(1)>")


def test_the_table_has_the_exact_weights(show, views):
    _, frame = show()
    frame.locator(".g4-token").nth(7).click()
    frame.locator("summary").click()
    wanted = views["attention"].before.attention(2, 1)[7, 4:]
    rows = frame.locator("tbody tr")
    expect(rows).to_have_count(len(wanted))
    expect(rows.first).to_be_visible()
    np.testing.assert_array_equal(np.float32(rows.locator("td:nth-of-type(2)").all_text_contents()), wanted)


def hovered(frame, query, key) -> str:
    """What the tooltip says of a pair in the full-size head, scrolled to it first."""
    tokens = frame.evaluate("document.querySelector('.g4-pattern').width")
    size = frame.locator(".g4-square").evaluate("(element) => element.offsetWidth")
    at = {"x": (key + 0.5) * size / tokens, "y": (query + 0.5) * size / tokens}
    frame.locator(".g4-full").evaluate(
        "(element, { x, y }) => { element.scrollLeft = x - 200; element.scrollTop = y - 200; }", at
    )
    scrolled = frame.locator(".g4-full").evaluate("(element) => [element.scrollLeft, element.scrollTop]")
    frame.locator(".g4-over").hover(position={"x": at["x"] - scrolled[0], "y": at["y"] - scrolled[1]})
    return frame.locator(".g4-tip").inner_text()


def test_a_long_head_is_computed_in_the_page_to_the_last_digit(show, files, views):
    """From its queries and keys: single pairs at once, and the whole of it soon after."""
    assert (files / "attention-computed.html").stat().st_size <= 2_000_000
    _, frame = show("attention-computed")
    expect(frame.locator(".g4-pattern")).to_have_attribute("data-rows", "all")
    exact = views["attention-computed"].before.attention(5, 2)
    for query, key in ((0, 0), (300, 123), (600, 599), (600, 0)):
        shown = re.search(r"weight: (\S+)", hovered(frame, query, key))[1]
        np.testing.assert_array_max_ulp(np.float32(shown), exact[query, key], 1)
    held = len(views["attention-computed"].content(False)[0]["held"])
    words = "all 24 heads are held" if held == 24 else f"{held} of 24 heads are held"
    expect(frame.locator(".g4-held")).to_contain_text(words)


def test_a_long_page_says_what_it_holds(show, files, views):
    view = views["attention-long"]
    assert (files / "attention-long.html").stat().st_size <= 2_000_000
    _, frame = show("attention-long")
    note = frame.locator(".g4-note")
    expect(note).to_contain_text("each cell is the largest weight in it")
    start = int(re.search(r"token (\d+)", note.inner_text())[1])
    assert 0 < start < 585
    expect(frame.locator(".g4-held")).to_contain_text("1 of 24 heads are held at full size")
    expect(frame.locator(".g4-held")).to_contain_text(f"L5·H1 only in the rows of tokens {start} to 600")
    exact = view.before.attention(5, 1)
    for query, key in ((start, 0), (600, 450)):
        shown = re.search(r"weight: (\S+)", hovered(frame, query, key))[1]
        np.testing.assert_array_max_ulp(np.float32(shown), exact[query, key], 1)
    above = hovered(frame, start - 1, 3)
    cell = float(re.search(r"largest weight in this cell: ≈ (\S+)", above)[1])
    assert cell >= exact[start - 1, 3] - 0.005 and "needs a kernel" in above
    token = frame.locator(".g4-token").nth(3)  # the rail has been paged by the hovering
    token.click()
    words = f"the row of token {token.get_attribute('data-index')} needs a kernel"
    expect(frame.locator(".g4-sentence")).to_contain_text(words)
    expect(frame.locator(".g4-lines line")).to_have_count(0)
    expect(frame.get_by_role("button", name="Cut")).to_have_count(0)
    missing = frame.locator(".g4-found button", has_not_text="▪").first
    missing.click()
    expect(frame.locator(".g4-missing")).to_contain_text("needs a kernel")
    expect(frame.locator(".g4-sentence")).not_to_contain_text("is being fetched")


def test_weights_times_values(show, views, pictures):
    page, frame = show("attention-values")
    pixels = "[...document.querySelector('.g4-pattern').getContext('2d').getImageData(0, 0, 8, 8).data].join()"
    before = frame.evaluate(pixels)
    frame.get_by_role("button", name="Weights × values").click()
    expect(frame.locator(".g4-formula")).to_contain_text("‖v[j] W_O‖")
    assert frame.evaluate(pixels) != before
    found, null = value_weighted_attention(views["attention-values"].before, 2, 1, output(2))
    shown = hovered(frame, 6, 4)
    assert np.float32(re.search(r"weight × value: (\S+) of its row", shown)[1]) == np.float32(found[6, 4])
    assert np.float32(re.search(r"over 4 keys: (\S+)", shown)[1]) == np.float32(null[6, 4])
    frame.locator(".g4-token").nth(6).click()
    widths = [float(line.get_attribute("stroke-width")) for line in frame.locator(".g4-lines line").all()]
    assert widths == pytest.approx(np.maximum(0.5, 9 * found[6, 3:7]).tolist(), rel=1e-5)
    dashed = [line.get_attribute("stroke-dasharray") is not None for line in frame.locator(".g4-lines line").all()]
    assert dashed == (found[6, 3:7] < null[6, 3:7]).tolist()
    expect(frame.locator(".g4-sentence")).to_contain_text("by weight times length of value; with uniform weights")
    frame.locator("summary").first.click()
    expect(frame.locator("thead")).to_contain_text("uniform × value")
    rows = frame.locator("tbody tr").evaluate_all(CELLS)
    np.testing.assert_array_equal(np.float32([row[2] for row in rows]), np.float32(found[6, 3:7]))
    np.testing.assert_array_equal(np.float32([row[3] for row in rows]), np.float32(null[6, 3:7]))
    page.screenshot(path=pictures / "attention-values.png", full_page=True)


def test_without_lengths_there_is_one_mode(show):
    _, frame = show()
    expect(frame.get_by_role("button", name="Weights × values")).to_be_hidden()


@pytest.mark.parametrize("exact", [True, False])
def test_a_head_of_4096_tokens_is_drawn_in_under_a_second(open_page, tmp_path, exact):
    """Painted and read back, so that nothing is left for later; software rendering."""
    code = (
        assets.script("attention_paint")
        + """
        window.measure = (exact) => {
            const T = 4096;
            const first = new Int32Array(T);
            const end = Int32Array.from({ length: T }, (_, t) => t + 1);
            const offsets = rowOffsets(first, end);
            const data = exact ? new Float32Array(offsets[T]).fill(0.25) : new Uint8Array(offsets[T]).fill(128);
            const canvas = document.querySelector("canvas");
            const colors = { steps: colorSteps((v) => `rgb(${Math.round(255 * v)} 0 0)`), hidden: "rgb(0 255 0)" };
            const start = performance.now();
            clearPattern(canvas, T, colors.hidden);
            paintRows(canvas, { data, exact, from: 0 }, { first, end, offsets }, 0, T, colors);
            const context = canvas.getContext("2d");
            const at = (x, y) => [...context.getImageData(x, y, 1, 1).data];
            const pixels = [at(0, 4095), at(4095, 0), at(4095, 4095)];
            return [performance.now() - start, pixels];
        };
    """
    )
    path = tmp_path / "measure.html"
    path.write_text(f'<canvas></canvas><script type="module">{code}</script>')
    page = open_page()
    page.goto(path.as_uri())
    page.wait_for_function("window.measure")
    milliseconds, pixels = page.evaluate("(exact) => window.measure(exact)", exact)
    print(f"4,096 x 4,096, {'float32' if exact else 'uint8'}: {milliseconds:.0f} ms")
    assert pixels == [[128, 0, 0, 255], [0, 255, 0, 255], [128, 0, 0, 255]]
    assert milliseconds < 1000
