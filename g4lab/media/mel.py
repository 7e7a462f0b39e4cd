"""Sound as the audio encoder reads it: the logarithm of its mel spectrum, 100 frames a second.

Source: transformers 5.24, models/gemma4/feature_extraction_gemma4.py.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from g4lab.tracing.threads import one_thread

RATE = 16_000
"""Samples a second."""
HOP, FRAME, FFT = 160, 320, 512
"""Samples from frame to frame, in a frame, and of its Fourier transform."""
FLOOR = 1e-3
"""Added before the logarithm, so that silence is log(0.001)."""
MULTIPLE = 128
"""Sound is padded to a multiple of so many samples."""
FRAMES_PER_TOKEN = 4
"""Two convolutions of stride 2: a soft token is 40 ms."""
LONGEST = 30 * RATE
"""Samples that the encoder hears at once."""
SHORTEST = HOP + 1
"""Fewer samples than these fill no frame."""
_BLOCK = 256
"""Frames that are worked on at a time: their spectrum stays in the cache, which halves the time."""


def log_mel(waveform: np.ndarray, bins: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """The log-mel frames of a sound, and which of them lie wholly in it; the others are 0.

    160 zeros go before the sound, so frame i hears samples 160 i - 160 to 160 i + 160 through a Hann window; it is
    valid if the sound also has the sample behind them. Magnitudes (no powers) go through triangular filters on the HTK
    scale from 0 to 8,000 Hz; nothing is normalised.

    Shapes: [n] float32 -> [frames, M] float32, [frames] bool. Units: 16,000 samples a second in; natural log out.
    """
    samples = len(waveform)
    padded = np.zeros(HOP + -(-samples // MULTIPLE) * MULTIPLE, np.float32)
    padded[HOP : HOP + samples] = waveform
    count = max((len(padded) - FRAME - 1) // HOP + 1, 0)
    mel = np.zeros((count, bins), np.float32)
    if count == 0:
        return mel, np.zeros(0, bool)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][:count]
    with one_thread():  # products this small gain nothing from a second one, which would keep spinning
        for first in range(0, count, _BLOCK):
            block = frames[first : first + _BLOCK]
            spectrum = np.abs(np.fft.rfft(block * _window(), n=FFT))
            np.matmul(spectrum, _filters(bins), out=mel[first : first + _BLOCK])
    mel = np.log(mel + np.float32(FLOOR))
    valid = np.arange(count) * HOP + FRAME < HOP + samples
    mel[~valid] = 0
    return mel, valid


def soft_tokens(valid: np.ndarray) -> int:
    """U of a sound: its valid frames by fours, a last part of four counted. Shapes: [frames] bool."""
    return -(-int(valid.sum()) // FRAMES_PER_TOKEN)


@lru_cache
def _window() -> np.ndarray:
    """A periodic Hann window. Shapes: -> [FRAME] float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


@lru_cache
def _filters(bins: int) -> np.ndarray:
    """Triangles between neighbouring points that lie evenly on the HTK mel scale. Shapes: -> [FFT/2 + 1, M] float32."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    points = 700 * (10 ** (np.linspace(0, top, bins + 2) / 2595) - 1)
    frequencies = np.linspace(0, RATE / 2, FFT // 2 + 1)[:, None]
    rising = (frequencies - points[:-2]) / np.diff(points)[:-1]
    falling = (points[2:] - frequencies) / np.diff(points)[1:]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
