"""More questions about a medium that is there: a picture costs more to read than a question to ask."""

from itertools import permutations

import numpy as np

from . import canvas, charts, scenes
from .seen import Seen
from .words import pick

MOST = 4
"""Further questions about one medium."""


def further(record: Seen, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Questions and answers beside the record's own, in random order; what was asked already may come again."""
    if record.kind == "bar":
        return _of_bars(record, rng)
    if record.kind not in ("colour", "shape", "place", "count", "caption"):
        return []
    things, unit = record.about["things"], canvas.unit(record.about["size"])
    found = [(pick(rng, scenes.COUNT), str(len(things)))]
    for one in things:
        if sum(other["shape"] == one["shape"] for other in things) == 1:
            found.append((pick(rng, scenes.COLOUR).format(one["shape"]), one["colour"]))
        if sum(other["colour"] == one["colour"] for other in things) == 1:
            found.append((pick(rng, scenes.SHAPE).format(one["colour"]), one["shape"]))
    named = [one for one in things if sum(other["shape"] == one["shape"] for other in things) == 1]
    for one, other in permutations(named, 2):
        for axis, sides in scenes.SIDES.items():
            if abs(one[axis] - other[axis]) >= scenes.MARGIN * unit:
                choices = " or ".join(sides if rng.random() < 0.5 else sides[::-1])
                of = " of" if axis == "x" else ""
                question = pick(rng, scenes.PLACE).format(one["shape"], other["shape"], choices, of)
                answer = sides[int(one[axis] > other[axis])]
                found.append((question[0].upper() + question[1:], answer))
    # Pairs are many: half of the questions are about places, the others about the things themselves.
    places = [pair for pair in found if pair[1] in sum(scenes.SIDES.values(), ())]
    others = [pair for pair in found if pair not in places]
    chosen = [*_some(rng, places, MOST // 2), *_some(rng, others, MOST // 2)]
    return _some(rng, chosen, MOST)


def _of_bars(record: Seen, rng: np.random.Generator) -> list[tuple[str, str]]:
    """The other end of the chart, where it is as clear as the one that is asked for."""
    bars, named = record.about["bars"], record.about["named"]
    other = "shortest" if record.about["asked"] == "tallest" else "tallest"
    ranked = sorted(bars, key=lambda one: one["bottom"] - one["top"], reverse=other == "tallest")
    heights = [one["bottom"] - one["top"] for one in ranked]
    full = max(heights)
    if abs(heights[0] - heights[1]) < charts.MARGIN * full:
        return []
    return [(pick(rng, charts.ASKS[named, other]), ranked[0]["label"])]


def _some(rng: np.random.Generator, found: list, most: int) -> list:
    return [found[place] for place in rng.permutation(len(found))[:most]]
