"""What stands where in a picture, a clip or a sound: a word for each cell of a grid over it."""

import numpy as np

from . import palette, shapes
from .charts import LETTERS
from .clips import STEPS
from .seen import RATE, Seen

NOTHING = "-"
"""The word of a cell that holds nothing that is ever asked for."""

WORDS_OF_CELLS = (NOTHING, *palette.COLOURS, *shapes.SHAPES, *LETTERS, *"0123456789")
"""Every word that a cell may get."""

SOFT_TOKEN = 0.04
"""Seconds of sound that one soft token hears."""


def covered(record: Seen, rows: int, columns: int, frames: int, rng: np.random.Generator) -> list[str | None]:
    """A word for each cell, row by row, frame after frame: the colour or the shape of a thing (at random), a digit, the
    name of a bar, or `NOTHING`. Of a sound, where `columns` counts its soft tokens, the digit that is said, if it is
    only one; None where nothing is known.
    """
    if record.kind == "speech":
        return _heard(record, columns)
    height, width = record.about["size"]
    grid = np.full((frames, rows, columns), NOTHING, object)
    x = (np.arange(columns) + 0.5) * width / columns
    y = (np.arange(rows) + 0.5)[:, None] * height / rows
    if record.kind == "number":
        left, top, right, bottom = record.about["box"]
        for place, digit in enumerate(record.about["number"]):
            first, last = (left + (right - left) * (place + end) / 3 for end in (0, 1))
            _mark(grid[0], (x >= first) & (x < last) & (y >= top) & (y < bottom), digit)
            _mark_middle(grid[0], (first + last) / 2 / width, (top + bottom) / 2 / height, digit)
    elif record.kind == "bar":
        for one in record.about["bars"]:
            inside = (x >= one["left"]) & (x < one["right"]) & (y >= one["top"])
            _mark(grid[0], inside & (y < height), one["label"])
            middle = (one["left"] + one["right"]) / 2 / width
            _mark_middle(grid[0], middle, (one["top"] + one["bottom"]) / 2 / height, one["label"])
            if record.about["named"] == "letter":
                _mark_middle(grid[0], middle, (one["bottom"] + height) / 2 / height, one["label"])
    else:
        middles = []
        for number, one in enumerate(record.about["things"]):
            for frame, (dx, dy) in enumerate(_shifts(record, frames) if number == 0 else np.zeros((frames, 2))):
                at, word = (one["x"] + dx, one["y"] + dy), one[("colour", "shape")[rng.integers(2)]]
                _mark(grid[frame], (x - at[0]) ** 2 + (y - at[1]) ** 2 <= one["radius"] ** 2, word)
                middles.append((grid[frame], at[0] / width, at[1] / height, word))
        for middle in middles:
            _mark_middle(*middle)
    return grid.reshape(-1).tolist()


def _shifts(record: Seen, frames: int) -> np.ndarray:
    """How far the first thing of a clip has moved in each frame that is read. Shapes: -> [F,2], pixels."""
    if record.kind != "motion":
        return np.zeros((frames, 2))
    drawn = len(record.frames)
    read = (np.arange(frames) * drawn // frames) if drawn > frames else np.arange(drawn)
    return record.about["far"] * np.linspace(-0.5, 0.5, drawn)[read][:, None] * STEPS[record.about["way"]]


def _mark(grid: np.ndarray, inside: np.ndarray, word: str) -> None:
    grid[np.broadcast_to(inside, grid.shape)] = word


def _mark_middle(grid: np.ndarray, across: float, down: float, word: str) -> None:
    """A small thing lies between the middles of cells: the cell that its own middle is in is marked all the same."""
    rows, columns = grid.shape
    grid[min(int(down * rows), rows - 1), min(int(across * columns), columns - 1)] = word


def _heard(record: Seen, cells: int) -> list[str | None]:
    digits, about = record.about["digits"], record.about
    if len(digits) != 1:
        return [None] * cells
    first, last = about["before"], len(record.sound) - about["after"]
    middles = (np.arange(cells) + 0.5) * SOFT_TOKEN * RATE
    return [digits if first <= middle < last else NOTHING for middle in middles]
