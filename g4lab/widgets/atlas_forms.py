"""Pictures and sounds in the few bytes that a page has room for: PNG while it fits, then JPEG; WAV at 16 or 8 kHz."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

from g4lab.errors import InputError

RATE = 16_000
"""Samples a second of what the model hears."""
QUALITIES = (90, 80, 70, 55)
"""Of JPEG, tried in this order."""
LOSSLESS = 8
"""Of pictures with more bytes than this many times the room, no PNG is tried."""
SMALLEST = 32
"""Pixels of the longer side below which no picture is shrunk."""


class Shown(NamedTuple):
    """A picture as a file, and what was done to make it fit; `exact` where every pixel is the model's."""

    file: bytes
    type: str
    exact: bool
    note: str


def picture(pixels: np.ndarray, room: int) -> Shown:
    """The picture in at most `room` bytes: as PNG if that fits, else as JPEG, else smaller.

    Shapes: uint8 [h,w,3].
    Raises: InputError when not even a tiny picture fits.
    """
    image = Image.fromarray(pixels)
    if pixels.nbytes <= LOSSLESS * room:
        made = _saved(image, "PNG")
        if len(made) <= room:
            return Shown(made, "image/png", True, "every pixel as the model read it")
    note = "shown as JPEG of quality {}; the model read the exact pixels"
    while max(image.size) >= SMALLEST:
        for quality in QUALITIES:
            made = _saved(image, "JPEG", quality=quality)
            if len(made) <= room:
                small = "" if image.width == pixels.shape[1] else f", {image.width} x {image.height} pixels"
                return Shown(made, "image/jpeg", False, note.format(quality) + small)
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.BOX)
    raise InputError(f"no picture fits into {room} bytes", "SoftTokenAtlas", "show fewer pictures or frames at once")


def _saved(image: Image.Image, format: str, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def wave(samples: np.ndarray, room: int) -> tuple[bytes, str]:
    """A sound as a WAV file of 16 bits in at most `room` bytes, and what was done; empty where it does not fit.

    Shapes: samples float32 [n] of 16,000 Hz.
    """
    if 2 * len(samples) + 44 <= room:
        return _wav(samples, RATE), "played as the model hears it, 16,000 Hz"
    half = samples[: len(samples) // 2 * 2].reshape(-1, 2).mean(1)  # pairs averaged: what 8,000 Hz cannot hold is muted
    if 2 * len(half) + 44 <= room:
        return _wav(half, RATE // 2), "played at 8,000 Hz to keep the page small; the model hears 16,000 Hz"
    return b"", "too long for this page to carry its playback"


def _wav(samples: np.ndarray, rate: int) -> bytes:
    pcm = np.rint(np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    format_ = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)  # whole numbers, one channel
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(pcm), b"WAVE") + format_ + struct.pack("<4sI", b"data", len(pcm))
    return head + pcm


def envelope(samples: np.ndarray, most: int) -> np.ndarray:
    """The lowest and highest sample of up to `most` stretches of equal length. Shapes: [n] -> float32 [2, bins]."""
    bins = min(most, len(samples))
    edges = np.linspace(0, len(samples), bins + 1).astype(int)[:-1]
    return np.stack([np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)]).astype(np.float32)


def shades(mel: np.ndarray, most: int) -> tuple[np.ndarray, int, float, float]:
    """A mel spectrogram in 255 steps between its ends, the largest of each few frames where there are more than `most`.

    Shapes: float32 [frames,M] -> uint8 [columns,M], frames to a column, low, high.
    """
    frames = -(-len(mel) // most)
    edges = np.arange(0, len(mel), frames)
    pooled = np.maximum.reduceat(mel, edges, axis=0)
    low, high = float(mel.min()), float(mel.max())
    return np.rint(255 * (pooled - low) / ((high - low) or 1)).astype(np.uint8), frames, low, high


def loudness(samples: np.ndarray, tokens: int, seconds: float) -> np.ndarray:
    """Root mean square of the samples of each soft token; NaN for one that lies behind the last sample.

    Shapes: [n] -> float32 [U].
    """
    size = round(seconds * RATE)
    blocks = (samples[u * size : (u + 1) * size].astype(np.float64) for u in range(tokens))
    return np.array([np.sqrt((b**2).mean()) if len(b) else np.nan for b in blocks], np.float32)
