"""Chapter 3, one right answer to each exercise."""

import numpy as np


def frequencies(head_dim, theta):
    """How far each pair turns per position, in radians; the first pair is the fastest."""
    return theta ** (-np.arange(0, head_dim, 2) / head_dim)


def rope(x, position, theta):
    """Turn feature i together with feature i + H/2."""
    turn = position * frequencies(len(x), theta)
    first, second = np.split(x, 2)
    turned = first * np.cos(turn) - second * np.sin(turn), second * np.cos(turn) + first * np.sin(turn)
    return np.concatenate(turned)


def p_rope(x, position, theta, fraction):
    """Turn the fastest `fraction` of the pairs; the others keep their place."""
    pairs = len(x) // 2
    turning = np.arange(pairs) < fraction * pairs
    turn = position * frequencies(len(x), theta) * turning
    first, second = np.split(x, 2)
    turned = first * np.cos(turn) - second * np.sin(turn), second * np.cos(turn) + first * np.sin(turn)
    return np.concatenate(turned)
