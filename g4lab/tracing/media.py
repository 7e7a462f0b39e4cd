"""Soft tokens in a trace: which picture, frame or sound each belongs to, where it lies there, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace

KINDS = ("image", "video", "audio")
TOKEN_SECONDS = 0.04
"""How long a soft token of a sound lasts: four mel frames of 10 ms."""

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom lie outside."""


@dataclass(frozen=True)
class Part:
    """The soft tokens of one picture, one frame of a film or one sound: the positions from `start` up to `end`."""

    kind: str
    number: int
    """Which of its kind, from 0."""
    frame: int | None
    """Which frame of the film; None for pictures and sounds."""
    start: int
    end: int
    grid: tuple[int, int]
    """(rows, columns) of soft tokens; of a sound one row."""
    seconds: float | None = None
    """When the frame is shown."""

    def __len__(self) -> int:
        return self.end - self.start

    @property
    def site(self) -> str:
        """How the trace calls the medium: "image.0"."""
        return f"{self.kind}.{self.number}"

    @property
    def name(self) -> str:
        """What a reader calls it."""
        if self.kind == "video":
            return f"film {self.number}, frame {self.frame} at {self.seconds:.2f} s"
        return f"{'picture' if self.kind == 'image' else 'sound'} {self.number}"

    def box(self, token: int, side: int) -> Box:
        """The pixels of a soft token, counted from 0 in this part. Units: pixels of the resized picture."""
        row, column = divmod(token, self.grid[1])
        return column * side, row * side, (column + 1) * side, (row + 1) * side

    def inside(self, box: Box, side: int) -> list[int]:
        """The soft tokens, counted from 0 in this part, of which a box covers some pixels."""
        return [u for u in range(len(self)) if overlap(self.box(u, side), box)]


def overlap(one: Box, other: Box) -> int:
    """Pixels that two boxes share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)


def parts(trace: Trace) -> list[Part]:
    """Every picture, frame and sound of a trace, in the order of the prompt; empty for one of text only.

    Raises: InputError when the trace lacks a medium that its tokens speak of, or has one of another size.
    """
    counts, found = dict.fromkeys(KINDS, 0), []
    frame = 0
    for segment in sorted((s for s in trace.segments if s.kind in KINDS), key=lambda s: s.start):
        kind, number = segment.kind, counts[segment.kind]
        size = segment.end - segment.start
        if kind == "audio":
            trace[f"audio.{number}.waveform"]  # says what is missing
            found.append(Part(kind, number, None, segment.start, segment.end, (1, size)))
            counts[kind] += 1
            continue
        pixels = trace[f"{kind}.{number}.pixels"]
        side = int(trace.model["soft_token_pixels"])
        grid = pixels.shape[-3] // side, pixels.shape[-2] // side
        if grid[0] * grid[1] != size:
            what = f"{kind} {number} is a grid of {grid[0]} x {grid[1]}, and has {size} soft tokens"
            raise InputError(what, repr(trace), "trace the prompt again")
        if kind == "image":
            found.append(Part(kind, number, None, segment.start, segment.end, grid))
            counts[kind] += 1
            continue
        seconds = float(trace[f"video.{number}.seconds"][frame])
        found.append(Part(kind, number, frame, segment.start, segment.end, grid, seconds))
        frame += 1
        if frame == len(pixels):
            counts[kind], frame = number + 1, 0
    return found


def pixels_of(trace: Trace, part: Part) -> np.ndarray:
    """The picture or frame as the model read it. Shapes: -> uint8 [h,w,3]."""
    pixels = trace[f"{part.site}.pixels"]
    return pixels if part.frame is None else pixels[part.frame]


def budget(trace: Trace) -> dict[str, int]:
    """Tokens by modality: text (control tokens with it), image, video, audio; they add up to all."""
    soft = {kind: sum(len(part) for part in parts(trace) if part.kind == kind) for kind in KINDS}
    return {"text": len(trace) - sum(soft.values()), **soft}


def row_of(trace: Trace, layer: int, token: int) -> np.ndarray:
    """What one token reads from every other, in each head of a layer; 0 where it may not look.

    Shapes: -> float32 [N,T], rows sum to 1.
    Raises: InputError as `Trace.attention`.
    """
    found = np.zeros((trace.plan[layer]["heads"], len(trace)), np.float32)
    for _, keys, block in trace.attention_blocks(layer, None, token, token + 1):
        found[:, keys] = block[:, 0]
    return found


class Share(NamedTuple):
    """How much a row lies on a part, and its null: what uniform attention over all visible keys would put there."""

    weight: float
    uniform: float
    seen: int
    """So many of the part's soft tokens the row may read: a local layer may be past them."""

    @property
    def ratio(self) -> float:
        """Weight over its null: 1 for attention that does not care; NaN where nothing of the part is in sight."""
        return self.weight / self.uniform if self.seen else float("nan")


def share(trace: Trace, layer: int, token: int, part: Part, row: np.ndarray) -> Share:
    """How much of a row [T] of a layer lies on a part."""
    first, end = (int(bound[token]) for bound in trace.key_bounds(layer))
    seen = max(0, min(end, part.end) - max(first, part.start))
    return Share(float(row[part.start : part.end].sum(dtype=np.float64)), seen / (end - first), seen)


def most_read(row: np.ndarray, part: Part, count: int) -> list[int]:
    """The soft tokens, counted from 0 in the part, that a row [T] reads most; of equals the earlier ones."""
    return np.argsort(-row[part.start : part.end], kind="stable")[:count].tolist()


def soft_positions(trace: Trace) -> np.ndarray:
    """The positions of all soft tokens. Shapes: -> int [U]."""
    return np.concatenate([np.zeros(0, np.int64), *(np.arange(part.start, part.end) for part in parts(trace))])
