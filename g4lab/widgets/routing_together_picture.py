"""The panel "Together" of a saved picture: the map of all pairs of a layer, and one expert's row on its bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from g4lab.widgets.routing_panels import Numbers
from g4lab.widgets.still import ACCENT, BAND, LINE, SOFT, Still, shade
from g4lab.widgets.still_bars import LEGEND, TALL, UNDER, Bar, pitch_of, strip
from g4lab.widgets.still_measures import too_small
from g4lab.widgets.still_parts import LEFT, WIDTH, Part, paragraph, stacked

SIDE, MARGIN = 352, 30


class Pairs(NamedTuple):
    """What `routing_together.layer_pairs` gives, to be asked. Shapes: both [E,E], claims [E], share, beyond [E,E].

    `beyond` is -1 below the band of chance, 1 above it, and 0 inside, on the diagonal and where nothing is claimed.
    """

    both: np.ndarray
    chance: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None
    tokens: int
    needed: int
    even: float

    @property
    def counts(self) -> np.ndarray:
        """Tokens of each expert."""
        return np.diag(self.both)

    @property
    def claims(self) -> np.ndarray:
        """Whether enough tokens chose an expert for a claim about its row."""
        return self.counts >= self.needed

    @property
    def share(self) -> np.ndarray:
        """P(column | row), 0 where nobody chose the row's expert."""
        return self.both / np.maximum(self.counts, 1)[:, None]

    @property
    def beyond(self) -> np.ndarray:
        """How each pair stands to the band of chance."""
        if self.high is None:
            return np.zeros(self.both.shape, int)
        signs = (self.both > self.high).astype(int) - (self.both < self.low)
        return np.where(self.claims[:, None] & ~np.eye(len(signs), dtype=bool), signs, 0)


def read_pairs(numbers: Numbers) -> Pairs | str:
    """The pairs, or why there are none."""
    said, arrays = numbers
    if "none" in said:
        return said["none"]
    found = {name: arrays[name].astype(int) for name in ("low", "high") if name in arrays}
    return Pairs(
        arrays["pairs"].astype(int),
        arrays["chance"],
        found.get("low"),
        found.get("high"),
        *(said[name] for name in ("tokens", "needed", "even")),
    )


def together_part(numbers: Numbers, order: Sequence[int], expert: int | None, partner: int | None) -> Part:
    """The experts in `order`; None takes the busiest one's row, and no partner in it."""
    pairs = read_pairs(numbers)
    if isinstance(pairs, str):
        return paragraph(f"{pairs[0].upper()}{pairs[1:]}.")
    row = int(pairs.counts.argmax()) if expert is None else expert
    pitch = min(20, max(3, SIDE // len(order)))
    size = pitch * len(order)
    left = LEFT + MARGIN + size + 24
    # where the bars beside the map would be too narrow to be hollow, they stand below it
    aside = pitch_of(WIDTH - LEFT - left, len(order)) > 5
    bars = [_bar(pairs, row, other, partner) for other in order]

    def draw(still: Still, top: float) -> None:
        _map(still, pairs, order, (row, row if partner is None else partner), pitch, top)
        x, y = (left, top) if aside else (LEFT, top + MARGIN + size + 12)
        still.text(x, y + 8, f"P(column | {row}), row {row} of the map", SOFT, 11)
        strip(still, x, y + MARGIN, WIDTH - LEFT - x, bars, bool(pairs.claims[row]))
        y = top + MARGIN + (TALL + UNDER + 22 if aside else 12)
        for words in legend_words(pairs):
            still.text(left, y, words, SOFT, 11)
            y += 16
        most = float(_off_diagonal(pairs).max(initial=0.0))
        still.text(left, y + 6, "P 0", SOFT, 11)
        still.ramp(left + 28, y + 6)
        still.text(left + 132, y + 6, f"{most:.3g}", SOFT, 11)

    lines = [row_words(pairs, row)]
    if partner is not None and partner != row:
        lines += [way_words(pairs, *both) for both in ((row, partner), (partner, row))]
    under = MARGIN + TALL + UNDER
    tall = max(MARGIN + size, under + 126) if aside else MARGIN + size + 12 + under
    return stacked(*map(paragraph, lines), Part(tall + 12, draw))


def _bar(pairs: Pairs, row: int, other: int, partner: int | None) -> Bar:
    band = (None, None)
    if pairs.high is not None and pairs.claims[row]:
        band = (pairs.low[row, other] / pairs.counts[row], pairs.high[row, other] / pairs.counts[row])
    expected = float(pairs.chance[row, other])
    return Bar(other, float(pairs.share[row, other]), expected, *band, other == partner, other == row)


def _off_diagonal(pairs: Pairs) -> np.ndarray:
    return pairs.share[~np.eye(len(pairs.both), dtype=bool)]


def pair_pixels(pairs: Pairs, order: Sequence[int], pitch: int) -> np.ndarray:
    """The map, `pitch` pixels a cell: a dot above the band, a dash below it, a thin row for too few tokens.

    One tile instead of a box for each of E x E pairs, so that the file of 128 experts stays small.
    """
    most, inside = float(_off_diagonal(pairs).max(initial=0.0)) or 1.0, pitch - (pitch > 5)
    pixels = np.full((pitch * len(order),) * 2 + (3,), 255, np.uint8)
    share, beyond, claims, counts = pairs.share, pairs.beyond, pairs.claims, pairs.counts
    nothing = tuple(int(BAND[i : i + 2], 16) for i in (1, 3, 5))
    for at, i in enumerate(order):
        height = inside if claims[i] else max(1, round(inside / 2))
        top = at * pitch + (inside - height) // 2
        for place, j in enumerate(order):
            left = place * pitch
            fill = nothing if i == j or not counts[i] else shade(share[i, j] / most)
            pixels[top : top + height, left : left + inside] = fill
            if beyond[i, j]:
                dark = 0.3 * fill[0] + 0.6 * fill[1] + 0.1 * fill[2] < 128
                pixels[_mark(at * pitch, left, inside, int(beyond[i, j]))] = 255 if dark else 0
    return pixels


def _mark(top: int, left: int, size: int, beyond: int) -> tuple[slice, slice]:
    dot = max(1, round(size / 4))
    middle = top + (size - dot) // 2
    if beyond > 0:
        start = left + (size - dot) // 2
        return slice(middle, middle + dot), slice(start, start + dot)
    return slice(top + size // 2, top + size // 2 + 1), slice(left + 1, max(left + 2, left + size - 1))


def _map(still: Still, pairs: Pairs, order, current: tuple[int, int], pitch: int, top: float) -> None:
    size, (left, upper) = pitch * len(order), (LEFT + MARGIN, top + MARGIN)
    still.box(left - 1, upper - 1, size + 2, size + 2, None, LINE)
    still.tile(left, upper, size, size, pair_pixels(pairs, order, pitch))
    step = next((n for n in (1, 2, 4, 8, 16, 32) if n * pitch >= 22), 64)
    for place in range(0, len(order), step):
        middle = (place + 0.5) * pitch
        still.text(left + middle, upper - 10, str(order[place]), SOFT, 11, "mm")
        still.text(left - 5, upper + middle, str(order[place]), SOFT, 11, "rm")
    row, column = (list(order).index(each) for each in current)
    still.box(left - 1, upper + row * pitch - 1, size + 2, pitch + 2, None, ACCENT)
    still.box(left + column * pitch - 1, upper + row * pitch - 1, pitch + 2, pitch + 2, None, ACCENT, 2)


def legend_words(pairs: Pairs) -> list[str]:
    """What the marks are."""
    return [
        f"map: P(column | row); bars: {LEGEND}",
        f"chance: independent but for the loads; with even loads {pairs.even:.3g}",
        "dot: above the band of chance; dash: below it",
        f"thin rows, hollow bars: under {pairs.needed} tokens, no claim",
    ]


def row_words(pairs: Pairs, row: int) -> str:
    """What is said of the row of one expert."""
    tokens = int(pairs.counts[row])
    if not tokens:
        return f"No token of this prompt chose expert {row}."
    others = sorted((j for j in range(len(pairs.both)) if j != row), key=lambda j: (-pairs.both[row, j], j))
    above = [j for j in others if pairs.beyond[row, j] == 1]
    if not pairs.claims[row]:
        few = too_small({"of": f"tokens of expert {row}", "sample": tokens, "needed": pairs.needed})
        claim = f"But these are {few}."
    elif above:
        more = f" and {len(above) - 6} more" if len(above) > 6 else ""
        claim = f"Above the band, more often than chance allows: {', '.join(map(str, above[:6]))}{more}."
    else:
        claim = "None is above the band of chance."
    best = others[0]
    return f"Of the {tokens} tokens of expert {row}, {pairs.both[row, best]} also chose {best}, the most. {claim}"


def way_words(pairs: Pairs, i: int, j: int) -> str:
    """What is said of one pair in one direction, since P(j | i) is not P(i | j)."""
    tokens = int(pairs.counts[i])
    if not tokens:
        return f"P({j} | {i}): nobody chose {i}."
    share, chance = pairs.share[i, j], pairs.chance[i, j]
    ratio = f", x {share / chance:.2g} of chance" if chance > 0 else ""
    if pairs.claims[i] and pairs.high is not None:
        band = f"chance keeps it at {pairs.low[i, j]} to {pairs.high[i, j]} tokens"
    else:
        band = too_small({"of": "tokens", "sample": tokens, "needed": pairs.needed})
    of = f"{pairs.both[i, j]} of {tokens} tokens"
    return f"P({j} | {i}) = {share:.7g}: {of}; chance {chance:.7g}{ratio}; {band}."
