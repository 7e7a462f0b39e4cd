"""What a cell holds is what was drawn or said there."""

import numpy as np
import pytest

from g4lab.training.corpus import tiny_world

WORLD = tiny_world()


def cells(kind, index, rows=5, columns=5, frames=1):
    record = WORLD.seen(kind, 0, index)
    found = WORLD.covered(record, rows, columns, frames)
    assert len(found) == frames * rows * columns
    assert {word for cell in found for word in cell.words} <= set(WORLD.WORDS_OF_CELLS)
    grid = np.empty(len(found), object)
    grid[:] = found
    return record, grid.reshape(frames, rows, columns)


def first_words(cells):
    return [cell.words[0] for cell in cells if cell.words]


@pytest.mark.parametrize("kind", ["colour", "shape", "place", "count", "caption"])
@pytest.mark.parametrize("index", range(8))
def test_the_middle_of_a_thing_says_all_of_it(kind, index):
    record, grid = cells(kind, index)
    height, width = record.about["size"]
    middles = {}
    for one in record.about["things"]:
        at = one["x"] / width * 5, one["y"] / height * 5
        middles.setdefault((int(at[1]), int(at[0])), []).append(((one["colour"], one["shape"]), at))
    for place, things in middles.items():
        cell = grid[0][place]
        assert (cell.words, cell.at) in [(words, pytest.approx(at)) for words, at in things]
    words = {word for one in record.about["things"] for word in (one["colour"], one["shape"])}
    assert {word for cell in grid.reshape(-1) for word in cell.words} <= {"-", *words}


def test_an_empty_cell_lies_where_it_lies():
    _, grid = cells("colour", 0)
    empty = [(place, cell) for place, cell in np.ndenumerate(grid[0]) if cell.words == ("-",)]
    assert empty
    for (row, column), cell in empty:
        assert cell.at == (column + 0.5, row + 0.5) and cell.digits == ()


@pytest.mark.parametrize("rows", [5, 15])
@pytest.mark.parametrize("index", range(12))
def test_digits_stand_in_their_order(index, rows):
    record, grid = cells("number", index, rows, rows)
    number = record.about["number"]
    held = [(column, *digit) for (_, column), cell in np.ndenumerate(grid[0]) for digit in cell.digits]
    assert {(place, digit) for _, place, digit in held} == set(enumerate(number))
    middles = [np.mean([column for column, at, _ in held if at == place]) for place in range(3)]
    assert middles == sorted(middles) and middles[0] < middles[2]
    for cell in grid.reshape(-1):
        assert cell.words == (tuple(digit for _, digit in cell.digits) or ("-",))


@pytest.mark.parametrize("index", range(12))
def test_bars_stand_side_by_side_and_the_extreme_ones_say_so(index):
    record, grid = cells("bar", index, 30, 60)
    bars = record.about["bars"]
    order = list(dict.fromkeys(word for word in first_words(cell for column in grid[0].T for cell in column)))
    assert [word for word in order if word != "-"] == [one["label"] for one in bars]
    ranked = {rank: {cell.words[0] for cell in grid.reshape(-1) if rank in cell.words} for rank in WORLD.RANKS}
    tall = sorted(bars, key=lambda one: one["top"])
    assert ranked == {"tallest": {tall[0]["label"]}, "shortest": {tall[-1]["label"]}}
    assert record.answer in ranked[record.about["asked"]]


@pytest.mark.parametrize("index", range(12))
def test_what_moves_is_named_where_it_is(index):
    record = WORLD.seen("motion", 0, index)
    frames = min(6, len(record.frames))
    _, grid = cells("motion", index, 24, 24, frames)
    mover = record.about["things"][0]
    at = [{c.at for c in frame.reshape(-1) if c.words == (mover["colour"], mover["shape"])} for frame in grid]
    ((first,), *_, (last,)) = [list(places) for places in at]
    across, down = last[0] - first[0], last[1] - first[1]
    wanted = {"left": across < -1, "right": across > 1, "up": down < -1, "down": down > 1}
    assert wanted[record.answer] and sum(wanted.values()) == 1


@pytest.mark.parametrize("index", range(12))
def test_a_digit_is_named_while_its_end_is_heard(index):
    record, grid = cells("speech", index, 1, -(-len(WORLD.seen("speech", 0, index).sound) // 640))
    digits, found = record.about["digits"], grid[0, 0]
    places = [cell.digits[0][0] for cell in found if cell.digits]
    assert places == sorted(places) and set(places) == set(range(len(digits)))
    assert all(cell.words == (digits[cell.digits[0][0]],) for cell in found if cell.digits)
    assert found[0].words == ("-",) and found[0].at is None
    assert sum(not cell.words for cell in found) >= len(digits)  # nothing is claimed of a digit's beginning
