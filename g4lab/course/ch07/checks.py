"""Chapter 7: frames that leave no sample out, tones in their bins, 40 ms a token, and films seen at intervals."""

from __future__ import annotations

import re

import numpy as np

from g4lab.course.ch07 import solutions
from g4lab.course.exercise import Exercise, expect, same, shown

RATE = 16_000
_draw = np.random.default_rng(0)
SECOND = _draw.normal(size=RATE) / 10
TOP = 2595 * np.log10(1 + 8000 / 700)
POINTS = 700 * (10 ** (np.linspace(0, TOP, 130) / 2595) - 1)
"""Of 128 mel bins. Units: Hz."""


def tone(hertz: float, seconds: float = 0.2) -> np.ndarray:
    """A pure tone. Shapes: -> [n]."""
    return np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)


NINETY_NINE = "a second, 16,000 samples, gives 99 frames of 320"
ONE = "no sample is lost: where windows overlap, they add up to 1"
CLICK = "a click is heard where it is"

framed = Exercise(
    name="framed",
    call="framed(sound)",
    solution=solutions.framed,
    probes=[(SECOND[:2000],), (SECOND[:161],), (SECOND[500:1301],)],
    hints=[
        "padded = np.concatenate([np.zeros(160), sound]). Frame i is padded[160 * i : 160 * i + 320].",
        "Frame i needs 160 * i + 321 samples to be there. So there are (len(padded) - 321) // 160 + 1 frames.",
        "The window: 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(320) / 320). Each frame is multiplied by it.",
    ],
)


@framed.invariant(NINETY_NINE)
def _(answer):
    for samples, frames in ((RATE, 99), (161, 1), (320, 1), (321, 2)):
        got = np.asarray(answer(SECOND[:samples]))
        expect(
            got.shape == (frames, 320), f"{samples} samples give an array of shape {(frames, 320)}; yours: {got.shape}"
        )


@framed.invariant(ONE)
def _(answer):
    got = np.asarray(answer(np.ones(1000)))
    sums = got[:-1, 160:] + got[1:, :160]
    worst = sums.ravel()[np.abs(sums - 1).argmax()]
    expect(abs(worst - 1) < 1e-3, f"of a sound of ones, the overlapping halves of neighbours add up to {worst:.3f}")


@framed.value(CLICK)
def _(answer):
    sound = np.zeros(1000)
    sound[240] = 1.0
    got = np.asarray(answer(sound))
    found = {(int(f), int(n)): round(float(got[f, n]), 4) for f, n in np.argwhere(np.abs(got) > 1e-9)}
    wanted = {(1, 240): 0.5, (2, 80): 0.5}
    said = "a click at sample 240 is half in frame 1, at its place 240, and half in frame 2, at its place 80"
    expect(found == wanted, f"{said}; with you it is at (frame, place): {shown(found)}")


_FRAMES = solutions.framed(SECOND[:4000])
SILENCE = "silence is log(0.001), -6.9, in every bin"
LOUD = "twice as loud is 0.69 (the logarithm of 2) more"
TONE = "a pure tone is loudest in its bin"
EVEN = "a click holds all frequencies alike: with points 0, 1000, 2000, 3000 each bin adds up to 32"

log_mel = Exercise(
    name="log_mel",
    call="log_mel(frames, points)",
    solution=solutions.log_mel,
    probes=[(_FRAMES, POINTS), (_FRAMES * 1e-4, POINTS), (_FRAMES[:3], np.array([0.0, 500, 1500, 4000, 8000]))],
    hints=[
        "np.fft.rfft(frames, 512) has 257 columns, at np.linspace(0, 8000, 257) hertz. np.abs gives magnitudes.",
        "A bin rises from points[m] to points[m + 1] and falls to points[m + 2]: the smaller of two lines, at least 0.",
        "With hertz[:, None] and left, middle, right = points[:-2], points[1:-1], points[2:], the rising line is "
        "(hertz - left) / (middle - left). Then np.log(magnitudes @ triangles + 0.001).",
    ],
)


def _mel(answer, frames, points=POINTS):
    got = np.asarray(answer(frames, points))
    wanted = (len(frames), len(points) - 2)
    expect(
        got.shape == wanted,
        f"{wanted[0]} frames and {len(points)} points give an array of shape {wanted}; yours is {got.shape}",
    )
    return got


@log_mel.invariant(SILENCE)
def _(answer):
    got = _mel(answer, np.zeros((3, 320)))
    expect(
        np.allclose(got, np.log(0.001), atol=1e-3), f"three silent frames are {shown(got[0, :4])} in your first bins"
    )


@log_mel.invariant(LOUD)
def _(answer):
    loud, louder = (_mel(answer, 100 * times * _FRAMES) for times in (1, 2))
    more = float(np.median(louder - loud))
    expect(abs(more - np.log(2)) < 0.01, f"noise that is twice as loud becomes {more:.3f} more with you")


@log_mel.invariant(TONE)
def _(answer):
    for hertz in (500.0, 1000.0, 3000.0):
        found = int(_mel(answer, solutions.framed(tone(hertz))).mean(0).argmax())
        near = int(np.abs(POINTS[1:-1] - hertz).argmin())
        said = f"{hertz:.0f} Hz lies at bin {near} of 128; with you it is loudest in bin {found}"
        expect(abs(found - near) <= 1, said)


@log_mel.value(EVEN)
def _(answer):
    click = np.zeros((1, 320))
    click[0, 0] = 1.0
    got = _mel(answer, click, np.array([0.0, 1000, 2000, 3000]))
    expect(same(got, np.full((1, 2), np.log(32.001))), f"log 32.001 is 3.4658; you gave {shown(got)}")


SHORTEST = "the shortest sound that fills a frame, 161 samples, is one token"
TWENTY_FIVE = "a second more is 25 tokens more: 40 ms each"
EDGE = "four frames are one token, and five are two: 800 samples and 801"

sound_tokens = Exercise(
    name="sound_tokens",
    call="sound_tokens(samples)",
    solution=solutions.sound_tokens,
    probes=[(16_000,), (161,), (800,), (801,), (28_500,), (480_000,)],
    hints=[
        "First count the frames, as `framed` does. Then four of them make a token, and a part of four is one too.",
        "frames = (160 + samples - 321) // 160 + 1",
        "-(-frames // 4) divides and rounds up; so does math.ceil(frames / 4).",
    ],
)


def _count(answer, samples):
    got = answer(samples)
    whole = isinstance(got, int | np.integer) and not isinstance(got, bool)
    expect(whole, f"tokens are counted: give a whole number; for {samples:,} samples you gave {shown(got)}")
    return int(got)


@sound_tokens.invariant(SHORTEST)
def _(answer):
    got = _count(answer, 161)
    expect(got == 1, f"you gave {got}")


@sound_tokens.invariant(TWENTY_FIVE)
def _(answer):
    for samples in (161, 1000, 16_000):
        more = _count(answer, samples + RATE) - _count(answer, samples)
        expect(more == 25, f"{samples:,} samples and a second more: with you {more} tokens more")


@sound_tokens.value(EDGE)
def _(answer):
    got = [_count(answer, samples) for samples in (800, 801)]
    expect(got == [1, 2], f"800 samples are 4 frames, 801 are 5; you gave {got[0]} and {got[1]} tokens")


@sound_tokens.value("a second is 25 tokens, and 30 seconds, all that the model hears at once, are 750")
def _(answer):
    got = [_count(answer, seconds * RATE) for seconds in (1, 30)]
    expect(got == [25, 750], f"you gave {got[0]} and {got[1]}")


MOST = "never more frames than `most`, each once, in their order"
SHORT = "of a film with fewer frames all are looked at"
CLOCK = "times are mm:ss: two digits, a colon, two digits below 60"
TEN = "ten seconds at 24 frames a second, four looked at, by hand"
HOUR = "an hour: the last of 32 frames is that of 58:07"

looked_at = Exercise(
    name="looked_at",
    call="looked_at(total, fps, most)",
    solution=solutions.looked_at,
    probes=[(240, 24.0, 4), (6, 2.0, 32), (86_400, 24.0, 32), (100, 10.0, 32), (33, 1.0, 32)],
    hints=[
        "With more than `most` frames, number `place` of them is frame place * total // most: whole steps from 0 on.",
        "A frame is shown at frame / fps seconds. int() cuts off the part of a second.",
        'Minutes are s // 60, seconds s % 60, and f"{s % 60:02d}" writes two digits.',
    ],
)


def _looked(answer, *asked):
    got = list(answer(*asked))
    pairs = all(isinstance(each, tuple | list) and len(each) == 2 for each in got)
    expect(pairs and bool(got), f"give a list of pairs (frame, time); you gave {shown(got)}")
    return [each[0] for each in got], [each[1] for each in got]


@looked_at.invariant(MOST)
def _(answer):
    for total, most in ((240, 4), (100, 32), (33, 32)):
        frames, _ = _looked(answer, total, 24.0, most)
        said = f"of {total} frames at most {most}: you look at {len(frames)}, {shown(frames)}"
        expect(len(frames) <= most, said)
        inside = all(0 <= frame < total for frame in frames)
        expect(inside and frames == sorted(set(frames)), said)


@looked_at.invariant(SHORT)
def _(answer):
    frames, _ = _looked(answer, 6, 2.0, 32)
    expect(frames == [0, 1, 2, 3, 4, 5], f"6 frames, at most 32: you look at {shown(frames)}")


@looked_at.invariant(CLOCK)
def _(answer):
    _, times = _looked(answer, 86_400, 24.0, 32)
    for time in times:
        expect(bool(re.fullmatch(r"\d\d:[0-5]\d", str(time))), f"in an hour of film you have the time {time!r}")


@looked_at.value(TEN)
def _(answer):
    got = list(answer(240, 24.0, 4))
    wanted = [(0, "00:00"), (60, "00:02"), (120, "00:05"), (180, "00:07")]
    expect(same(got, wanted), f"it is {wanted}; you gave {shown(got)}")


@looked_at.value(HOUR)
def _(answer):
    frames, times = _looked(answer, 86_400, 24.0, 32)
    expect((frames[-1], times[-1]) == (83_700, "58:07"), f"it is frame 83,700; you gave {frames[-1]} at {times[-1]}")
