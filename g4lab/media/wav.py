"""WAV files by hand: integers of 8, 16, 24 and 32 bits, floats of 32 and 64, in blocks.

Python's own `wave` knows no floats. Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, fmt,
data) and Microsoft's WAVEFORMATEXTENSIBLE.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from g4lab.errors import MediaError
from g4lab.media.resample import MOST_CHANNELS
from g4lab.media.source import name_of

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF - 8, 0x7FFFFFFF, 0xFFFFFFFF - 36, 0xFFFFFFFF)
"""What programs write that do not yet know how long a recording will be."""


@dataclass(frozen=True)
class Wav:
    """Where the samples of a WAV file are and how they are written."""

    rate: int
    channels: int
    bits: int
    floating: bool
    start: int
    """Offset of the first sample in the file."""
    length: int
    """Samples of one channel."""


def is_wav(file: BinaryIO) -> bool:
    """Whether a file begins as a WAV does; leaves the file at its beginning."""
    head = file.read(12)
    file.seek(0)
    return head[:4] == b"RIFF" and head[8:] == b"WAVE"


def header(file: BinaryIO, source: Any) -> Wav | None:
    """Read up to the samples; None for the compressed kinds that WAV files can also hold.

    Raises: MediaError for a damaged or truncated file.
    """
    end = file.seek(0, 2)
    file.seek(12)
    layout = None
    while True:
        name, size = struct.unpack("<4sI", _exactly(file, 8, source))
        if name == b"data":
            break
        behind = file.tell() + size + size % 2  # chunks begin at even offsets
        if name == b"fmt ":
            layout = _exactly(file, min(size, 40), source)
        file.seek(behind)
    if layout is None or len(layout) < 16:
        raise _damaged(source, "it does not say how its samples are written")
    form, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", layout)
    if form == _EXTENSIBLE and len(layout) >= 26:
        form = struct.unpack_from("<H", layout, 24)[0]
    if form not in (_PCM, _FLOAT):
        return None
    if bits not in ((8, 16, 24, 32) if form == _PCM else (32, 64)) or not 1 <= channels <= MOST_CHANNELS:
        raise _damaged(source, f"{channels} channels of {bits} bits cannot be read")
    if frame_bytes != channels * bits // 8:
        raise _damaged(source, f"{channels} channels of {bits} bits do not take {frame_bytes} bytes")
    start = file.tell()
    if size in _UNKNOWN_LENGTHS:
        size = end - start
    if start + size > end:
        raise _damaged(source, f"it ends after {end - start:,} of {size:,} bytes of sound")
    return Wav(rate, channels, bits, form == _FLOAT, start, size // frame_bytes)


def blocks(file: BinaryIO, wav: Wav, frames: int) -> Iterator[np.ndarray]:
    """The samples, so many at a time. Shapes: each [<= frames, channels] float32; integers from -1 to 1."""
    file.seek(wav.start)
    frame_bytes, left = wav.channels * wav.bits // 8, wav.length
    while left > 0:
        data = file.read(min(frames, left) * frame_bytes)
        left -= frames
        yield _samples(data, wav).reshape(-1, wav.channels)


@np.errstate(all="ignore")  # what is too large for float32 is found by its loudness
def _samples(data: bytes, wav: Wav) -> np.ndarray:
    if wav.floating:
        return np.frombuffer(data, f"<f{wav.bits // 8}").astype(np.float32)
    if wav.bits == 8:  # the only unsigned kind
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    if wav.bits == 24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return (wide.view("<i4")[:, 0] / 2**31).astype(np.float32)
    return (np.frombuffer(data, f"<i{wav.bits // 8}") / 2 ** (wav.bits - 1)).astype(np.float32)


def _exactly(file: BinaryIO, count: int, source: Any) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise _damaged(source, "it ends before its sound begins")
    return data


def _damaged(source: Any, how: str) -> MediaError:
    return MediaError(f"this WAV file is damaged: {how}", name_of(source), "copy or record it again")
