"""Chapter 3: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch03 import solutions
from g4lab.course.ch03.checks import DISTANCE, KEEPS, frequencies, p_rope, rope

ONE = "one number for each pair, falling, the first of them 1"
UNIT = "(1, 0, 0, 0) at position 1 becomes (cos 1, 0, sin 1, 0)"
STILL = "the pairs that do not turn are untouched"
PAIR_1 = "in a head of 8, half of it turning, pair 1 turns by theta to the power of -1/4"


@frequencies.mutant(ONE, "the exponent has the wrong sign: with plus, later pairs turn faster instead of more slowly.")
def rising(head_dim, theta):
    return theta ** (np.arange(0, head_dim, 2) / head_dim)


@frequencies.mutant(
    "a head of 4 and a theta of 100 turn by 1 and 0.1",
    "the exponent is i / head_dim; it is 2i / head_dim, so that the slowest pair comes near 1 / theta.",
)
def half_exponent(head_dim, theta):
    return theta ** (-np.arange(head_dim // 2) / head_dim)


@frequencies.mutant(ONE, "this gives one frequency a feature. Features turn in pairs: head_dim / 2 of them.")
def one_a_feature(head_dim, theta):
    return theta ** (-np.arange(head_dim) / head_dim)


def _turned(first, second, turn):
    return first * np.cos(turn) - second * np.sin(turn), second * np.cos(turn) + first * np.sin(turn)


@rope.mutant(
    UNIT,
    "this pairs neighbours (0 and 1, 2 and 3). Gemma pairs feature i with i + H/2. Its weights know only that.",
)
def neighbours(x, position, theta):
    turned = _turned(x[0::2], x[1::2], position * solutions.frequencies(len(x), theta))
    return np.stack(turned, axis=-1).ravel()


@rope.mutant(UNIT, "this turns the other way: the signs of the two sines are exchanged.")
def backwards(x, position, theta):
    return solutions.rope(x, -position, theta)


@rope.mutant(
    KEEPS, "both sines have the same sign. A turn needs a minus in one half and a plus in the other, or lengths change."
)
def both_plus(x, position, theta):
    turn = position * solutions.frequencies(len(x), theta)
    first, second = np.split(x, 2)
    return np.concatenate([first * np.cos(turn) + second * np.sin(turn), second * np.cos(turn) + first * np.sin(turn)])


@rope.mutant(KEEPS, "the first half is overwritten before the second half uses it. Keep both old halves until the end.")
def in_place(x, position, theta):
    turn = position * solutions.frequencies(len(x), theta)
    first, second = np.split(x, 2)
    first = first * np.cos(turn) - second * np.sin(turn)
    return np.concatenate([first, second * np.cos(turn) + first * np.sin(turn)])


@rope.mutant(
    "(0, 1, 0, 0) at position 1 becomes (0, cos 0.1, 0, sin 0.1) with a theta of 100",
    "every pair turns at the same speed. Use one frequency for each pair: fast ones for near, slow ones for far.",
)
def one_speed(x, position, theta):
    return np.concatenate(_turned(*np.split(x, 2), position))


@rope.mutant(DISTANCE, "this adds something that depends on the position. Then a score knows where, not how far.")
def added(x, position, theta):
    turn = position * solutions.frequencies(len(x), theta)
    place = np.concatenate([np.sin(turn), np.cos(turn)]) - np.concatenate([np.zeros_like(turn), np.ones_like(turn)])
    both = x + place
    # scaled back, so that only the dot product gives it away
    return both * np.linalg.norm(x) / np.linalg.norm(both)


@p_rope.mutant(
    PAIR_1,
    "the exponent is divided by the part that turns. Gemma 4 divides by the whole head, so that its turning pairs are "
    "the fast ones of a full head.",
)
def exponent_of_the_part(x, position, theta, fraction):
    pairs = len(x) // 2
    count = int(np.ceil(fraction * pairs))
    turn = np.zeros(pairs)
    turn[:count] = position * theta ** (-np.arange(count) / max(count, 1))
    return np.concatenate(_turned(*np.split(x, 2), turn))


@p_rope.mutant(
    STILL,
    "this turns the first features as a head of their own. A pair is still i with i + H/2 of the whole head.",
)
def head_of_its_own(x, position, theta, fraction):
    count = 2 * int(np.ceil(fraction * len(x) / 2))
    return np.concatenate([solutions.rope(x[:count], position, theta), x[count:]])


@p_rope.mutant(STILL, "this turns the slowest pairs. p-RoPE keeps the fastest and lets the slow ones stand still.")
def slowest(x, position, theta, fraction):
    pairs = len(x) // 2
    turning = np.arange(pairs) >= pairs - fraction * pairs
    return np.concatenate(_turned(*np.split(x, 2), position * solutions.frequencies(len(x), theta) * turning))


@p_rope.mutant(
    KEEPS, "the pairs that do not turn are cut off or put to 0. They stay: they say what, whatever the place."
)
def zeroed(x, position, theta, fraction):
    pairs = len(x) // 2
    kept = np.tile(np.arange(pairs) < fraction * pairs, 2)
    return solutions.rope(x, position, theta) * kept


@p_rope.mutant(
    STILL, "this turns every pair, but by a part of the angle. A part of the pairs turns, by the full angle."
)
def slower(x, position, theta, fraction):
    return solutions.rope(x, position * fraction, theta)
