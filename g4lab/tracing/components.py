"""The residual stream taken apart: who wrote what of it.

Every layer adds the output of its attention, of its feed-forward part and of PLE, each behind a norm of its own
(sandwich norms), and multiplies the whole stream by its scalar. So the stream after a layer is a plain sum: each
output as it was recorded, behind its norm, times the scalars of its own layer and of those above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.contributions import branches
from g4lab.tracing.trace import Trace

SITES = (
    "embedding",
    "layers.*.residual",
    "layers.*.attention.output",
    "layers.*.feedforward.output",
)
OF_A_MIXTURE = ("layers.*.dense.output", "layers.*.experts.output")
OF_PLE = ("layers.*.ple.output",)
OF_HEADS = ("layers.*.attention.heads",)

ROUNDING = 0.05
"""How far heads may be off their sum, of the largest number written: bfloat16 keeps three digits."""


def sites_of(config) -> tuple[str, ...]:
    """What to record of a model with this config, such as model.trace(x, sites=sites_of(model.config))."""
    return SITES + (OF_A_MIXTURE if config.experts else ()) + (OF_PLE if config.ple_dim else ())


def components(
    trace: Trace,
    layer_scalars: np.ndarray,
    layer: int | None = None,
    outputs: Mapping[int, np.ndarray] | None = None,
    eps: float = 1e-6,
) -> Iterator[tuple[str, np.ndarray]]:
    """Name and part of the stream after `layer` (None: the last) for everything that wrote to it.

    Names are "embedding", "layers.i.attention", "layers.i.feedforward" (in a mixture "layers.i.dense" and
    "layers.i.experts"), "layers.i.ple". Layers in `outputs` have their attention split into "layers.i.head.n".

    Shapes: layer_scalars [L], outputs [N,H,D] each -> [T,D] float64 each.
    Raises: InputError when a site was not recorded or a sum cannot be split.
    """
    last = len(trace.plan) - 1 if layer is None else layer
    if not 0 <= last < len(trace.plan):
        raise InputError(f"there is no layer {layer}", repr(trace), f"give a number from 0 to {len(trace.plan) - 1}")
    scalars = np.asarray(layer_scalars, np.float64)[: last + 1]
    # of layer i: its own scalar and those above it
    factors = np.cumprod(scalars[::-1])[::-1]
    yield "embedding", trace["embedding"].astype(np.float64) * factors[0]
    for i in range(last + 1):
        for name, written in _written(trace, i, (outputs or {}).get(i), eps):
            yield f"layers.{i}.{name}", written * factors[i]


def _written(trace: Trace, layer: int, output: np.ndarray | None, eps: float) -> Iterator[tuple[str, np.ndarray]]:
    row, site = trace.plan[layer], f"layers.{layer}"
    if output is None:
        yield "attention", trace[f"{site}.attention.output"].astype(np.float64)
    else:
        for head, written in enumerate(heads(trace, layer, output)):
            yield f"head.{head}", written
    if row["experts"]:
        parts = branches(trace, layer, eps)
        yield "dense", parts.dense
        yield "experts", parts.experts
    else:
        yield "feedforward", trace[f"{site}.feedforward.output"].astype(np.float64)
    if row.get("ple_dim"):
        yield "ple", trace[f"{site}.ple.output"].astype(np.float64)


def heads(trace: Trace, layer: int, output: np.ndarray) -> np.ndarray:
    """What each head of a layer writes to the stream; they add up to `attention.output`.

    The norm after attention divides a position by one number, which is read off from the sum of the heads.

    Shapes: output [N,H,D], the projection with that norm's scale (`Lab.attention_output(layer)`) -> [N,T,D] float64.
    Raises: InputError when a site was not recorded, or the heads do not add up to what was written.
    """
    found, written = (trace[f"layers.{layer}.attention.{name}"].astype(np.float64) for name in ("heads", "output"))
    if output.shape[:2] != found.shape[1:]:
        raise InputError(
            f"the output projection has shape {output.shape}",
            f"layer {layer}, whose heads are {found.shape[1:]}",
            f"give model.attention_output({layer})",
        )
    parts = np.einsum("tnh,nhd->ntd", found, output.astype(np.float64))
    total = parts.sum(0)
    size = np.sum(total**2, axis=-1, keepdims=True)
    per_position = np.divide(np.sum(total * written, -1, keepdims=True), size, where=size > 0, out=np.zeros_like(size))
    off = np.abs(total * per_position - written).max() / max(np.abs(written).max(), 1e-30)
    if off > ROUNDING:
        raise InputError(
            f"the heads do not add up to what layer {layer} wrote (off by {off:.1%})",
            f"layers.{layer}.attention.output",
            "record both sites in one run, without an edit of the second, and give this layer's projection",
        )
    return parts * per_position
