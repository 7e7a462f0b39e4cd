"""What stands in a cell is what was drawn or said there."""

import numpy as np
import pytest

from g4lab.training.corpus import tiny_world

WORLD = tiny_world()


def cells(kind, index, rows=5, columns=5, frames=1):
    record = WORLD.seen(kind, 0, index)
    found = WORLD.covered(record, rows, columns, frames, np.random.default_rng(index))
    assert len(found) == frames * rows * columns and set(found) <= {*WORLD.WORDS_OF_CELLS, None}
    return record, np.array(found, object).reshape(frames, rows, columns)


@pytest.mark.parametrize("kind", ["colour", "shape", "place", "count", "caption"])
@pytest.mark.parametrize("index", range(8))
def test_the_middle_of_a_thing_names_it(kind, index):
    record, grid = cells(kind, index)
    height, width = record.about["size"]
    middles = {}
    for one in record.about["things"]:
        place = int(one["y"] / height * 5), int(one["x"] / width * 5)
        middles.setdefault(place, []).append({one["colour"], one["shape"]})
    for place, words in middles.items():
        assert any(grid[0][place] in pair for pair in words)
    words = {word for one in record.about["things"] for word in (one["colour"], one["shape"])}
    assert set(grid.reshape(-1)) <= {"-", *words} and "-" in grid


def test_colours_and_shapes_are_both_named():
    words = {word for index in range(20) for word in cells("colour", index)[1].reshape(-1)}
    assert {"red", "blue"} & words and {"circle", "square"} & words


@pytest.mark.parametrize("index", range(12))
def test_digits_stand_in_their_order(index):
    record, grid = cells("number", index, 15, 15)
    order = [word for column in grid[0].T for word in column if word != "-"]
    runs = "".join(word for before, word in zip(["", *order], order, strict=False) if word != before)
    wanted = record.about["number"]
    assert runs == "".join(digit for before, digit in zip(["", *wanted], wanted, strict=False) if digit != before)


@pytest.mark.parametrize("index", range(12))
def test_bars_stand_side_by_side(index):
    record, grid = cells("bar", index, 30, 60)
    order = [word for word in dict.fromkeys(word for column in grid[0].T for word in column) if word != "-"]
    assert order == [one["label"] for one in record.about["bars"]]


@pytest.mark.parametrize("index", range(12))
def test_what_moves_is_named_where_it_is(index):
    record = WORLD.seen("motion", 0, index)
    frames = min(6, len(record.frames))
    _, grid = cells("motion", index, 24, 24, frames)
    mover = record.about["things"][0]
    names = [(frame == mover["colour"]) | (frame == mover["shape"]) for frame in grid]
    middles = np.array([np.argwhere(there).mean(axis=0) for there in names])
    down, across = middles[-1] - middles[0]
    wanted = {"left": across < -1, "right": across > 1, "up": down < -1, "down": down > 1}
    assert wanted[record.answer] and sum(wanted.values()) == 1


def test_a_single_digit_is_named_while_it_is_said():
    single = several = 0
    for index in range(12):
        record, grid = cells("speech", index, 1, 60)
        words = set(grid.reshape(-1))
        if len(record.answer.split()) == 1:
            single += 1
            assert words == {"-", record.answer} and grid[0, 0, 0] == "-"
        else:
            several += 1
            assert words == {None}
    assert single and several
