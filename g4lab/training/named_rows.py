"""Media for an encoder to name: what each soft token of a step's pictures, frames or sounds covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.text.slots import Medium
from g4lab.training.cells import Cells
from g4lab.training.corpus import tiny_world
from g4lab.training.media_rows import MediaRows, medium_of
from g4lab.training.recipe import Naming

FIRST = 10_000_000
"""Number of the first medium: the rows of questions count from 0."""


@dataclass(frozen=True)
class Named:
    """Media as `Gemma4.soft_tokens` takes them, and what their soft tokens cover."""

    media: dict[str, dict[str, np.ndarray]]
    cells: Cells


class NamedRows:
    """The steps of one encoder's naming; which media they hold depends on seed and step alone."""

    def __init__(self, rows: MediaRows, naming: Naming):
        self.rows = rows
        self.naming = naming

    def training(self, step: int) -> Named:
        """The media of a step."""
        naming, first = self.naming, FIRST + step * self.naming.media
        if naming.films and step % naming.films == naming.films - 1:
            return self._named([("motion", first + place) for place in range(naming.media // 2)], "train")
        shares = naming.kinds
        rng = np.random.default_rng([self.rows.seed, step, 5])
        kinds = rng.choice(list(shares), naming.media, p=list(shares.values()))
        return self._named([(str(kind), first + place) for place, kind in enumerate(kinds)], "train")

    def held_out(self, kind: str, count: int) -> Named:
        """Media of one kind that share nothing with those of any step."""
        return self._named([(kind, FIRST + place) for place in range(count)], "held-out")

    def _named(self, wanted: list[tuple[str, int]], split: str) -> Named:
        records = [self.rows.record(kind, number, split) for kind, number in wanted]
        media = [medium_of(record, self.rows.config) for record in records]
        cells = [self._cells(record, medium) for record, medium in zip(records, media, strict=True)]
        return Named(self.rows.stacked(media), Cells.of(sum(cells, [])))

    def _cells(self, record, medium: Medium) -> list:
        """What each soft token of a row of the batch covers, None for those that only fill it."""
        vision = self.rows.config.vision
        if medium.kind == "audio":
            return _filled(
                tiny_world().covered(record, 1, medium.soft_tokens, 1), -(-self.rows.recipe.media.sound // 4)
            )
        if medium.kind == "image":
            return _filled(tiny_world().covered(record, *medium.grid, 1), vision.budget)
        frames, size = len(medium.frames), int(np.prod(medium.frames[0].grid))
        cells = tiny_world().covered(record, *medium.frames[0].grid, frames)
        each = [_filled(cells[frame * size : (frame + 1) * size], vision.frame_budget) for frame in range(frames)]
        return _filled(sum(each, []), vision.frames * vision.frame_budget)


def _filled(cells: list, length: int) -> list:
    return [*cells, *[None] * (length - len(cells))]
