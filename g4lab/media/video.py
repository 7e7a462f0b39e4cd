"""From a film to the frames that the vision encoder reads, with the times that stand beside them in the prompt.

Source: transformers 5.24, models/gemma4/video_processing_gemma4.py and processing_gemma4.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from g4lab.errors import InputError, MediaError
from g4lab.media.containers import container
from g4lab.media.frames import DEFAULT_FPS, Film, sampled
from g4lab.media.image import patched
from g4lab.media.patches import ImagePatches
from g4lab.media.pictures import upright_rgb
from g4lab.media.source import decoding, is_file, name_of, opened

WAITING = 2
"""So many decoded frames wait to be cut into patches."""
ADVICE = "give an MP4, WebM, MOV, MKV, AVI or GIF file"


@dataclass(frozen=True, eq=False)
class VideoFrames:
    """Frames of one film, all of one size; each is read as a picture of its own."""

    kind: ClassVar[str] = "video"

    frames: tuple[ImagePatches, ...] = field(repr=False)
    indices: tuple[int, ...]
    """Which frames of the film they are."""
    total_frames: int
    """How many the film has."""
    fps: float
    """Frames a second of the film."""
    notes: tuple[str, ...] = ()
    """What the reader should know, such as that the frames a second were not given."""

    @property
    def soft_tokens(self) -> int:
        """U of one frame."""
        return self.frames[0].soft_tokens

    @property
    def seconds(self) -> tuple[float, ...]:
        """When each frame is shown."""
        return tuple(index / self.fps for index in self.indices)

    @property
    def timestamps(self) -> tuple[str, ...]:
        """The same as the prompt says it, mm:ss."""
        return tuple(f"{int(s // 60):02d}:{int(s % 60):02d}" for s in self.seconds)


def read_video(
    source: Any, fps: float | None = None, *, frames: int = 32, budget: int = 70, pooling: int = 3, patch_size: int = 16
) -> VideoFrames:
    """Evenly spaced frames of a film as patches; a film with fewer frames than asked for gives all that it has.

    Args:
        source: a path, a file's bytes, an array [F, h, w, 3], or a list of pictures (whatever `read_image` takes).
        fps: frames a second of an array or a list; files say their own.
        frames: how many to look at.
        budget, pooling, patch_size: as in `read_image`, for each frame.
    Raises: MediaError when there are no frames in the source, or they cannot be decoded.
    """
    if not isinstance(frames, int) or frames < 1:
        raise InputError(f"frames is {frames!r}", "the film", "give a positive int")
    if fps is not None and not 0 < fps < float("inf"):
        raise InputError(f"fps is {fps!r}", "the film", "give a positive number of frames a second")
    shape = {"budget": budget, "pooling": pooling, "patch_size": patch_size}
    if not is_file(source):
        return _from_pictures(source, fps, frames, shape)
    if fps is not None:
        raise MediaError("a file says its own frames a second", name_of(source), "leave `fps` out; it is for arrays")
    with opened(source, "a film") as file, decoding("film", source, ADVICE), container(file) as media:
        film = Film(media, source)
        indices = sampled(film.total, frames)
        video = _video(film.pictures(indices), indices, film.total, film.fps, shape, source)
        return replace(video, notes=video.notes + film.shortfall())


def _from_pictures(source: Any, fps: float | None, frames: int, shape: dict[str, int]) -> VideoFrames:
    if not isinstance(source, Sequence) and not (isinstance(source, np.ndarray) and source.ndim == 4):
        raise MediaError(
            f"a {type(source).__name__} is no film",
            name_of(source),
            next="give a path, the bytes of a file, an array [frames, height, width, 3], or a list of pictures",
        )
    if len(source) == 0:
        raise MediaError("this film has no frames", name_of(source), "give at least one")
    indices = sampled(len(source), frames)
    return _video((source[index] for index in indices), indices, len(source), fps, shape, source)


def _video(
    pictures: Iterable[Any], indices: list[int], total: int, fps: float | None, shape: dict[str, int], source: Any
) -> VideoFrames:
    decoded = (upright_rgb(picture) for picture in pictures)
    read = tuple(_ahead(lambda image_and_notes: patched(*image_and_notes, **shape), decoded))
    if len(sizes := {picture.original_size for picture in read}) > 1:
        raise MediaError(f"the frames differ in size: {sorted(sizes)[:3]}", name_of(source), "make them equal")
    notes = () if fps else (f"its frames a second are unknown; the times in the prompt take {DEFAULT_FPS:g}",)
    return VideoFrames(read, tuple(indices), total, fps or DEFAULT_FPS, notes)


def _ahead(work: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """The results in order, worked out while the next items are decoded; few of these wait at a time."""
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(WAITING) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WAITING:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
