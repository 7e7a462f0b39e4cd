"""The panel "Dense and experts" of a saved picture: what both branches write, token by token, beside equal branches."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.widgets.pointed import Pointed, first_of
from g4lab.widgets.routing_branches import Contribution, page_header
from g4lab.widgets.routing_content import counted
from g4lab.widgets.still import BAND, INK, LINE, SOFT, WARN, Still, shade
from g4lab.widgets.still_measures import measures
from g4lab.widgets.still_parts import LEFT, WIDTH, Part, paragraph, stacked
from g4lab.widgets.token_words import quoted

NAMES, MEAN, ROW, MARGIN = 92, 170, 22, 20
LEAST, MOST = 9, 46
SHOWS = ("ratio", "dense", "experts", "cosine")
NOTE = (
    "A large part is not an important part: each branch ends in a norm of its own, so learned scales set its size. "
    "Switching it off is what tells."
)


def branches_part(
    trace: Trace,
    found: Mapping[int, Contribution],
    unsplit: str | None,
    changed: bool,
    layer: int,
    pointed: Pointed,
) -> Part:
    """The measured layers, `layer`'s two measures below; `changed` where the run on show is not the one measured."""
    if not found:
        return paragraph(unsplit or "What the branches write has not been measured.")
    show = pointed.own.get("branch_show")
    show = show if show in SHOWS else "ratio"
    most = max(float(max(part.dense_norm.max(), part.experts_norm.max())) for part in found.values()) or 1.0
    low, high = {
        "ratio": ("dense alone", "experts alone; equal branches in the middle"),
        "cosine": ("cosine -1", "1; unrelated in the middle"),
    }.get(show, (f"norm of the {'dense' if show == 'dense' else 'experts’'} part: 0", f"{most:.3g}"))
    note = f"{NOTE} What is measured is the model without the changes." if changed else NOTE
    parts = [paragraph(branch_words(trace, found, layer, pointed.token)), _grid(trace, found, show, most, pointed)]
    parts += [_legend(low, high), paragraph(note, SOFT)]
    if layer in found:
        [header] = page_header({layer: found[layer]})
        parts.append(measures(header["rows"]))
    return stacked(*parts)


def shade_of(part: Contribution, show: str, most: float) -> np.ndarray:
    """Where tokens lie on the scale from 0 to 1: a ratio of 1, and a cosine of 0, in the middle. Shapes: -> [T]."""
    if show == "ratio":
        return part.experts_norm / (part.experts_norm + part.dense_norm)
    if show == "cosine":
        return (part.cosine + 1) / 2
    return (part.dense_norm if show == "dense" else part.experts_norm) / most


def mean_ratio(trace: Trace, part: Contribution) -> float | None:
    """The geometric mean over the counted tokens, None where there is none."""
    text = counted(trace)
    return float(np.exp(np.mean(np.log((part.experts_norm / part.dense_norm)[text])))) if len(text) else None


def branch_words(trace: Trace, found: Mapping[int, Contribution], layer: int, token: int | None) -> str:
    """What is selected, in words."""
    if layer not in found:
        return f"Layer {layer} has not been measured."
    part = found[layer]
    if token is None or token >= len(trace):
        mean = mean_ratio(trace, part)
        over = "the experts write x {:.3g} of what the dense MLP writes (geometric mean; equal branches: 1)"
        return f"Layer {layer}{'' if mean is None else ': over all tokens ' + over.format(mean)}."
    dense, experts = float(part.dense_norm[token]), float(part.experts_norm[token])
    return (
        f"Layer {layer}, {quoted(trace.tokens[token])} (token {token}): the dense MLP writes a vector of norm "
        f"{dense:.3g}, the experts one of {experts:.3g}: x {experts / dense:.3g} (equal branches: 1). Their cosine is "
        f"{part.cosine[token]:.3g} (unrelated directions: 0)."
    )


def _grid(trace: Trace, found: Mapping[int, Contribution], show: str, most: float, pointed: Pointed) -> Part:
    room, layers = WIDTH - NAMES - MEAN - 2 * LEFT, trace.routed_layers
    here = pointed.token if pointed.token is not None and pointed.token < len(trace) else None
    columns = min(len(trace), room // LEAST)
    first, cell = first_of(len(trace), columns, here), min(MOST, room // columns)

    def draw(still: Still, top: float) -> None:
        _heads(still, first, columns, cell, top, len(trace))
        for index, layer in enumerate(reversed(layers)):
            y = top + MARGIN + ROW * index
            still.text(LEFT, y + ROW / 2, f"layer {layer}", INK, 12)
            if layer not in found:
                still.box(NAMES, y + 1, cell * columns, ROW - 2, BAND)
                still.text(NAMES + cell * columns + LEFT, y + ROW / 2, "not measured", SOFT, 11)
                continue
            shades = shade_of(found[layer], show, most)[first : first + columns]
            for column, value in enumerate(shades):
                still.box(NAMES + cell * column, y + 1, cell - 1, ROW - 2, shade(float(value)), LINE)
            _mean(still, mean_ratio(trace, found[layer]), NAMES + cell * columns + LEFT, y)
        for column in range(columns):
            x = NAMES + cell * column - 1
            still.place(f"token.{first + column}", x, top + MARGIN - 1, cell + 1, ROW * len(layers) + 2)

    return Part(MARGIN + ROW * len(layers) + 8, draw)


def _heads(still: Still, first: int, columns: int, cell: int, top: float, tokens: int) -> None:
    step = -(-40 // cell)
    for column in range(0, columns, step):
        still.text(NAMES + cell * (column + 0.5), top + 9, str(first + column), SOFT, 11, "mm")
    still.text(NAMES + cell * columns + LEFT, top + 9, "experts to dense, mean", SOFT, 11)


def _mean(still: Still, mean: float | None, left: float, y: float) -> None:
    """A bar from the line of equal branches, on a logarithmic scale from 1/8 to 8."""
    if mean is None:
        return
    reach = (MEAN - 56) / 2
    middle, long = left + reach, max(-1.0, min(1.0, float(np.log2(mean)) / 3)) * reach
    still.box(min(middle, middle + long), y + 6, abs(long), ROW - 12, INK)
    still.line([(middle, y + 2), (middle, y + ROW - 2)], WARN, 2)
    still.text(left + MEAN - 4, y + ROW / 2, f"x {mean:.2g}", SOFT, 11, "rm")


def _legend(low: str, high: str) -> Part:
    def draw(still: Still, top: float) -> None:
        x = LEFT + 6.4 * len(low) + 8
        still.text(LEFT, top + 10, low, SOFT, 11)
        still.ramp(x, top + 10)
        still.text(x + 104, top + 10, f"{high}; orange line: equal branches", SOFT, 11)

    return Part(26, draw)
