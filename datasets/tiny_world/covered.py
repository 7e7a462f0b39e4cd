"""What stands where in a picture, a clip or a sound: words for each cell of a grid over it."""

from dataclasses import dataclass, replace

import numpy as np

from . import palette, shapes
from .charts import LETTERS
from .clips import STEPS
from .seen import RATE, Seen

NOTHING = "-"
"""The word of a cell that holds nothing that is ever asked for."""

RANKS = ("tallest", "shortest")

WORDS_OF_CELLS = (NOTHING, *palette.COLOURS, *shapes.SHAPES, *LETTERS, *"0123456789", *RANKS)
"""Every word that a cell may get."""

SOFT_TOKEN = 0.04
"""Seconds of sound that one soft token hears."""

# How long each spoken digit is, 1 for the mean of all ten: measured on eight voices. In a string of digits the borders
# that follow from it are off by 0.05 s on the mean. The audio encoder hears nothing that comes later, so a digit is
# named in its last part alone.
LENGTHS = (1.21, 0.92, 0.78, 0.93, 0.99, 1.11, 1.01, 1.19, 0.75, 1.11)
SURE = 0.6
"""The part of a digit after which it is named."""


@dataclass(frozen=True)
class Cell:
    """What one cell holds."""

    words: tuple[str, ...] = (NOTHING,)
    """All that can be said of it; nothing where that is not known."""
    at: tuple[float, float] | None = None
    """The middle of what it holds, or its own, across and down, counted in cells; None in a sound."""
    digits: tuple[tuple[int, str], ...] = ()
    """Digits that reach into it, each with its place in the number or string."""


def covered(record: Seen, rows: int, columns: int, frames: int) -> list[Cell]:
    """What each cell holds, row by row, frame after frame; of a sound `columns` counts the soft tokens."""
    if record.kind == "speech":
        return _heard(record, columns)
    height, width = record.about["size"]
    x, y = np.arange(columns) + 0.5, np.arange(rows) + 0.5
    grid = np.empty((frames, rows, columns), object)
    for place in np.ndindex(grid.shape):
        grid[place] = Cell(at=(float(x[place[2]]), float(y[place[1]])))
    for frame, inside, middle, cell in _marks(record, x * width / columns, y[:, None] * height / rows, frames):
        cell = replace(cell, at=(middle[0] * columns / width, middle[1] * rows / height))
        column, row = (min(int(place), cells - 1) for place, cells in zip(cell.at, (columns, rows), strict=True))
        # A small thing lies between the middles of cells: the cell that its own middle is in is marked all the same.
        inside = np.broadcast_to(inside, (rows, columns)).copy()
        inside[row, column] = True
        for place in zip(*np.nonzero(inside), strict=True):
            grid[(frame, *place)] = _joined(grid[(frame, *place)], cell)
    return grid.reshape(-1).tolist()


def _joined(before: Cell, now: Cell) -> Cell:
    """Neighbouring digits share a cell; anything else is what was drawn last."""
    if not (before.digits and now.digits):
        return now
    return Cell(before.words + now.words, before.at, before.digits + now.digits)


def _marks(record: Seen, x: np.ndarray, y: np.ndarray, frames: int):
    """Each thing: its frame, the cells whose middles it covers, its own middle in pixels, and what it is.

    Shapes: x [C], y [R,1], pixels.
    """
    about, (height, width) = record.about, record.about["size"]
    if record.kind == "number":
        left, top, right, bottom = about["box"]
        for place, digit in enumerate(about["number"]):
            first, last = (left + (right - left) * (place + end) / 3 for end in (0, 1))
            half = width / len(x) / 2
            inside = (x + half / 2 >= first) & (x - half / 2 < last) & (y >= top) & (y < bottom)
            yield 0, inside, ((first + last) / 2, (top + bottom) / 2), Cell((digit,), None, ((place, digit),))
    elif record.kind == "bar":
        heights = [one["bottom"] - one["top"] for one in about["bars"]]
        for one, tall in zip(about["bars"], heights, strict=True):
            ranks = [rank for rank, extreme in zip(RANKS, (max(heights), min(heights)), strict=True) if tall == extreme]
            inside = (x >= one["left"]) & (x < one["right"]) & (y >= one["top"]) & (y < height)
            middle = ((one["left"] + one["right"]) / 2, (one["top"] + one["bottom"]) / 2)
            yield 0, inside, middle, Cell((one["label"], *ranks))
    else:
        for number, one in enumerate(about["things"]):
            shifts = _shifts(record, frames) if number == 0 else np.zeros((frames, 2))
            for frame, (dx, dy) in enumerate(shifts):
                across, down = one["x"] + dx, one["y"] + dy
                inside = (x - across) ** 2 + (y - down) ** 2 <= one["radius"] ** 2
                yield frame, inside, (across, down), Cell((one["colour"], one["shape"]))


def _shifts(record: Seen, frames: int) -> np.ndarray:
    """How far the first thing of a clip has moved in each frame that is read. Shapes: -> [F,2], pixels."""
    if record.kind != "motion":
        return np.zeros((frames, 2))
    drawn = len(record.frames)
    read = (np.arange(frames) * drawn // frames) if drawn > frames else np.arange(drawn)
    return record.about["far"] * np.linspace(-0.5, 0.5, drawn)[read][:, None] * STEPS[record.about["way"]]


def _heard(record: Seen, cells: int) -> list[Cell]:
    digits, about = record.about["digits"], record.about
    first, last = about["before"], len(record.sound) - about["after"]
    lengths = np.array([LENGTHS[int(digit)] for digit in digits])
    edges = first + (last - first) * np.concatenate([[0], np.cumsum(lengths) / lengths.sum()])
    found = []
    for middle in (np.arange(cells) + 0.5) * SOFT_TOKEN * RATE:
        if not first <= middle < last:
            found.append(Cell())
            continue
        place = int(np.searchsorted(edges, middle, side="right")) - 1
        sure = middle - edges[place] >= SURE * (edges[place + 1] - edges[place])
        found.append(Cell((digits[place],), None, ((place, digits[place]),)) if sure else Cell(()))
    return found
