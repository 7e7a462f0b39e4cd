"""What the page of RopeDial draws: how fast each pair turns on local and on global layers; and the same as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np

from g4lab.config import TextConfig
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.plan import plan

DISTANCES = (1, 4, 16, 64, 256, 1_024, 4_096)
"""Distances, in tokens, for which the table has the dot product."""


@dataclass(frozen=True, eq=False)
class Rotation:
    """How the layers of one kind turn their queries and keys.

    Shapes: frequencies [H/2] float32, in radians a token; 0 for pairs that never turn.
    """

    name: str
    kind: str
    head_dim: int
    theta: float
    rotary_pairs: int
    window: int | None
    layers: int
    what_if: bool
    """True where the model itself does not turn them like this."""
    frequencies: np.ndarray


def rotations(config: TextConfig) -> list[Rotation]:
    """Local layers, global layers, and what global layers would be if all their pairs turned."""
    rows = plan(config)
    found = []
    for kind in ("local", "global"):
        layers = [layer for layer in rows if layer.kind == kind]
        if not layers:
            continue
        layer, pairs = layers[0], layers[0].head_dim // 2
        variants = [(kind, layer.rotary_pairs, False)]
        if layer.rotary_pairs < pairs:
            variants.append((f"{kind}, if all pairs turned", pairs, True))
        for name, turning, what_if in variants:
            frequencies = inverse_frequencies(layer.head_dim, layer.theta, turning)
            found.append(
                Rotation(
                    name, kind, layer.head_dim, layer.theta, turning, layer.window, len(layers), what_if, frequencies
                )
            )
    return found


def dot_by_distance(frequencies: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """The dot product of a query with an equal key so many tokens before it, all pairs of equal length.

    It is the mean of cos(distance · frequency) over the pairs: 1 at distance 0; a pair that never turns adds the same
    at every distance. Two random directions give 0 on average, with a standard deviation of 1/√H.

    Shapes: frequencies [H/2], distances [T] -> [T]. Units: a share of |q| |k|.
    """
    # the angle is a float32, as in the model
    turned = np.asarray(distances, np.float32)[:, None] * np.asarray(frequencies, np.float32)
    return np.cos(turned.astype(np.float64)).mean(1)


def spans(config: TextConfig) -> list[int]:
    """Lengths that the page can show: a few tokens, the window, and all positions."""
    return sorted(
        {min(64, config.max_positions), config.window, min(4_096, config.max_positions), config.max_positions}
    )


def table(config: TextConfig) -> str:
    """CSV with one line for each pair of each kind of layer."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    dots = [f"dot_at_{distance}" for distance in DISTANCES]
    lines.writerow(["layers", "pair", "features", "turns", "radians_per_token", "tokens_per_turn", *dots])
    for rotation in rotations(config):
        half = rotation.head_dim // 2
        for pair, frequency in enumerate(rotation.frequencies):
            turns = frequency > 0
            period = repr(float(2 * np.pi / frequency)) if turns else ""
            shown = dot_by_distance(rotation.frequencies[pair : pair + 1], np.array(DISTANCES))
            features = f"{pair} and {pair + half}"
            start = [rotation.name, pair, features, "yes" if turns else "never", repr(float(frequency)), period]
            lines.writerow([*start, *(repr(float(dot)) for dot in shown)])
        together = dot_by_distance(rotation.frequencies, np.array(DISTANCES))
        lines.writerow([rotation.name, "all", "", "", "", "", *(repr(float(dot)) for dot in together)])
    return out.getvalue()
