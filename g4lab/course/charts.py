"""Ordinary charts of the chapters: bars and lines, each with its words and its numbers beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from g4lab.course.chart_picture import bars_picture, lines_picture

if TYPE_CHECKING:
    from g4lab.widgets.still import Still

_PATTERNS = ("", "/", ".", "x", "\\")
_DASHES = ("solid", "dash", "dot", "dashdot")

# A chart is drawn on the notebook's own paper, white or dark, so its colours stand out from both (3:1 and more).
COLOURS = ("#3b7dd8", "#c8691c", "#7d8794", "#8f8519", "#9a63c4")
# Text takes the host's ink; the middle grey is for where a copy of the chart stands without its host.
MIDDLE = "#73797f"
INK = f"var(--jp-content-font-color1, var(--vscode-editor-foreground, {MIDDLE}))"
_CLEAR, _GRID = "rgba(0,0,0,0)", "rgba(128,128,128,0.3)"


class Chart:
    """A plotly figure with a still picture and its numbers in plain text, for readers that show no figure."""

    def __init__(self, figure: Any, text: str, still: Still):
        self.figure, self.text, self.still = figure, text, still

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        # the reader's program has plotly's code, or shows the picture or the text; the code is never in the output
        return {
            "application/vnd.plotly.v1+json": self.figure.to_plotly_json(),
            "image/svg+xml": self.still.svg(),
            "text/plain": self.text,
        }


def bars(
    labels: Sequence,
    series: Mapping[str, Sequence[float]],
    title: str,
    unit: str,
    stacked: bool = False,
    top: float | None = None,
) -> Chart:
    """Bars of one or several series; several differ by pattern as well as by colour.

    Charts that are to be compared get the same `top`, which their axis reaches at least.
    Shapes: labels [n], each series [n]. Units: `unit` names those of the series.
    """
    import plotly.graph_objects as go

    labels = [str(label) for label in labels]
    figure = go.Figure()
    for (name, values), pattern in zip(series.items(), _PATTERNS, strict=False):
        places = [escape(label, quote=False) for label in labels]
        figure.add_bar(x=places, y=_plain(values), marker_pattern_shape=pattern, **_named(name, labels, values, unit))
    figure.update_layout(barmode="stack" if stacked else "group", xaxis_type="category")
    if top is not None:
        figure.update_yaxes(autorangeoptions_include=top)
    still = bars_picture(labels, series, title, unit, stacked, top or 0.0)
    return _finished(figure, labels, series, title, unit, still)


def lines(x: Sequence[float], series: Mapping[str, Sequence[float]], title: str, unit: str, of: str = "") -> Chart:
    """Lines over x, whose axis is called `of`; several differ by dashes as well as by colour.

    Shapes: x [n], each series [n].
    """
    import plotly.graph_objects as go

    labels = [f"{value:g}" for value in x]
    figure = go.Figure()
    for (name, values), dash in zip(series.items(), _DASHES, strict=False):
        figure.add_scatter(x=_plain(x), y=_plain(values), line_dash=dash, **_named(name, labels, values, unit))
    figure.update_layout(xaxis_title_text=inked(of))
    return _finished(figure, labels, series, title, unit, lines_picture(x, labels, series, title, unit, of))


def inked(text: str) -> str:
    """Text for plotly in the host's ink; what looks like markup in it stays text."""
    return f'<span style="color:{INK}">{escape(text, quote=False)}</span>' if text else ""


def _named(name: str, labels: Sequence[str], values: Sequence[float], unit: str) -> dict[str, Any]:
    """The name in the legend, and what pointing at a value says: the exact number."""
    said = [f"{name}, {label}: {float(value)!r} {unit}" for label, value in zip(labels, values, strict=True)]
    return {"name": inked(name), "hovertext": [escape(text, quote=False) for text in said], "hoverinfo": "text"}


def _finished(
    figure: Any, labels: Sequence[str], series: Mapping[str, Sequence[float]], title: str, unit: str, still: Still
) -> Chart:
    # numbers and categories on the axes get their ink from what stands before and after each of them
    before, after = inked("|").split("|")
    axis = {
        "tickprefix": before,
        "ticksuffix": after,
        "gridcolor": _GRID,
        "linecolor": MIDDLE,
        "zerolinecolor": MIDDLE,
        "automargin": True,
    }
    figure.update_xaxes(**axis, showgrid=False)
    figure.update_yaxes(**axis, title_text=inked(unit))
    figure.update_layout(
        template="none",
        title_text=inked(title),
        colorway=COLOURS,
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        legend_bgcolor=_CLEAR,
        font_color=MIDDLE,
        modebar={"bgcolor": _CLEAR, "color": MIDDLE, "activecolor": COLOURS[0]},
        hovermode="closest",
        height=340,
        margin={"t": 48, "b": 40},
    )
    rows = [f"{title} ({unit})", "\t".join(["", *series])]
    for label, *values in zip(labels, *series.values(), strict=True):
        rows.append("\t".join([label, *(f"{value:.4g}" for value in values)]))
    return Chart(figure, "\n".join(rows), still)


def _plain(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]
