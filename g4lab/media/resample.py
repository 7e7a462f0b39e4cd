"""Any rate and any channels to 16,000 Hz mono, piece by piece, with soxr.

soxr is 0.25 MB, keeps its state between pieces (an hour needs no more memory than a second), and is what transformers'
own loader resamples with. FFmpeg's resampler, which PyAV has, gives other numbers and a wider transition band.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from g4lab.errors import MediaError, SetupError
from g4lab.media.mel import RATE
from g4lab.media.source import name_of

RATES = (1_000, 768_000)
"""From the least that carries speech to the most that recorders write."""

MOST_CHANNELS = 64
LOUDEST = 100.0
"""40 dB above full scale: beyond it are integers that were not scaled, and damage."""


def checked_rate(rate: Any, source: Any) -> int:
    """A rate in Hz. Raises: MediaError when it is none that sound is recorded with."""
    low, high = RATES
    if isinstance(rate, bool) or not isinstance(rate, int | float | np.number) or not low <= rate <= high or rate % 1:
        raise MediaError(
            f"the rate is {rate!r} samples a second",
            name_of(source),
            f"give an integer from {low:,} to {high:,}; CDs have 44,100",
        )
    return int(rate)


def mono_16k(blocks: Iterable[np.ndarray], rate: int, source: Any) -> Iterator[np.ndarray]:
    """The mean of the channels at 16,000 Hz. Shapes: each [n, channels] -> each [m] float32.

    Raises: MediaError for values that are no numbers; SetupError without soxr.
    """
    mono = (_mean(block, source) for block in blocks)
    if rate == RATE:
        yield from mono
        return
    try:
        import soxr
    except ImportError:
        raise SetupError(
            f"resampling from {rate:,} to {RATE:,} Hz needs soxr", "g4lab.media", "pip install 'g4lab[media]'"
        ) from None
    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
    for block in mono:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


@np.errstate(all="ignore")
def _mean(block: np.ndarray, source: Any) -> np.ndarray:
    # Column by column: numpy's mean over an axis of one or two takes ten times as long.
    mono = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        mono += block[:, channel]
    mono /= block.shape[1]
    loudest = max(mono.max(), -mono.min()) if len(mono) else 0
    if not loudest <= LOUDEST:  # also when it is not a number
        raise MediaError(
            f"the samples of this sound reach {loudest:.4g}; floats from -1 to 1 are read",
            name_of(source),
            "divide them by their full scale (32768 for 16 bits), and replace nan and inf by 0",
        )
    return mono
