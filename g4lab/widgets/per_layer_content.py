"""What PerLayerEmbeddings shows: how long a vector PLE adds, beside the stream that it adds it to."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.ple import SITES, per_layer_contribution
from g4lab.tracing.trace import Trace

if TYPE_CHECKING:
    from g4lab.lab import Lab

NO_NULL = "no null beside it: a recorded trace cannot be read again in another order; give the model"


def layers_with_ple(trace: Trace) -> list[dict[str, Any]]:
    """The rows of the plan that have PLE."""
    return [row for row in trace.plan if row.get("ple_dim")]


def checked(trace: Trace) -> Trace:
    """The trace, if PLE was recorded in it. Raises: InputError."""
    rows = layers_with_ple(trace)
    if not rows:
        raise no_ple(trace.model["name"])
    for site in _sites(rows):
        if site not in trace:
            advice = f"record it: model.trace(prompt, sites={list(SITES)})"
            raise InputError(f'the trace holds no "{site}"', repr(trace), advice)
    return trace


def no_ple(name: str) -> InputError:
    """The error for a model without per-layer embeddings."""
    return InputError(
        "this model has no per-layer embeddings (PLE): nothing but the first embedding enters its stream",
        name,
        "load a model in E2B's or E4B's shape, whose config has ple_dim above 0",
    )


def norms(trace: Trace) -> dict[str, np.ndarray]:
    """Lengths of what PLE adds and of the stream right before it, and their ratio.

    The stream before PLE is what the layer read, plus what its attention and its feed-forward part wrote.
    Shapes: added, stream, ratio [L,T] float32, one row for each layer with PLE. Units: Euclidean norms.
    """
    found = per_layer_contribution(trace)
    lengths = {"added": found.added, "stream": found.stream, "ratio": found.ratio}
    return {name: value.astype(np.float32) for name, value in lengths.items()}


def ratios_of(model: Lab, ids: np.ndarray) -> np.ndarray:
    """What PLE adds, relative to the stream, where the model reads these tokens. Shapes: ids [T] -> [L,T] float32."""
    return norms(model.trace(ids, sites=SITES))["ratio"]


def orders(trace: Trace, count: int, seed: int = 0) -> list[np.ndarray]:
    """`count` random orders of the positions; control tokens, such as <bos>, keep their places."""
    rng = np.random.default_rng(seed)
    moved = np.flatnonzero([token.kind != "control" for token in trace.tokens])
    drawn = []
    for _ in range(count):
        order = np.arange(len(trace))
        order[moved] = rng.permutation(moved)
        drawn.append(order)
    return drawn


def null(ratios: Sequence[np.ndarray], drawn: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Each token's ratio where the same tokens stand in other orders: mean, lowest and highest.

    Position p of a shuffled run holds the token of position order[p] of the original.
    Shapes: ratios [L,T] each -> null_mean, null_low, null_high [L,T].
    """
    back = []
    for ratio, order in zip(ratios, drawn, strict=True):
        at_home = np.empty_like(ratio)
        at_home[:, order] = ratio
        back.append(at_home)
    stacked = np.stack(back)
    return {"null_mean": stacked.mean(0), "null_low": stacked.min(0), "null_high": stacked.max(0)}


def table(trace: Trace, arrays: dict[str, np.ndarray]) -> str:
    """CSV with one line for each token of each layer."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    names = list(arrays)
    lines.writerow(["layer", "kind", "position", "id", "text", *names])
    for row, layer in enumerate(layers_with_ple(trace)):
        for position, token in enumerate(trace.tokens):
            values = [repr(float(arrays[name][row, position])) for name in names]
            lines.writerow([layer["index"], layer["kind"], position, token.id, token.text, *values])
    return out.getvalue()


def _sites(rows: Sequence[dict[str, Any]]) -> list[str]:
    layers = [row["index"] for row in rows]
    return [site.replace("*", str(layer)) for layer in layers for site in SITES]
