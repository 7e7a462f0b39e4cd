"""From a sound to the mel frames that the audio encoder reads.

Source: transformers 5.24, models/gemma4/feature_extraction_gemma4.py.
Differs: transformers drops what lies beyond 30 seconds; here that is an error, and `split_audio` hears all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from g4lab.errors import InputError, MediaError
from g4lab.media import mel as spectrum
from g4lab.media.mel import LONGEST, RATE, SHORTEST
from g4lab.media.sound import heard
from g4lab.media.source import name_of

MOST_SECONDS = 3600
"""As much as `split_audio` holds: an hour, 230 MB."""


@dataclass(frozen=True, eq=False)
class AudioFrames:
    """One sound as mel frames, 100 a second; four of them make a soft token of 40 ms."""

    kind: ClassVar[str] = "audio"

    mel: np.ndarray = field(repr=False)
    """[frames, M] float32, natural logarithm; 0 in frames that are not valid."""
    valid: np.ndarray = field(repr=False)
    """[frames] bool: whether a frame lies wholly in the sound."""
    waveform: np.ndarray = field(repr=False)
    """[n] float32: what was heard, mono at 16,000 Hz."""
    original_rate: int
    """Samples a second of the source."""
    start: float = 0.0
    """Seconds into the source at which this begins."""
    notes: tuple[str, ...] = ()
    """What the reader should know, such as that only a part of the source was asked for."""

    @property
    def soft_tokens(self) -> int:
        """U."""
        return spectrum.soft_tokens(self.valid)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.waveform) / RATE


def read_audio(
    source: Any,
    rate: int | None = None,
    *,
    start: float = 0.0,
    seconds: float | None = None,
    mel_bins: int = 128,
) -> AudioFrames:
    """A sound of at most 30 seconds as mel frames; its channels are averaged and it is resampled to 16,000 Hz.

    Args:
        source: a path, a file's bytes, or an array [n] or [n, channels] of floats from -1 to 1, int16, int32 or uint8.
        rate: samples a second of an array; files say their own.
        start, seconds: which part to hear; without `seconds`, all that follows, and more than 30 seconds is an error.
        mel_bins: M; Gemma 4's is 128.
    Raises: MediaError when there is no sound in the source, or it is too long, or shorter than a frame.
    """
    _check_bins(mel_bins)
    first, most = _part(start, seconds)
    with heard(source, rate) as sound:
        samples, more = sound.up_to(first + most)
    if more and seconds is None:
        length = "more than 30" if sound.seconds is None else f"{sound.seconds - start:,.1f}"
        raise MediaError(
            f"this sound is {length} seconds long; the model hears 30 at once",
            name_of(source),
            "hear it in parts with split_audio, or choose a part: read_audio(..., start=0, seconds=30)",
        )
    notes = () if seconds is None and not first else (f"a part of the sound, from {start:g} s",)
    if not more:
        notes += sound.shortfall(len(samples))
    return _frames(samples[first:], source, sound.rate, mel_bins, first, notes)


def split_audio(
    source: Any, rate: int | None = None, *, seconds: float = 30.0, mel_bins: int = 128
) -> tuple[AudioFrames, ...]:
    """A sound of up to an hour in parts of equal length, each at most `seconds` long; nothing is left out.

    Args: as in `read_audio`.
    Raises: MediaError as `read_audio` does, or for more than an hour.
    """
    _check_bins(mel_bins)
    _, most = _part(0.0, seconds)
    with heard(source, rate) as sound:
        samples, more = sound.up_to(MOST_SECONDS * RATE)
    if more:
        raise MediaError("this sound is longer than an hour", name_of(source), "cut the file, and give the parts")
    count = max(-(-len(samples) // most), 1)
    edges = [len(samples) * index // count for index in range(count + 1)]
    notes = sound.shortfall(len(samples))
    return tuple(
        _frames(samples[first:end], source, sound.rate, mel_bins, first, notes)
        for first, end in zip(edges, edges[1:], strict=False)
    )


def stack_audio(clips: Sequence[AudioFrames], frames: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Sounds as one batch; the frames that they lack are 0 and not valid.

    Args:
        frames: how many each gets; by default as many as the longest has.
    Shapes: -> mel [B, frames, M] float32, valid [B, frames] bool.
    Raises: InputError for no sounds, unequal M, or more frames than asked for.
    """
    where = "stack_audio"
    if not clips:
        raise InputError("there are no sounds", where, "give at least one")
    if len(bins := {clip.mel.shape[1] for clip in clips}) > 1:
        raise InputError(f"numbers of mel bins differ: {sorted(bins)}", where, "read all sounds alike")
    most = max(len(clip.mel) for clip in clips)
    frames = most if frames is None else frames
    if most > frames:
        raise InputError(f"a sound has {most} frames, more than {frames}", where, f"give frames={most} or more")
    mel = np.zeros((len(clips), frames, *bins), np.float32)
    valid = np.zeros((len(clips), frames), bool)
    for index, clip in enumerate(clips):
        mel[index, : len(clip.mel)] = clip.mel
        valid[index, : len(clip.valid)] = clip.valid
    return mel, valid


def _frames(samples: np.ndarray, source: Any, rate: int, bins: int, first: int, notes: tuple[str, ...]) -> AudioFrames:
    if len(samples) < SHORTEST:
        raise MediaError(
            f"this sound is {len(samples)} samples long at 16,000 Hz; a frame takes {SHORTEST}",
            name_of(source),
            "give at least 11 milliseconds",
        )
    mel, valid = spectrum.log_mel(samples, bins)
    return AudioFrames(mel, valid, samples, rate, first / RATE, notes)


def _part(start: float, seconds: float | None) -> tuple[int, int]:
    """The first sample and the most samples of a part."""
    longest = LONGEST / RATE
    if not 0 <= start <= MOST_SECONDS:
        raise InputError(f"start is {start!r} seconds", "the part of a sound", f"give 0 to {MOST_SECONDS}")
    if seconds is not None and not 0 < seconds <= longest:
        raise InputError(f"seconds is {seconds!r}", "the part of a sound", f"give more than 0, up to {longest:g}")
    return round(start * RATE), LONGEST if seconds is None else round(seconds * RATE)


def _check_bins(bins: int) -> None:
    if not isinstance(bins, int) or not 1 <= bins <= 128:
        raise InputError(f"mel_bins is {bins!r}", "the mel spectrum", "give 1 to 128")
