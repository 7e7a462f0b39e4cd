"""What the per-layer embeddings (PLE) add to the stream, by layer and token."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace

SITES = (
    "embedding",
    "layers.*.residual",
    "layers.*.attention.output",
    "layers.*.feedforward.output",
    "layers.*.ple.output",
)
"""What to record: model.trace(x, sites=SITES)."""


@dataclass(frozen=True, eq=False)
class PerLayerContribution:
    """How long a vector PLE adds, beside the stream that it adds it to, and which way it points.

    `null_cosine` is the mean cosine of the stream with what PLE adds to the other tokens at the same layer: what a
    direction that all tokens share gives. NaN for a single token.

    Shapes: layers int [L], the others [L,T] float64. Units: Euclidean norms.
    """

    layers: tuple[int, ...]
    added: np.ndarray
    stream: np.ndarray
    cosine: np.ndarray
    null_cosine: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """Length added per length of the stream; 0 where the stream is 0. Shapes: -> [L,T]."""
        return np.divide(self.added, self.stream, where=self.stream > 0, out=np.zeros_like(self.added))


def per_layer_contribution(trace: Trace) -> PerLayerContribution:
    """Measure every layer that has PLE.

    The stream right before PLE is what the layer read plus what its attention and feed-forward part wrote.

    Raises: InputError when the model has no PLE or a site was not recorded.
    """
    layers = tuple(row["index"] for row in trace.plan if row.get("ple_dim"))
    if not layers:
        raise InputError("the model has no per-layer embeddings", repr(trace), "load one in the shape of E2B or E4B")
    found = [_layer(trace, layer) for layer in layers]
    return PerLayerContribution(layers, *(np.stack(part) for part in zip(*found, strict=True)))


def _layer(trace: Trace, layer: int) -> tuple[np.ndarray, ...]:
    below = "embedding" if layer == 0 else f"layers.{layer - 1}.residual"
    names = (below, *(f"layers.{layer}.{part}.output" for part in ("attention", "feedforward", "ple")))
    read, attention, feedforward, ple = (trace[name].astype(np.float64) for name in names)
    stream = read + attention + feedforward
    added_unit, stream_unit = _directions(ple), _directions(stream)
    cosine = np.sum(added_unit * stream_unit, axis=-1)
    others = len(ple) - 1
    # the sum over all tokens without the token's own
    null = (stream_unit @ added_unit.sum(0) - cosine) / others if others else np.full(1, np.nan)
    return np.linalg.norm(ple, axis=-1), np.linalg.norm(stream, axis=-1), cosine, null


def _directions(x: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, lengths, where=lengths > 0, out=np.zeros_like(x))
