"""The still picture of SoftTokenAtlas: each medium with its grid and the word's attention on it, and all tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from g4lab.tracing import media
from g4lab.tracing.media import Part
from g4lab.widgets.pointed import NOTHING, Pointed, first_of
from g4lab.widgets.still import INK, LINE, PAPER, SOFT, WARN, Still, shade

if TYPE_CHECKING:
    from g4lab.widgets.atlas import SoftTokenAtlas

WIDTH, SIDE, GAP = 900, 194, 16
PARTS = 6
"""Media that a picture has room for: the first, and the one with the token that is pointed at."""
PIXELS = 60_000
"""Of all pictures together, so that an SVG of noise stays small."""
TOKENS, ROW, BAR = 240, 24, 420


def picture(view: SoftTokenAtlas, pointed: Pointed = NOTHING) -> Still:
    """The first media, and that of the token pointed at; attention in the layer pointed at, or the top global one."""
    trace, parts = view.trace, view.parts
    layer = pointed.layer if pointed.layer is not None and pointed.layer < len(trace.plan) else _top(trace)
    asked = pointed.number("word", len(trace))
    word = view.word if asked is None else asked
    chosen = _chosen(parts, pointed.token)
    weights = media.row_of(trace, layer, word).mean(0, dtype=np.float64)
    most = max((float(weights[p.start : p.end].max()) for p in parts), default=0.0) or 1.0
    across = max(1, (WIDTH - GAP) // (2 * SIDE + 3 * GAP))
    lines = -(-len(chosen) // across)
    here = word if pointed.token is None or pointed.token >= len(trace) else pointed.token
    first = 0 if here < TOKENS else first_of(len(trace), TOKENS, here)
    tokens = _token_places(trace.tokens[first : first + TOKENS])
    height = lines * (SIDE + 44) + 60 + tokens[-1][1] * ROW + ROW + 30
    heading = f"{trace.model['name']} · {trace.model['label']}"
    kind = trace.plan[layer]["kind"]
    what = f"soft tokens, and how much token {word} reads of each in layer {layer} ({kind}, mean over heads)"
    still = Still(WIDTH, height, heading, what, view.sentence())
    for place, index in enumerate(chosen):
        x = GAP + place % across * (2 * SIDE + 3 * GAP)
        y = still.top + place // across * (SIDE + 44)
        _part(still, view, parts[index], weights, most, layer, word, x, y, PIXELS // len(chosen))
    y = still.top + lines * (SIDE + 44) + 8
    _budget(still, view, y)
    _tokens(still, view, tokens, first, word, y + 52)
    legend = f"weight 0 to {most:.3g}; dashed: uniform over all that the row may read; thick edge: token {word}"
    if len(tokens) < len(trace):
        legend += f"; tokens {first} to {first + len(tokens) - 1} of {len(trace)}"
    still.text(GAP, still.bottom - 12, legend, SOFT, 11)
    return still


def _top(trace) -> int:
    return max((row["index"] for row in trace.plan if row["kind"] == "global"), default=len(trace.plan) - 1)


def _chosen(parts: list[Part], token: int | None) -> list[int]:
    first = list(range(min(PARTS, len(parts))))
    here = next((i for i, part in enumerate(parts) if token is not None and part.start <= token < part.end), None)
    return first if here is None or here in first else [*first[:-1], here]


def _part(still: Still, view, part: Part, weights, most: float, layer: int, word: int, x: float, y: float, room: int):
    """A medium on the left, the word's attention on the same grid on the right."""
    share = media.share(view.trace, layer, word, part, weights)
    words = f"{share.weight:.3g}, {share.ratio:.2g} x uniform" if share.seen else "out of the window"
    still.text(x, y + 8, f"{part.name}: {len(part)} tokens", INK, 12)
    still.text(x + SIDE + GAP, y + 8, f"attention {words}", INK, 12)
    top, (rows, columns) = y + 20, part.grid
    if part.kind == "audio":
        _sound(still, view, part, weights, most, share, x, top)
        return
    cell = SIDE / max(rows, columns)
    wide, tall = round(columns * cell), round(rows * cell)
    still.tile(x, top, wide, tall, _smaller(media.pixels_of(view.trace, part), room))
    right = x + SIDE + GAP
    colours = [shade(weights[p] / most) for p in range(part.start, part.end)]
    still.tile(right, top, wide, tall, np.array(colours, np.uint8).reshape(rows, columns, 3))
    for u in range(len(part)):
        row, column = divmod(u, columns)
        still.place(f"token.{part.start + u}", x + column * cell, top + row * cell, cell, cell)
    for left in (x, right):
        for column in range(columns + 1):
            still.line([(left + column * cell, top), (left + column * cell, top + tall)], LINE)
        for row in range(rows + 1):
            still.line([(left, top + row * cell), (left + wide, top + row * cell)], LINE)
    for hiding in view.hidings[-1:]:
        if view.parts[hiding.part] is part:
            scale = cell / view.trace.model["soft_token_pixels"]
            for left, up, end, down in hiding.boxes:
                still.box(x + left * scale, top + up * scale, (end - left) * scale, (down - up) * scale, None, WARN, 2)


def _sound(still: Still, view, part: Part, weights, most: float, share, x: float, top: float) -> None:
    """The waveform, and below it each token's weight as a bar beside the null."""
    samples = view.trace[f"{part.site}.waveform"]
    wide, middle, cell = 2 * SIDE + GAP, top + 40, (2 * SIDE + GAP) / len(part)
    edges = np.linspace(0, len(samples), min(wide, len(samples)) + 1).astype(int)[:-1]
    loudest = float(np.abs(samples).max()) or 1.0
    for step, (low, high) in enumerate(
        zip(np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges), strict=True)
    ):
        at = x + step * wide / len(edges)
        still.line([(at, middle - 38 * high / loudest), (at, middle - 38 * low / loudest + 1)], SOFT)
    base = top + 170
    for u in range(len(part)):
        value = float(weights[part.start + u])
        still.bar(x + u * cell, base - 80 * value / most, max(cell - 1, 0.5), 80 * value / most, INK)
        still.place(f"token.{part.start + u}", x + u * cell, top, cell, 170)
    still.line([(x, base), (x + wide, base)], LINE)
    if share.seen:
        null = share.uniform / share.seen
        if null <= most:
            still.dashes(x, base - 80 * null / most, wide)


def _budget(still: Still, view, y: float) -> None:
    """All tokens by modality, each with its number."""
    counts, x = media.budget(view.trace), GAP
    total = sum(counts.values())
    for place, (kind, count) in enumerate((kind, count) for kind, count in counts.items() if count):
        width = BAR * count / total
        still.box(x, y, width, 14, shade((place + 1) / 5), PAPER)
        still.text(GAP + 110 * place, y + 26, f"{place + 1}. {kind} {count}", SOFT, 11)
        x += width
    still.text(GAP + BAR + 12, y + 7, f"{total} tokens", INK, 11)


def _token_places(tokens) -> list[tuple[float, int, float]]:
    x, row, found = float(GAP), 0, []
    for token in tokens:
        width = 18.0 if token.kind in media.KINDS else max(24.0, 12 + 7 * len(_short(token.text)))
        if x + width > WIDTH - GAP:
            x, row = float(GAP), row + 1
        found.append((x, row, width))
        x += width + 3
    return found


def _tokens(still: Still, view, places, first: int, word: int, top: float) -> None:
    """The tokens in reading order, soft ones as small tiles with the first letter of their kind."""
    for index, (x, row, width) in enumerate(places, first):
        token, y = view.trace.tokens[index], top + row * ROW
        soft = token.kind in media.KINDS
        edge, thick = (INK, 2) if index == word else (LINE, 1)  # the accent is for what is selected
        still.box(x, y, width, ROW - 5, None, edge, thick, 3)
        still.text(x + width / 2, y + 9, token.kind[0] if soft else _short(token.text), SOFT if soft else INK, 11, "mm")
        key = f"token.{index}"
        if key not in still.places:  # a soft token that is drawn lies in its picture
            still.place(key, x - 1, y - 1, width + 2, ROW - 3)


def _short(text: str) -> str:
    shown = text.replace(" ", "·").replace("\n", "⏎").replace("\t", "⇥")
    return shown if len(shown) <= 24 else f"{shown[:23]}…"


def _smaller(pixels: np.ndarray, room: int) -> np.ndarray:
    """The picture with means of blocks for pixels, where it has more of them than `room`."""
    step = int(np.ceil(np.sqrt(pixels.shape[0] * pixels.shape[1] / room)))
    if step <= 1:
        return pixels
    height, width = pixels.shape[0] // step * step, pixels.shape[1] // step * step
    blocks = pixels[:height, :width].reshape(height // step, step, width // step, step, 3)
    return np.rint(blocks.mean((1, 3))).astype(np.uint8)
