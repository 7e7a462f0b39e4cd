"""What the page of ArchitectureMap draws: one row a layer, parameters and cache bytes by part; and the same as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from g4lab.config import TextConfig
from g4lab.models.plan import Layer, parameter_counts, parameters_around, parameters_inside, plan

PARTS = {
    "attention": ("softmax(q kᵀ) v, with RMS-normed q and k, scale 1", "attention.py"),
    "dense MLP": ("down(gelu(gate x) · up x)", "feedforward.py"),
    "router": ("softmax(W (rms(x) · scale / √D)): the C largest, renormalised, times a scale per expert", "router.py"),
    "experts": ("Σ weight · down(gelu(gate x) · up x), over the C chosen", "experts.py"),
    "PLE projections": ("out(gelu(gate x) · this layer's embedding of the token)", "block.py"),
    "norms": ("x / √(mean x² + ε) · weight", "norms.py"),
    "token embedding": ("the row of the token's id, times √D; the same table gives the logits", "embeddings.py"),
    "PLE table": ("a second row for the token's id: P numbers for each layer", "embeddings.py"),
}
"""Each part: its formula, and its file in g4lab/models/."""

BYTES_PER_VALUE = 2
"""Keys and values are counted in bfloat16."""


def lengths(config: TextConfig) -> list[int]:
    """Numbers of tokens that the cache can be counted for: powers of two, up to the model's last position."""
    most = config.max_positions
    return [2**i for i in range(6, most.bit_length()) if 2**i < most] + [most]


def every_layer_alone(config: TextConfig) -> tuple[Layer, ...]:
    """The plan if no layer borrowed: what sharing is measured against."""
    return plan(config.replace(shared_layers=0))


def layer_rows(config: TextConfig) -> list[dict[str, Any]]:
    """One dict a layer: the plan's own fields, and what the layer costs.

    Units: `cache_per_token` and `alone_per_token` in bytes of bfloat16; the second is what the layer would need if it
    owned its keys and values.
    """
    rows = plan(config)
    return [
        asdict(layer)
        | {
            "borrows": layer.borrows,
            "borrowers": [row.index for row in rows if row.borrows and row.owner == layer.index],
            "parameters": parameters_inside(config, layer),
            "active_experts": 3 * layer.chosen * config.width * layer.expert_feedforward,
            "cache_per_token": layer.cache_bytes_per_token(BYTES_PER_VALUE),
            "alone_per_token": alone.cache_bytes_per_token(BYTES_PER_VALUE),
        }
        for layer, alone in zip(rows, every_layer_alone(config), strict=True)
    ]


def cached_bytes(row: dict[str, Any], tokens: int, which: str = "cache_per_token") -> int:
    """Bytes in one layer's cache after so many tokens; `alone_per_token`: if it owned K/V and had no window."""
    kept = min(tokens, row["window"] or tokens) if which == "cache_per_token" else tokens
    return row[which] * kept


def header(config: TextConfig) -> dict[str, Any]:
    """Everything that the page needs; its numbers are few, so no array travels beside it."""
    return {
        "config": {
            key: getattr(config, key)
            for key in ("width", "vocab_size", "window", "max_positions", "shared_layers", "experts", "chosen")
        },
        "layers": layer_rows(config),
        "around": parameters_around(config),
        "parameters": parameter_counts(config),
        "parts": {name: {"formula": formula, "file": file} for name, (formula, file) in PARTS.items()},
        "lengths": lengths(config),
        "bytes_per_value": BYTES_PER_VALUE,
    }


def table(config: TextConfig) -> str:
    """CSV with one line for each layer, then one for what lies around the layers."""
    tokens = [length for length in (1_024, 32_768, config.max_positions) if length <= config.max_positions]
    columns = [part for part in PARTS if part in parameter_counts(config)]
    fields = "index kind window heads kv_heads head_dim feedforward experts chosen expert_feedforward owner".split()
    fields += "key_is_value theta rotary_pairs ple_dim".split()
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    counted = [f"cache_bytes_{length}_tokens" for length in dict.fromkeys(tokens)]
    lines.writerow(["layer", *fields[1:], *(f"parameters: {part}" for part in columns), "parameters", *counted])
    for row in layer_rows(config):
        parts = [row["parameters"].get(part, 0) for part in columns]
        cached = [cached_bytes(row, length) for length in dict.fromkeys(tokens)]
        lines.writerow([*("" if row[f] is None else row[f] for f in fields), *parts, sum(parts), *cached])
    around = [parameters_around(config).get(part, 0) for part in columns]
    lines.writerow(["around the layers", *[""] * (len(fields) - 1), *around, sum(around), *[0] * len(counted)])
    return out.getvalue()
