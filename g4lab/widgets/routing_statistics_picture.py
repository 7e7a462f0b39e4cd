"""The panel "Statistics" of a saved picture: the load of each expert on its band, and every metric beside its null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_content import expert_loads, null
from g4lab.widgets.still import SOFT
from g4lab.widgets.still_bars import LEGEND, TALL, UNDER, Bar, strip
from g4lab.widgets.still_measures import measures, too_small
from g4lab.widgets.still_parts import LEFT, WIDTH, Part, paragraph, stacked


def statistics_part(
    trace: Trace, layer: int, rows: Sequence[dict[str, Any]], order: Sequence[int], expert: int | None
) -> Part:
    """`rows` are the page's, the load first; `expert` is marked among the bars, which stand in `order`."""
    counts, chance = expert_loads(trace, layer), null(trace)
    expected = chance["tokens"] * chance["load"]
    load, *others = rows
    bars = [Bar(e, int(counts[e]), expected, chance["low"], chance["high"], e == expert) for e in order]

    def draw(still, top: float) -> None:
        strip(still, LEFT, top + 4, WIDTH - 2 * LEFT, bars, load["enough"])

    hollow = "" if load["enough"] else "; hollow: too few tokens for a claim"
    legend = f"load: tokens that chose each expert; {LEGEND}{hollow}"
    return stacked(
        paragraph(load_words(counts, chance, load)),
        Part(TALL + UNDER + 8, draw),
        paragraph(legend, SOFT, 11),
        measures(others),
    )


def load_words(counts: np.ndarray, chance: dict[str, Any], load: dict[str, Any]) -> str:
    """Who is outside the band that holds all of them at once."""
    if not load["enough"]:
        return f"Load: {too_small(load)}."
    outside = sorted(load["beyond"], key=lambda expert: -counts[expert])
    expected = chance["tokens"] * chance["load"]
    named = [f"{expert} (x {counts[expert] / expected:.2g} of chance)" for expert in outside[:6]]
    more = f" and {len(outside) - len(named)} more" if len(outside) > len(named) else ""
    who = f": {', '.join(named)}{more}" if outside else ""
    band = "the band that keeps all of them 99 times of 100"
    return f"{len(outside)} of {len(counts)} experts lie outside {band}{who}."
