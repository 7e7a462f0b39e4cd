"""Chapter 3: what a turn leaves as it is, and how far it goes."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch03 import solutions
from g4lab.course.exercise import Exercise, expect, same, shown

_draw = np.random.default_rng(0)
X, Y = _draw.normal(size=8), _draw.normal(size=8)
LONG = _draw.normal(size=16)

frequencies = Exercise(
    name="frequencies",
    call="frequencies(head_dim, theta)",
    solution=solutions.frequencies,
    probes=[(8, 10_000.0), (4, 100.0), (32, 1_000_000.0), (2, 10.0)],
    hints=[
        "There are head_dim / 2 pairs. Pair 0 turns by 1 radian per position, each later one more slowly.",
        "Pair i turns by theta to the power of -2i / head_dim.",
        "theta ** (-np.arange(0, head_dim, 2) / head_dim)",
    ],
)


@frequencies.invariant("one number for each pair, falling, the first of them 1")
def _(answer):
    for head_dim, theta in frequencies.probes:
        got = np.asarray(answer(head_dim, theta))
        said = f"frequencies({head_dim}, {theta:g}) gave {shown(got)}"
        expect(got.shape == (head_dim // 2,), f"{said}: {head_dim} features are {head_dim // 2} pairs")
        expect(np.isclose(got[0], 1), f"{said}: the fastest pair comes first and turns by 1 radian per position")
        expect(bool(np.all(np.diff(got) < 0)), f"{said}: each later pair is slower")


@frequencies.value("a head of 4 and a theta of 100 turn by 1 and 0.1")
def _(answer):
    got = np.asarray(answer(4, 100.0))
    expect(np.allclose(got, [1, 0.1]), f"you gave {shown(got)}")


rope = Exercise(
    name="rope",
    call="rope(x, position, theta)",
    solution=solutions.rope,
    probes=[(X, 3, 10_000.0), (X, 40, 100.0), (LONG, 7, 10_000.0), (Y, 0, 10.0)],
    hints=[
        "The angle of each pair is position * frequencies(len(x), theta).",
        "Feature i turns together with feature i + H/2: first, second = np.split(x, 2).",
        "A turn: first * cos - second * sin, and second * cos + first * sin. np.concatenate puts the halves together.",
    ],
)


def _keeps_length(answer, *rest):
    got = np.asarray(answer(X, 5, 10_000.0, *rest))
    expect(got.shape == X.shape, f"for 8 features you gave shape {got.shape}")
    expect(
        np.isclose(np.linalg.norm(got), np.linalg.norm(X)),
        f"x has length {np.linalg.norm(X):.4f}, your result {np.linalg.norm(got):.4f}",
    )


def _starts_in_place(answer, *rest):
    got = answer(X, 0, 10_000.0, *rest)
    expect(same(got, X), f"at position 0 nothing turns; you gave {shown(got)} for {shown(X)}")


def _knows_distance_only(answer, *rest):
    def score(m, n):
        return float(np.dot(answer(X, m, 10_000.0, *rest), answer(Y, n, 10_000.0, *rest)))

    near, moved, farther = score(9, 4), score(109, 104), score(14, 4)
    expect(abs(near - moved) < 1e-6, f"query 9 and key 4 score {near:.5f}, 109 and 104 score {moved:.5f}: both 5 apart")
    expect(abs(near - farther) > 1e-6, f"5 apart and 10 apart score the same, {near:.5f}: nothing turns")


KEEPS = "a turn keeps the length of x"
STARTS = "position 0 leaves x as it is"
DISTANCE = "the dot product of q and k depends on their distance only"

rope.invariant(KEEPS)(_keeps_length)
rope.invariant(STARTS)(_starts_in_place)
rope.invariant(DISTANCE)(_knows_distance_only)


@rope.value("(1, 0, 0, 0) at position 1 becomes (cos 1, 0, sin 1, 0)")
def _(answer):
    got = answer(np.array([1.0, 0, 0, 0]), 1, 100.0)
    wanted = np.array([np.cos(1), 0, np.sin(1), 0])
    expect(same(got, wanted), f"you gave {shown(got)}; it should be {shown(wanted)}")


@rope.value("(0, 1, 0, 0) at position 1 becomes (0, cos 0.1, 0, sin 0.1) with a theta of 100")
def _(answer):
    got = answer(np.array([0, 1.0, 0, 0]), 1, 100.0)
    wanted = np.array([0, np.cos(0.1), 0, np.sin(0.1)])
    expect(same(got, wanted), f"you gave {shown(got)}; it should be {shown(wanted)}")


p_rope = Exercise(
    name="p_rope",
    call="p_rope(x, position, theta, fraction)",
    solution=solutions.p_rope,
    probes=[(X, 3, 10_000.0, 0.25), (X, 40, 100.0, 0.5), (LONG, 7, 1_000_000.0, 0.25), (X, 3, 10_000.0, 1.0)],
    hints=[
        "It is rope with some angles put to 0: an angle of 0 turns nothing.",
        "With pairs = len(x) // 2, np.arange(pairs) < fraction * pairs is True for those that turn, the first ones.",
        "Multiply the angles by that. The frequencies stay those of the whole head: frequencies(len(x), theta).",
    ],
)

p_rope.invariant(KEEPS)(lambda answer: _keeps_length(answer, 0.5))
p_rope.invariant(STARTS)(lambda answer: _starts_in_place(answer, 0.5))
p_rope.invariant(DISTANCE)(lambda answer: _knows_distance_only(answer, 0.5))


@p_rope.invariant("the pairs that do not turn are untouched")
def _(answer):
    got = np.asarray(answer(X, 6, 10_000.0, 0.25))
    still = [1, 2, 3, 5, 6, 7]
    expect(
        np.allclose(got[still], X[still]),
        f"of 4 pairs one turns, features 0 and 4; the others should be {shown(X[still])}, you gave {shown(got[still])}",
    )


@p_rope.invariant("a fraction of 1 is rope")
def _(answer):
    got = answer(X, 6, 10_000.0, 1.0)
    expect(same(got, solutions.rope(X, 6, 10_000.0)), f"you gave {shown(got)}")


@p_rope.value("in a head of 8, half of it turning, pair 1 turns by theta to the power of -1/4")
def _(answer):
    got = answer(np.array([0, 1.0, 0, 0, 0, 0, 0, 0]), 1, 10_000.0, 0.5)
    wanted = np.array([0, np.cos(0.1), 0, 0, 0, np.sin(0.1), 0, 0])
    expect(same(got, wanted), f"you gave {shown(got)}; it should be {shown(wanted)}")
