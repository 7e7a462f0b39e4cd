"""A model of two layers in numpy, whose every number can be followed: its trace and its readout."""

from __future__ import annotations

import numpy as np

from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Token, Trace

EPS = 1e-3
SCALARS = np.array([0.5, 0.8], np.float32)


def normed(x, scale=1.0):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + EPS) * scale


def readout(width=8, vocabulary=30, softcap=4.0, seed=5) -> Readout:
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(vocabulary, width)).astype(np.float32)
    scale = rng.normal(1, 0.3, width).astype(np.float32)
    return Readout(scale, table, table.mean(0), SCALARS, EPS, softcap)


def stream_trace(read: Readout, tokens=6, seed=0, mixture=False, ple=False) -> Trace:
    """Layer 1 has experts if there is a mixture, and both have PLE if asked for."""
    rng = np.random.default_rng(seed)
    width = len(read.scale)
    heads = rng.normal(size=(2, tokens, 3, 4))
    x = rng.normal(size=(tokens, width))
    sites = {"embedding": x}
    plan = []
    for i in range(2):
        site = f"layers.{i}"
        attention = normed(np.einsum("tnh,nhd->td", heads[i], output(width, i)), output_scale(width))
        if mixture:
            dense, experts = rng.normal(size=(2, tokens, width))
            sites |= {f"{site}.dense.output": dense, f"{site}.experts.output": experts}
            written = normed(dense + experts, output_scale(width))
        else:
            written = rng.normal(size=(tokens, width))
        added = rng.normal(size=(tokens, width)) if ple else np.zeros((tokens, width))
        x = (x + attention + written + added) * SCALARS[i]
        sites |= {f"{site}.attention.heads": heads[i], f"{site}.attention.output": attention}
        sites |= {f"{site}.feedforward.output": written, f"{site}.residual": x}
        if ple:
            sites[f"{site}.ple.output"] = added
        row = {"index": i, "kind": "global", "window": None, "heads": 3, "kv_heads": 3, "owner": i}
        plan.append(row | {"experts": 4 * mixture, "chosen": 2 * mixture, "ple_dim": 2 * ple})
    sites["next.logits"] = read.capped(read.scores(x))[-1]
    ids = rng.integers(0, len(read.table), tokens).tolist()
    arrays = {name: np.asarray(value, np.float32) for name, value in sites.items()}
    return Trace(tuple(Token(i, f" {i}") for i in ids), {"name": "numpy", "label": "by hand", "plan": plan}, arrays)


def output(width=8, layer=0) -> np.ndarray:
    """The output projection of a layer, without the scale of the norm after it."""
    return np.random.default_rng([9, layer]).normal(size=(3, 4, width))


def output_scale(width=8) -> np.ndarray:
    return np.linspace(0.5, 1.5, width)
