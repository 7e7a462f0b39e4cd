"""Chapter 7: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import math

import numpy as np

from g4lab.course.ch07 import solutions
from g4lab.course.ch07.checks import (
    CLICK,
    CLOCK,
    EDGE,
    EVEN,
    LOUD,
    MOST,
    NINETY_NINE,
    ONE,
    SHORT,
    SHORTEST,
    SILENCE,
    TEN,
    TONE,
    TWENTY_FIVE,
    framed,
    log_mel,
    looked_at,
    sound_tokens,
)

HANN = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(320) / 320)


def _cut(padded, hop=160, need=321, window=HANN):
    count = max((len(padded) - need) // hop + 1, 1)
    padded = np.concatenate([padded, np.zeros(320)])
    return np.stack([padded[hop * i : hop * i + 320] * window for i in range(count)])


def _before(sound):
    return np.concatenate([np.zeros(160), sound])


@framed.mutant(NINETY_NINE, "the 160 zeros before the sound are missing: the first frame begins with them.")
def no_zeros(sound):
    return _cut(np.asarray(sound))


@framed.mutant(NINETY_NINE, "the frames do not overlap. One begins every 160 samples and is 320 long.")
def no_overlap(sound):
    return _cut(_before(sound), hop=320)


@framed.mutant(
    NINETY_NINE,
    "this takes a frame as soon as its 320 samples are there. One more must follow it: 99 a second, not 100.",
)
def no_sample_behind(sound):
    return _cut(_before(sound), need=320)


@framed.mutant(ONE, "there is no window. Without it every sample counts twice, and edges crackle.")
def no_window(sound):
    return _cut(_before(sound), window=np.ones(320))


@framed.mutant(
    ONE, "np.hanning ends in a zero of its own. This window is periodic: the cosine's step is 2 pi / 320, not / 319."
)
def symmetric_window(sound):
    return _cut(_before(sound), window=np.hanning(320))


@framed.mutant(CLICK, "the 160 zeros come after the sound here. They stand before it.")
def zeros_behind(sound):
    return _cut(np.concatenate([sound, np.zeros(160)]))


def _triangles(points, bins=257):
    hertz = np.linspace(0, 8000, bins)[:, None]
    left, middle, right = points[:-2], points[1:-1], points[2:]
    return np.maximum(0, np.minimum((hertz - left) / (middle - left), (right - hertz) / (right - middle)))


def _magnitudes(frames):
    return np.abs(np.fft.rfft(frames, 512))


@log_mel.mutant(LOUD, "these are powers, magnitudes squared. Gemma takes the magnitudes themselves.")
def powers(frames, points):
    return np.log(_magnitudes(frames) ** 2 @ _triangles(points) + 0.001)


@log_mel.mutant(SILENCE, "this is the logarithm to base 10. The natural one is np.log.")
def base_ten(frames, points):
    return np.log10(_magnitudes(frames) @ _triangles(points) + 0.001)


@log_mel.mutant(SILENCE, "the logarithm is missing: ears, and Gemma, hear ratios.")
def no_logarithm(frames, points):
    return _magnitudes(frames) @ _triangles(points)


@log_mel.mutant(
    "the same as the solution",
    "0.001 is a least value here. It is added: quiet sounds then fade into it without an edge.",
)
def floor_as_least(frames, points):
    return np.log(np.maximum(_magnitudes(frames) @ _triangles(points), 0.001))


@log_mel.mutant(EVEN, "the transform is 320 long, as the frame. It is 512 long: the frame is filled up with zeros.")
def short_transform(frames, points):
    return np.log(np.abs(np.fft.rfft(frames)) @ _triangles(points, 161) + 0.001)


@log_mel.mutant(EVEN, "the triangles are scaled to equal areas, as some libraries do. Gemma's all have height 1.")
def equal_areas(frames, points):
    return np.log(_magnitudes(frames) @ (_triangles(points) * 2 / (points[2:] - points[:-2])) + 0.001)


@log_mel.mutant(
    TONE, "the bins are equally wide in hertz. They follow `points`, which lie closer where the pitch is low."
)
def linear_bins(frames, points):
    return np.log(_magnitudes(frames) @ _triangles(np.linspace(points[0], points[-1], len(points))) + 0.001)


@log_mel.mutant(TONE, "the bins run from high to low. Bin 0 is the lowest.")
def upside_down(frames, points):
    return solutions.log_mel(frames, points)[:, ::-1]


def _frames(samples):
    return (160 + samples - 321) // 160 + 1


@sound_tokens.mutant(SHORTEST, "this rounds down. A last part of four frames is a token too: round up.")
def rounded_down(samples):
    return _frames(samples) // 4


@sound_tokens.mutant(
    EDGE, "this divides the length by 640 samples. That is nearly right; but whole frames are counted, by fours."
)
def by_length(samples):
    return math.ceil(samples / 640)


@sound_tokens.mutant(
    TWENTY_FIVE, "there are two steps that halve the frames, one after the other: four frames a token."
)
def halved_once(samples):
    return math.ceil(_frames(samples) / 2)


@sound_tokens.mutant(TWENTY_FIVE, "this counts frames, 100 a second. Four of them make a token.")
def frames_only(samples):
    return _frames(samples)


@sound_tokens.mutant(
    TWENTY_FIVE, "this cuts the sound into frames of 20 ms side by side. They overlap: one begins every 10 ms."
)
def side_by_side(samples):
    return math.ceil(max((160 + samples - 321) // 320 + 1, 1) / 4)


def _clock(seconds):
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"


def _chosen(total, most):
    return [place * total // most for place in range(most)] if total > most else list(range(total))


@looked_at.mutant(TEN, "these are the first frames. They are spread evenly over the whole film.")
def the_first(total, fps, most):
    return [(frame, _clock(frame / fps)) for frame in range(min(total, most))]


@looked_at.mutant(TEN, "this also takes the very last frame. Frame number i of `most` is i * total // most.")
def with_the_last(total, fps, most):
    chosen = range(total) if total <= most else np.linspace(0, total - 1, most).astype(int).tolist()
    return [(frame, _clock(frame / fps)) for frame in chosen]


@looked_at.mutant(MOST, "a whole step, total // most, gives more than `most` frames where it does not divide evenly.")
def whole_steps(total, fps, most):
    return [(frame, _clock(frame / fps)) for frame in range(0, total, max(total // most, 1))]


@looked_at.mutant(MOST, "this is a frame a second, however long the film is. It is `most` frames, whatever its length.")
def one_a_second(total, fps, most):
    return [(frame, _clock(frame / fps)) for frame in range(0, total, int(fps))]


@looked_at.mutant(SHORT, "a short film's frames are repeated. All are taken once, and that is all.")
def repeated(total, fps, most):
    chosen = [place * total // most for place in range(most)]
    return [(frame, _clock(frame / fps)) for frame in chosen]


@looked_at.mutant(CLOCK, "minutes are missing. After 59 seconds comes 01:00.")
def no_minutes(total, fps, most):
    return [(frame, f"00:{int(frame / fps):02d}") for frame in _chosen(total, most)]


@looked_at.mutant(TEN, "the times are of the places in the list. A frame is shown at its own number / fps.")
def time_of_the_place(total, fps, most):
    return [(frame, _clock(place / fps)) for place, frame in enumerate(_chosen(total, most))]


@looked_at.mutant(TEN, "the seconds are rounded. A clock shows 2 until 3 is reached: cut off the part.")
def rounded_seconds(total, fps, most):
    return [(frame, _clock(math.floor(frame / fps + 0.5))) for frame in _chosen(total, most)]
