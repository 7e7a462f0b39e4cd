"""Attention weighted by what is read: a key with a short value adds little, however much weight it has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.row_scores import uniform_pattern
from g4lab.tracing.trace import Trace

SITES = ("layers.*.attention.q", "layers.*.attention.k", "layers.*.attention.v")
"""What to record: model.trace(x, sites=SITES)."""


def value_weighted(pattern: np.ndarray, values: np.ndarray, output: np.ndarray) -> np.ndarray:
    """The length of A[t,j] v_j W_O, of each row's sum; a row whose values are all 0 stays 0.

    Shapes: pattern [T,S], values [S,H], output [H,D] -> [T,S] float64, rows sum to 1.
    Source: Kobayashi et al., Attention is Not Only a Weight (arXiv 2004.10102).
    """
    return weighted_by(pattern, value_lengths(values, output))


def weighted_by(pattern: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The pattern times the length of what each key adds, of each row's sum. Shapes: [T,S], [S] -> [T,S] float64."""
    weighted = pattern * lengths
    total = weighted.sum(-1, keepdims=True)
    return np.divide(weighted, total, where=total > 0, out=np.zeros_like(weighted))


def value_lengths(values: np.ndarray, output: np.ndarray) -> np.ndarray:
    """How long each value is once it is written to the stream. Shapes: values [S,H], output [H,D] -> float64 [S]."""
    return np.linalg.norm(values.astype(np.float64) @ output.astype(np.float64), axis=-1)


def head_value_lengths(trace: Trace, layer: int, head: int, output: np.ndarray) -> np.ndarray:
    """`value_lengths` of one head, whose values may be another layer's.

    `output` is the layer's output projection with the scale of the norm after it, `Lab.attention_output(layer)`.

    Shapes: output [N,H,D] -> float64 [S].
    Raises: InputError when the values were not recorded or the projection is another layer's.
    """
    row = trace.plan[layer]
    values = trace[f"layers.{row['owner']}.attention.v"][:, head // (row["heads"] // row["kv_heads"])]
    if output.shape[:2] != (row["heads"], values.shape[-1]):
        raise InputError(
            f"the output projection has shape {output.shape}",
            f"layer {layer}, which has {row['heads']} heads of {values.shape[-1]}",
            f"give model.attention_output({layer})",
        )
    return value_lengths(values, output[head])


def with_value_lengths(trace: Trace, output: Callable[[int], np.ndarray]) -> Trace:
    """The trace with the lengths of its values, "layers.i.attention.value_lengths" [T,N]: all that a view needs to
    weigh by values later, without the model.

    `output` gives a layer's projection: `Lab.attention_output`.

    Raises: InputError when the values of some layer were not recorded.
    """
    sites = dict(trace.sites)
    for row in trace.plan:
        projection = output(row["index"])
        each = [head_value_lengths(trace, row["index"], head, projection) for head in range(row["heads"])]
        sites[lengths_site(row["index"])] = np.stack(each, axis=1)
    return Trace(trace.tokens, trace.model, sites, trace.segments, trace.pieces)


def lengths_site(layer: int) -> str:
    """Where `with_value_lengths` puts a layer's lengths."""
    return f"layers.{layer}.attention.value_lengths"


def value_weighted_attention(trace: Trace, layer: int, head: int, output: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One head's value-weighted pattern, and its null: the same values read with the same weight.

    `output` is the layer's output projection with the scale of the norm after it, `Lab.attention_output(layer)`. The
    norm also divides by one number a token, which drops out of the rows.

    Shapes: output [N,H,D] -> [T,S], [T,S].
    Raises: InputError when a site was not recorded or the projection is another layer's.
    """
    pattern = trace.attention(layer, head)
    lengths = head_value_lengths(trace, layer, head, output)
    return weighted_by(pattern, lengths), weighted_by(uniform_pattern(trace.visible(layer)), lengths)
