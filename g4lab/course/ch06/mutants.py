"""Chapter 6: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import math

import numpy as np

from g4lab.course.ch06 import solutions
from g4lab.course.ch06.checks import (
    BUDGET,
    BY_HAND,
    CLOSE,
    COUNT,
    MARKS,
    NINE,
    ONE_COLOUR,
    ONLY_SHAPE,
    OPEN,
    ORDER,
    PADDING,
    SHAPE,
    SLOT,
    SLOTS,
    SQUARE,
    TWO,
    WHOLE,
    mean_pool,
    resized,
    soft_token_of,
    with_slots,
)


@resized.mutant(BUDGET, "this rounds to the nearest soft token. Rounding up breaks the budget: always round down.")
def rounded(height, width, budget):
    factor = math.sqrt(budget * 48 * 48 / (height * width))
    return max(1, round(factor * height / 48)) * 48, max(1, round(factor * width / 48)) * 48


@resized.mutant(
    BUDGET, "the root is missing. The factor multiplies both sides, so the area grows by its square: take the root."
)
def no_root(height, width, budget):
    factor = budget * 48 * 48 / (height * width)
    return max(1, int(factor * height / 48)) * 48, max(1, int(factor * width / 48)) * 48


@resized.mutant(SHAPE, "this makes every picture a square, as older models did. Gemma 4 keeps the shape.")
def square(height, width, budget):
    side = int(math.sqrt(budget)) * 48
    return side, side


@resized.mutant(SHAPE, "height and width are exchanged. The height comes first, as in an array.")
def exchanged(height, width, budget):
    return solutions.resized(width, height, budget)


@resized.mutant(ONLY_SHAPE, "this shrinks pictures and never enlarges them. Small ones are enlarged, up to the budget.")
def only_smaller(height, width, budget):
    factor = min(1, math.sqrt(budget * 48 * 48 / (height * width)))
    rows, columns = max(1, int(factor * height / 48)), max(1, int(factor * width / 48))
    return (rows * 48, columns * 48) if rows * columns <= budget else solutions.resized(height, width, budget)


@resized.mutant(WHOLE, "these are multiples of 16, of patches. A soft token is three patches a side: multiples of 48.")
def whole_patches(height, width, budget):
    factor = math.sqrt(budget * 48 * 48 / (height * width))
    return max(1, int(factor * height / 16)) * 16, max(1, int(factor * width / 16)) * 16


@resized.mutant(
    WHOLE, "a thin strip has a side of 0 pixels here. That side becomes one soft token, the other the whole budget."
)
def strips_vanish(height, width, budget):
    factor = math.sqrt(budget * 48 * 48 / (height * width))
    return int(factor * height / 48) * 48, int(factor * width / 48) * 48


@resized.mutant(
    BUDGET, "the short side of a strip became 48, and the long one was left too long: cut it to the budget."
)
def strips_too_long(height, width, budget):
    factor = math.sqrt(budget * 48 * 48 / (height * width))
    return max(1, int(factor * height / 48)) * 48, max(1, int(factor * width / 48)) * 48


@soft_token_of.mutant(
    SQUARE, "this takes nine patches in reading order. A soft token is a square: three in each of three rows."
)
def reading_order(x, y, columns):
    return (x + y * columns * 3) // 9


@soft_token_of.mutant(BY_HAND, "rows and columns are exchanged: numbers run along a row first.")
def by_columns(x, y, columns):
    rows = (int(np.max(y)) + 1) // 3
    return y // 3 + (x // 3) * rows


@soft_token_of.mutant(NINE, "% 3 is the place inside a soft token. Which soft token it is, // 3 tells.")
def place_inside(x, y, columns):
    return x % 3 + (y % 3) * columns


@soft_token_of.mutant(NINE, "a row of soft tokens is not counted: each row down adds `columns` to the number.")
def rows_forgotten(x, y, columns):
    return x // 3 + y // 3


@soft_token_of.mutant(NINE, "this counts a row in patches. `columns` are soft tokens already: do not multiply by 3.")
def row_of_patches(x, y, columns):
    return x // 3 + (y // 3) * columns * 3


def _by_token(patches, positions, put):
    there = positions[:, 0] >= 0
    patches, (x, y) = patches[there], positions[there].T
    token = solutions.soft_token_of(x, y, (x.max() + 1) // 3)
    return np.stack([put(patches[token == u]) for u in range(len(patches) // 9)])


@mean_pool.mutant(ONE_COLOUR, "this is the sum of nine patches. A soft token is their mean.")
def sums(patches, positions):
    return _by_token(patches, positions, lambda nine: nine.sum(0))


@mean_pool.mutant(
    BY_HAND, "this keeps the largest of nine values, as many networks for pictures do. Gemma takes the mean."
)
def largest(patches, positions):
    return _by_token(patches, positions, lambda nine: nine.max(0))


@mean_pool.mutant(
    ORDER, "this averages nine patches that stand side by side in the list. Which nine belong together, positions tell."
)
def consecutive(patches, positions):
    patches = patches[positions[:, 0] >= 0]
    return patches.reshape(-1, 9, patches.shape[-1]).mean(1)


@mean_pool.mutant(BY_HAND, "x and y are exchanged: a position is (column, row).")
def exchanged_axes(patches, positions):
    there = positions[:, 0] >= 0
    patches, (y, x) = patches[there], positions[there].T
    token = solutions.soft_token_of(x, y, (x.max() + 1) // 3)
    return np.stack([patches[token == u].mean(0) for u in range(len(patches) // 9)])


@mean_pool.mutant(PADDING, "padding is counted as a patch in the corner. Take away what has position -1 first.")
def padding_in_the_corner(patches, positions):
    x, y = np.maximum(positions, 0).T
    token = solutions.soft_token_of(x, y, (x.max() + 1) // 3)
    return np.stack([patches[token == u].mean(0) for u in range(token.max() + 1)])


@mean_pool.mutant(COUNT, "this is one mean for the whole picture. Each square of nine patches has its own.")
def one_for_all(patches, positions):
    return patches[positions[:, 0] >= 0].mean(0, keepdims=True)


@with_slots.mutant(SLOTS, "the picture still has one slot. It needs one for each of its soft tokens.")
def one_slot(pieces, counts):
    return solutions.with_slots(pieces, [1] * len(counts))


@with_slots.mutant(SLOTS, "every picture gets the count of the first one. Each brings its own.")
def first_count(pieces, counts):
    return solutions.with_slots(pieces, counts[:1] * len(counts))


@with_slots.mutant(SLOTS, "every picture gets the whole budget. It gets as many slots as it has soft tokens.")
def whole_budget(pieces, counts):
    return solutions.with_slots(pieces, [280] * len(counts))


@with_slots.mutant(MARKS, "the marks are missing: <|image> before the slots and <image|> after them.")
def no_marks(pieces, counts):
    return [piece for piece in solutions.with_slots(pieces, counts) if piece not in (OPEN, CLOSE)]


@with_slots.mutant(MARKS, "every slot has marks of its own. A picture has one pair, around all of its slots.")
def marks_each(pieces, counts):
    found, waiting = [], iter(counts)
    for piece in pieces:
        found += [OPEN, SLOT, CLOSE] * next(waiting) if piece == SLOT else [piece]
    return found


@with_slots.mutant(TWO, "the counts are taken from the end. The first picture takes the first count.")
def last_count_first(pieces, counts):
    return solutions.with_slots(pieces, counts[::-1])
