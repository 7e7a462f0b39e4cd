"""Media for an encoder to name: what each soft token of a step's pictures, frames or sounds covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.media import stack_audio
from g4lab.text.slots import Medium
from g4lab.training.cells import Cells
from g4lab.training.corpus import tiny_world
from g4lab.training.media_rows import MediaRows, medium_of
from g4lab.training.recipe import Naming

FIRST = 10_000_000
"""Number of the first medium: the rows of questions count from 0."""
ALIKE = 4
"""Steps whose sounds are sorted by length together."""
CHUNK = 48
"""Mel frames that lengths are rounded up to: a chunk of the audio encoder's attention."""


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
        if "speech" in naming.kinds:
            return self._heard(step)
        shares = naming.kinds
        rng = np.random.default_rng([self.rows.seed, step, 5])
        kinds = rng.choice(list(shares), naming.media, p=list(shares.values()))
        return self._named([(str(kind), first + place) for place, kind in enumerate(kinds)], "train")

    def held_out(self, kind: str, count: int) -> Named:
        """Media of one kind that share nothing with those of any step."""
        return self._named([(kind, FIRST + place) for place in range(count)], "held-out")

    def _heard(self, step: int) -> Named:
        """Sounds of about one length: of those of `ALIKE` steps, the shortest first, then the next."""
        first = FIRST + (step - step % ALIKE) * self.naming.media
        records = [self.rows.record("speech", first + place, "train") for place in range(ALIKE * self.naming.media)]
        records.sort(key=lambda record: len(record.sound))
        start = step % ALIKE * self.naming.media
        return self._of(records[start : start + self.naming.media])

    def _named(self, wanted: list[tuple[str, int]], split: str) -> Named:
        return self._of([self.rows.record(kind, number, split) for kind, number in wanted])

    def _of(self, records: list) -> Named:
        media = [medium_of(record, self.rows.config) for record in records]
        stacked = self._short(media) if media[0].kind == "audio" else self.rows.stacked(media)
        slots = -(-stacked["audio"]["mel"].shape[1] // 4) if "audio" in stacked else 0
        cells = sum((self._cells(record, medium, slots) for record, medium in zip(records, media, strict=True)), [])
        vision = self.rows.config.vision
        if "video" in stacked:  # short films leave frames without patches behind those of all films
            cells = _filled(cells, len(media) * vision.frames * vision.frame_budget)
        return Named(stacked, Cells.of(cells))

    def _short(self, media: list[Medium]) -> dict[str, dict[str, np.ndarray]]:
        """Sounds of whole chunks, so that few sizes are compiled and little is filled up."""
        longest = max(len(medium.mel) for medium in media)
        frames = min(-(-longest // CHUNK) * CHUNK, self.rows.recipe.media.sound)
        return {"audio": dict(zip(("mel", "valid"), stack_audio(media, frames), strict=True))}

    def _cells(self, record, medium: Medium, slots: int) -> list:
        """What each soft token of a medium covers, None for those that only fill the batch."""
        vision = self.rows.config.vision
        if medium.kind == "audio":
            return _filled(tiny_world().covered(record, 1, medium.soft_tokens, 1), slots)
        if medium.kind == "image":
            return _filled(tiny_world().covered(record, *medium.grid, 1), vision.budget)
        frames, size = len(medium.frames), int(np.prod(medium.frames[0].grid))
        cells = tiny_world().covered(record, *medium.frames[0].grid, frames)
        each = [_filled(cells[frame * size : (frame + 1) * size], vision.frame_budget) for frame in range(frames)]
        return sum(each, [])


def _filled(cells: list, length: int) -> list:
    return [*cells, *[None] * (length - len(cells))]
