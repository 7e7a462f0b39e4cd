"""Hiding a region of a picture: what to put in its place, and which other regions to hide for comparison.

What an answer loses says something about a region only beside what it loses when as much is hidden elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.media import Box, overlap


def mean_colour(pixels: np.ndarray) -> np.ndarray:
    """The picture's mean, rounded. Shapes: uint8 [h,w,3] -> uint8 [3]."""
    return np.rint(pixels.reshape(-1, 3).mean(0)).astype(np.uint8)


def hidden(pixels: np.ndarray, boxes: Iterable[Box]) -> np.ndarray:
    """The picture with boxes filled with the mean colour of the whole. Shapes: uint8 [h,w,3] -> the same."""
    colour, done = mean_colour(pixels), pixels.copy()
    for left, top, right, bottom in boxes:
        done[top:bottom, left:right] = colour
    return done


def checked(box: Sequence[int], height: int, width: int) -> Box:
    """A box of whole pixels inside a picture. Raises: InputError."""
    values = tuple(box)
    if len(values) != 4 or any(type(value) is not int for value in values):
        raise InputError(f"{box!r} is no box", "the region to hide", "give (left, top, right, bottom) in pixels")
    left, top, right, bottom = values
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        what = f"the box {values} does not lie in a picture of {width} x {height} pixels"
        raise InputError(what, "the region to hide", "give left < right and top < bottom inside it")
    return values


def elsewhere(box: Box, height: int, width: int, step: int, count: int, seed: int = 0) -> list[Box]:
    """Up to `count` boxes of the same size at random other places, on a grid of `step` pixels.

    They do not touch the box where the picture has room for that; otherwise they share the fewest pixels with it.
    None where the box fits in one place only.
    """
    wide, tall = box[2] - box[0], box[3] - box[1]
    lefts, tops = range(box[0] % step, width - wide + 1, step), range(box[1] % step, height - tall + 1, step)
    places = [(x, y, x + wide, y + tall) for y in tops for x in lefts if (x, y) != box[:2]]
    least = min((overlap(place, box) for place in places), default=0)
    best = [place for place in places if overlap(place, box) == least]
    chosen = np.random.default_rng(seed).permutation(len(best))[:count]
    return [best[index] for index in chosen]


def others(total: int, taken: Sequence[int], draws: int, seed: int = 0) -> list[list[int]]:
    """As many of `total` soft tokens as are `taken`, at random, `draws` times; if possible none of these."""
    pool = np.setdiff1d(np.arange(total), taken)
    if len(pool) < len(taken):
        pool = np.arange(total)
    rng = np.random.default_rng(seed)
    return [sorted(rng.choice(pool, len(taken), replace=False).tolist()) for _ in range(draws)]


@dataclass(frozen=True, eq=False)
class Hiding:
    """What hiding did to an answer's tokens, and what the same amount hidden elsewhere did.

    Shapes: before, after [A]; nulls [draws,A]; all log-probabilities of the answer's tokens. Units: nats.
    """

    what: str
    """"box" or "attended"."""
    part: int
    boxes: tuple[Box, ...]
    null_boxes: tuple[tuple[Box, ...], ...]
    before: np.ndarray
    after: np.ndarray
    nulls: np.ndarray

    @property
    def lost(self) -> float:
        """By how much the whole answer's log-probability falls."""
        return float((self.before - self.after).sum())

    @property
    def lost_elsewhere(self) -> list[float]:
        """The same for each region that was hidden for comparison."""
        return [float((self.before - null).sum()) for null in self.nulls]

    def verdict(self) -> str:
        """In words whether the answer rests on the region more than on others."""
        lost, elsewhere_ = self.lost, self.lost_elsewhere
        hid = "the region is hidden" if self.what == "box" else "the most attended soft tokens are hidden"
        text = f"The answer's log-probability changes by {-lost:+.3g} nats when {hid}"
        if not elsewhere_:
            return f"{text}; there is no other place of this size to compare with."
        null = "a region of the same size elsewhere" if self.what == "box" else "as many random ones"
        mean, low, high = float(np.mean(elsewhere_)), min(elsewhere_), max(elsewhere_)
        text += f", by {-mean:+.3g} with {null} (mean of {len(elsewhere_)}, {-high:+.3g} to {-low:+.3g})"
        if lost > max(high, 0):
            return f"{text}: it loses more than anywhere else that was tried."
        return f"{text}: no more than elsewhere, so this does not show that the answer comes from there."
