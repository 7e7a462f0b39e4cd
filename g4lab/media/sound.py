"""Any sound as samples of 16,000 Hz, mono: WAV by hand, other files through PyAV, arrays with their rate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from g4lab.errors import MediaError
from g4lab.media import wav
from g4lab.media.containers import audio_blocks, audio_stream, container
from g4lab.media.mel import RATE
from g4lab.media.resample import MOST_CHANNELS, checked_rate, mono_16k
from g4lab.media.source import decoding, is_file, name_of, opened

ADVICE = "give a WAV, FLAC, MP3, Ogg, M4A or WebM file"


@dataclass
class Sound:
    """A sound that is read piece by piece."""

    rate: int
    """Of the source."""
    seconds: float | None
    """How long it is, where that is known before it is read."""
    pieces: Iterator[np.ndarray]
    """Each [n] float32 at 16,000 Hz."""

    def up_to(self, samples: int) -> tuple[np.ndarray, bool]:
        """At most so many samples, and whether there are more. Shapes: -> [<= samples] float32."""
        parts, held = [], 0
        for piece in self.pieces:
            parts.append(piece)
            held += len(piece)
            if held > samples:
                break
        whole = np.concatenate(parts) if parts else np.zeros(0, np.float32)
        return whole[:samples], held > samples

    def shortfall(self, samples: int) -> tuple[str, ...]:
        """A note where all of a file was read and it holds clearly less than it says; a few formats only estimate."""
        found = samples / RATE
        if self.seconds is None or found >= 0.9 * self.seconds - 0.1:
            return ()
        return (f"the file says that it is {self.seconds:.1f} s long and holds {found:.1f} s; it may be cut off",)


@contextmanager
def heard(source: Any, rate: int | None) -> Iterator[Sound]:
    """Open a sound; the file stays open as long as the block lasts.

    Raises: MediaError for what is no sound, for damaged files, and for arrays without a rate.
    """
    if isinstance(source, np.ndarray):
        yield _from_array(source, rate)
        return
    if not is_file(source):
        raise MediaError(
            f"a {type(source).__name__} is no sound",
            next="give a path, the bytes of a file, or a numpy array [n] or [n, channels] and its rate",
        )
    if rate is not None:
        raise MediaError("a file says its own rate", name_of(source), "leave `rate` out; it is for arrays")
    with opened(source, "a sound") as file, decoding("sound", source, ADVICE):
        layout = wav.header(file, source) if wav.is_wav(file) else None
        if layout is not None:
            rate = checked_rate(layout.rate, source)
            pieces = mono_16k(wav.blocks(file, layout, rate), rate, source)
            yield Sound(rate, layout.length / rate, pieces)
            return
        file.seek(0)
        with container(file) as media:
            stream = audio_stream(media, source)
            rate = checked_rate(stream.rate, source)
            seconds = None if stream.duration is None else float(stream.duration * stream.time_base)
            pieces = mono_16k(_steady(audio_blocks(media, stream), rate, source), rate, source)
            yield Sound(rate, seconds, pieces)


def _steady(blocks: Iterable[tuple[int, np.ndarray]], rate: int, source: Any) -> Iterator[np.ndarray]:
    for found, block in blocks:
        if found != rate:
            raise MediaError(
                f"the rate changes inside this file, from {rate:,} to {found:,} Hz", name_of(source), "convert it first"
            )
        yield block


def _from_array(array: np.ndarray, rate: int | None) -> Sound:
    where = name_of(array)
    if rate is None:
        raise MediaError("how many samples a second this array has is not said", where, "give rate=, such as 16000")
    rate = checked_rate(rate, array)
    columns = array[:, None] if array.ndim == 1 else array
    if columns.ndim != 2 or not 1 <= columns.shape[1] <= MOST_CHANNELS:
        raise MediaError(
            "the shape of this array is no sound's", where, "give [samples] or [samples, channels]; turn it with .T"
        )
    kind = array.dtype.kind
    if not (kind == "f" or array.dtype in (np.uint8, np.int16, np.int32)):
        raise MediaError(f"its samples are {array.dtype}", where, "give floats from -1 to 1, int16, int32 or uint8")
    pieces = (_floats(columns[start : start + rate]) for start in range(0, len(columns), rate))
    return Sound(rate, len(columns) / rate, mono_16k(pieces, rate, array))


@np.errstate(all="ignore")  # what is too large for float32 is found by its loudness
def _floats(block: np.ndarray) -> np.ndarray:
    if block.dtype == np.uint8:
        return (block.astype(np.float32) - 128) / 128
    if block.dtype.kind == "i":
        return (block / 2.0 ** (8 * block.dtype.itemsize - 1)).astype(np.float32)
    return block.astype(np.float32)
