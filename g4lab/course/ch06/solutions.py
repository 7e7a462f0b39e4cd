"""Chapter 6, one right answer to each exercise."""

import math

import numpy as np


def resized(height, width, budget):
    """The (height, width) in pixels of the largest picture of this shape whose soft tokens fit the budget."""
    factor = math.sqrt(budget * 48 * 48 / (height * width))
    rows, columns = int(factor * height / 48), int(factor * width / 48)
    if rows == 0:
        rows, columns = 1, budget
    elif columns == 0:
        rows, columns = budget, 1
    return rows * 48, columns * 48


def soft_token_of(x, y, columns):
    """The number of the soft token that the patch in column x and row y belongs to."""
    return x // 3 + (y // 3) * columns


def mean_pool(patches, positions):
    """The mean over the nine patches of each soft token; padding, whose position is -1, counts nowhere."""
    there = positions[:, 0] >= 0
    patches, (x, y) = patches[there], positions[there].T
    token = soft_token_of(x, y, (x.max() + 1) // 3)
    return np.stack([patches[token == u].mean(0) for u in range(len(patches) // 9)])


def with_slots(pieces, counts):
    """The pieces, where the place of each picture is opened out to one slot for each of its soft tokens."""
    opened, waiting = [], iter(counts)
    for piece in pieces:
        slots = ["<|image>", *["<|image|>"] * next(waiting), "<image|>"] if piece == "<|image|>" else [piece]
        opened += slots
    return opened
