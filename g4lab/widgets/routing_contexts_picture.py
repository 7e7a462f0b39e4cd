"""The panel "Two contexts" of a saved picture: a token's experts in two places, layer by layer, beside chance."""

from __future__ import annotations

from collections.abc import Sequence

from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_contexts import Shared, compared, first_that_recurs, next_same
from g4lab.widgets.still import BAND, INK, LINE, SOFT, WARN, Still
from g4lab.widgets.still_parts import LEFT, WIDTH, Part, paragraph, stacked
from g4lab.widgets.token_words import quoted

PLACES, PLACED = 84, 150
FIRST, SECOND, CHIP, ACROSS = 246, 508, 64, 4
SHARED, BAR, CHANCE = 770, 58, 838
ROW = 20


def contexts_part(trace: Trace, other: Trace | None, first: int | None, second: int | None, layer: int) -> Part:
    """`first` is a place of the trace, `second` one of the other text, or of the same; None for those of themselves."""
    there = trace if other is None else other
    first = first_that_recurs(trace) if first is None else first
    if second is None:
        second = next_same(there, trace.tokens[first].id, first if other is None else -1)
    name = f"{quoted(trace.tokens[first])} (token {first})"
    if second is None:
        return paragraph(f"{name} {'does not come again' if other is None else 'is not in the second text'}.")
    rows = compared(trace, first, there, second)
    chosen, experts = trace.model["chosen"], trace.model["experts"]
    mean, chance = sum(len(row.shared) for row in rows) / len(rows), chosen**2 / experts
    where = "" if other is None else " of the second text"
    words = (
        f"{name} and {quoted(there.tokens[second])} (token {second}{where}): over {len(rows)} layers they share "
        f"{mean:.3g} of {chosen} experts on the mean; chance shares {chance:.3g}, so this is x {mean / chance:.3g} of "
        "chance."
    )
    legend = (
        "Places: first above, second below; a diamond is an expert that both have. Number: expert, then its effective "
        "weight. Orange line: what chance shares."
    )
    return stacked(paragraph(words), _table(rows, experts, chosen, chance, layer), paragraph(legend, SOFT, 11))


def _table(rows: Sequence[Shared], experts: int, chosen: int, chance: float, here: int) -> Part:
    most = max((weight for row in rows for side in (row.first, row.second) for _, weight in side), default=0) or 1.0
    lines = -(-chosen // ACROSS)
    tall = ROW * lines + 4

    def draw(still: Still, top: float) -> None:
        heads = {LEFT: "layer", PLACES: "places", FIRST: "first", SECOND: "second"}
        heads |= {SHARED: f"shared of {chosen}", CHANCE: "or more by"}
        for x, head in heads.items():
            still.text(x, top + 8, head, SOFT, 11)
        still.text(CHANCE, top + 22, "chance", SOFT, 11)
        for index, row in enumerate(reversed(rows)):
            y = top + 32 + tall * index
            if row.layer == here:
                still.box(LEFT - 4, y, WIDTH - 2 * LEFT + 8, tall, BAND)
            still.text(LEFT, y + ROW / 2 + 2, f"layer {row.layer}", INK, 12)
            _places(still, row, experts, most, y + tall / 2)
            for left, side in ((FIRST, row.first), (SECOND, row.second)):
                for place, (expert, weight) in enumerate(side):
                    x, line = left + CHIP * (place % ACROSS), place // ACROSS
                    _chip(still, expert, weight, expert in row.shared, x, y + ROW * line + ROW / 2 + 2)
            _shared(still, len(row.shared), chosen, chance, y + ROW / 2 + 2)
            odds = "< 0.0001" if row.chance < 1e-4 else f"{row.chance:.3g}"
            still.text(CHANCE, y + ROW / 2 + 2, odds, SOFT, 12)

    return Part(32 + tall * len(rows) + 8, draw)


def _places(still: Still, row: Shared, experts: int, most: float, middle: float) -> None:
    """The experts as places: those of the first token stand up, those of the second hang down."""
    still.line([(PLACES, middle), (PLACES + PLACED, middle)], LINE)

    def at(expert: int) -> float:
        return PLACES + PLACED * (0.5 if experts == 1 else expert / (experts - 1))

    for sign, side in ((-1, row.first), (1, row.second)):
        for expert, weight in side:
            height = max(2.0, 9 * abs(weight) / most)
            still.box(at(expert) - 1, middle - height if sign < 0 else middle, 2, height, INK)
    for expert in sorted(row.shared):
        _diamond(still, at(expert), middle)


def _chip(still: Still, expert: int, weight: float, shared: bool, x: float, y: float) -> None:
    if shared:
        _diamond(still, x + 4, y)
    else:
        still.dot(x + 4, y, 3, None, SOFT)
    still.text(x + 11, y, str(expert), INK, 12)
    still.text(x + 13 + 8.5 * len(str(expert)), y, f"{weight:.2f}", SOFT, 10)


def _shared(still: Still, count: int, chosen: int, chance: float, y: float) -> None:
    still.text(SHARED, y, str(count), INK, 12)
    left, long = SHARED + 14, BAR - 14
    still.box(left, y - 6, long, 12, None, LINE)
    still.bar(left, y - 4, long * count / chosen, 8, INK)
    at = left + long * chance / chosen
    still.line([(at, y - 8), (at, y + 8)], WARN, 2)


def _diamond(still: Still, x: float, y: float) -> None:
    still.area([(x, y - 5), (x + 4, y), (x, y + 5), (x - 4, y)], INK)
