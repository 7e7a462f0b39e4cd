"""The still picture of a chart, for readers without plotly: exported notebooks, and pages that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from g4lab.widgets.still import INK, LINE, SOFT, Still

WIDTH, HEIGHT, LEFT, RIGHT, FOOT = 820, 240, 76, 150, 46
FILLS = ((INK, INK), ("#ffffff", INK), ("#9aa3ad", "#9aa3ad"), (LINE, SOFT), ("#5d6772", "#5d6772"))
"""Inside and outline of each series' bars; it also stands at its own place in each group, in the legend's order."""
CHARACTER = 6.5


class Plot:
    """Axes from the lowest to the highest value, zero included, and what is drawn in them."""

    def __init__(self, labels: Sequence[str], series: Mapping[str, Sequence[float]], title: str, unit: str, top: float):
        values = np.concatenate([np.asarray(list(each), float) for each in series.values()])
        name, (label, value) = max(
            (
                (name, max(zip(labels, map(float, each), strict=True), key=lambda p: abs(p[1])))
                for name, each in series.items()
            ),
            key=lambda found: abs(found[1][1]),
        )
        sentence = f"{title}: farthest from 0 is {value:.4g} {unit} ({name}, {label})."
        self.still = Still(WIDTH, HEIGHT + FOOT, title, unit, sentence)
        self.labels, self.low, self.high = labels, min(0.0, float(values.min())), max(0.0, float(values.max()), top)
        self.right = WIDTH - max(RIGHT, 36 + CHARACTER * max(map(len, series)))
        for value in sorted({self.low, 0.0, self.high}):
            self.still.line([(LEFT, self.y(value)), (self.right, self.y(value))], SOFT if value == 0 else LINE)
            self.still.text(LEFT - 6, self.y(value), f"{value:.3g}", SOFT, 11, "rm")

    def y(self, value: float) -> float:
        """Where a value stands."""
        return self.still.top + 10 + (HEIGHT - 20) * (self.high - float(value)) / ((self.high - self.low) or 1.0)

    def name_places(self, places: Sequence[float]) -> None:
        """Labels below the places, as many as have room."""
        widest = CHARACTER * max(map(len, self.labels)) + 10
        step = max(1, int(np.ceil(widest * len(places) / (self.right - LEFT))))
        for x, label in list(zip(places, self.labels, strict=True))[::step]:
            self.still.text(x, self.still.top + HEIGHT + 8, label, SOFT, 11, "mm")


def bars_picture(
    labels: Sequence[str],
    series: Mapping[str, Sequence[float]],
    title: str,
    unit: str,
    stacked: bool,
    top: float = 0.0,
) -> Still:
    """Bars in groups, or one upon another; the axis reaches `top` at least. Shapes: labels [n], each series [n]."""
    sums = np.sum([np.asarray(list(values), float) for values in series.values()], axis=0)
    plot = Plot(labels, series, title, unit, max(float(sums.max()), top) if stacked else top)
    slot = (plot.right - LEFT) / len(labels)
    width = slot * 0.8 / (1 if stacked else len(series))
    base = np.zeros(len(labels))
    for place, (name, values) in enumerate(series.items()):
        fill, outline = FILLS[place % len(FILLS)]
        for index, value in enumerate(map(float, values)):
            x = LEFT + slot * (index + 0.1) + (0 if stacked else place * width)
            ends = sorted((plot.y(base[index]), plot.y(base[index] + value)))
            plot.still.box(x, ends[0], max(width - 1, 1), ends[1] - ends[0], fill, outline)
            base[index] += value if stacked else 0
        y = plot.still.top + 16 + 18 * place
        plot.still.box(plot.right + 10, y - 5, 10, 10, fill, outline)
        plot.still.text(plot.right + 26, y, name, INK, 12)
    plot.name_places([LEFT + slot * (index + 0.5) for index in range(len(labels))])
    return plot.still


def lines_picture(
    x: Sequence[float], labels: Sequence[str], series: Mapping[str, Sequence[float]], title: str, unit: str, of: str
) -> Still:
    """Lines, each named at its right end. Shapes: x [n], labels [n], each series [n]."""
    plot = Plot(labels, series, title, unit, 0.0)
    first, last = float(min(x)), float(max(x))
    places = [LEFT + (plot.right - LEFT) * (float(value) - first) / ((last - first) or 1.0) for value in x]
    named: list[float] = []
    for values in series.values():
        points = [(place, plot.y(value)) for place, value in zip(places, values, strict=True)]
        plot.still.line(points, INK, 2)
    for name, values in sorted(series.items(), key=lambda pair: plot.y(list(pair[1])[-1])):
        y = max([plot.y(list(values)[-1]), *(place + 15 for place in named[-1:])])
        plot.still.text(plot.right + 8, y, name, INK, 12)
        named.append(y)
    plot.name_places(places)
    plot.still.text((LEFT + plot.right) / 2, plot.still.top + HEIGHT + 28, of, SOFT, 12, "mm")
    return plot.still
