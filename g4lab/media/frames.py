"""The frames of a film that are looked at, decoded one at a time.

A first pass reads the packets without decoding them: it finds when each frame is shown, which of them can be decoded
without others, and that there are any. A second pass then jumps, so an hour takes little longer than a minute.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from g4lab.errors import MediaError
from g4lab.media.pictures import MAX_PIXELS
from g4lab.media.source import name_of

DEFAULT_FPS = 24.0
"""What the published processor assumes where nothing is said."""


def sampled(total: int, frames: int) -> list[int]:
    """Which of `total` frames to look at: `frames` evenly spaced ones, or all if there are fewer.

    Source: transformers 5.24, video_utils.default_sample_indices_fn. Differs: it refuses films with fewer frames.
    """
    return [index * total // frames for index in range(frames)] if total > frames else list(range(total))


class Film:
    """The frames of an open container, by number. Raises: MediaError when there are none."""

    def __init__(self, container: Any, source: Any):
        self._container, self._source = container, source
        if not container.streams.video:
            raise self._error("there are no pictures in this file", "give a film, or read_audio for its sound")
        self._stream = container.streams.video[0]
        self._stream.thread_type = "AUTO"
        context = self._stream.codec_context
        self._check_size(context.height or 0, context.width or 0)
        context.options = {"max_pixels": str(MAX_PIXELS)}
        packets = ((p.pts, p.is_keyframe) for p in container.demux(self._stream) if p.size and not p.is_discard)
        packets = list(packets)  # not the packets themselves: those are the file
        self.total = len(packets)
        """Frames of the whole film."""
        if self.total == 0:
            raise self._error("this film has no frames", "give one with at least one frame")
        times = [time for time, _ in packets]
        self._times = sorted(times) if None not in times and len(set(times)) == len(times) else None
        self._keys = sorted(time for time, whole in packets if whole) if self._times else []
        rate = self._stream.average_rate
        self.fps: float | None = float(rate) if rate else None
        """Frames a second, if the file says so."""

    def shortfall(self) -> tuple[str, ...]:
        """A note where the pictures end clearly before the file says that it does."""
        said = (self._container.duration or 0) / 1e6
        shown = self.total / self.fps if self.fps else said
        if shown >= 0.9 * said - 0.1:
            return ()
        return (f"the file says that it is {said:.1f} s long and its pictures end after {shown:.1f} s",)

    def pictures(self, indices: Sequence[int]) -> Iterator[Image.Image]:
        """The frames with these rising numbers, upright. Raises: MediaError when one of them cannot be decoded."""
        if self._times is not None:
            done = 0
            for frame in self._by_time([self._times[index] for index in indices]):
                yield self._picture(frame)
                done += 1
            indices = indices[done:]
        yield from self._by_count(indices)

    def _by_time(self, wanted: Sequence[int]) -> Iterator[Any]:
        """The frames shown at these times, as far as jumping finds them."""
        position, decoded = None, iter(())
        for time in wanted:
            at = bisect_right(self._keys, time) - 1
            if at >= 0 and (position is None or self._keys[at] > position):
                self._container.seek(self._keys[at], stream=self._stream)
                decoded = self._container.decode(self._stream)
            for frame in decoded:
                position = frame.pts
                if position is None or position >= time:
                    break
            if position != time:
                return  # a container whose index lies: counting is slower and right
            yield frame

    def _by_count(self, indices: Sequence[int]) -> Iterator[Image.Image]:
        """The frames with these numbers, all others decoded on the way."""
        if not indices:
            return
        self._container.seek(0)
        wanted = iter(indices)
        target = next(wanted)
        for number, frame in enumerate(self._container.decode(self._stream)):
            if number == target:
                yield self._picture(frame)
                target = next(wanted, None)
                if target is None:
                    return
        raise self._error(f"this film ends before frame {target + 1} of {self.total}", "copy or convert it again")

    def _picture(self, frame: Any) -> Image.Image:
        self._check_size(frame.height, frame.width)
        values = frame.to_ndarray(format="rgb24")
        # Phones store films lying and say how to turn them: counter-clockwise, in degrees.
        return Image.fromarray(np.rot90(values, round(frame.rotation / 90) % 4))

    def _check_size(self, height: int, width: int) -> None:
        if height * width > MAX_PIXELS:
            raise self._error(f"its frames have {height:,} x {width:,} pixels", "save it with smaller frames")

    def _error(self, what: str, advice: str) -> MediaError:
        return MediaError(what, name_of(self._source), advice)
