"""`g4lab info`: the layer plan and the parameter counts of a size, from its config alone."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from g4lab.checkpoints.resolve import embedded_names, open_source
from g4lab.commands.output import show, show_json, table
from g4lab.config import PRESETS, TextConfig, preset
from g4lab.errors import InputError
from g4lab.models.encoder_plan import encoder_counts
from g4lab.models.plan import Layer, parameter_counts, plan


def info(
    name: Annotated[
        str, typer.Argument(help=f"One of {', '.join(PRESETS)}, an embedded model, or a local checkpoint's directory.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a model's layers and parameter counts. No weights are allocated and no backend is imported."""
    config = _config(name)
    layers, counts = plan(config), parameter_counts(config)
    if json:
        show_json(as_json(config))
        return
    show(_layers(config, layers), _parameters(config, counts))


def _config(name: str) -> TextConfig:
    """The config that a name stands for; a released size is looked up, never downloaded."""
    if name in PRESETS:
        return preset(name)
    if name in embedded_names() or Path(name).is_dir():
        return open_source(name).config
    names = ", ".join([*embedded_names(), *PRESETS])
    raise InputError(f"there is no model {name!r}", "g4lab info", f"give {names}, or a local checkpoint's directory")


def as_json(config: TextConfig) -> dict:
    """The config, one row per layer, and the counts, as plain JSON values."""
    rows = [
        asdict(layer) | {"borrows": layer.borrows, "cache_bytes_per_token": layer.cache_bytes_per_token()}
        for layer in plan(config)
    ]
    counts, encoders = parameter_counts(config), encoder_counts(config)
    return {
        "name": config.name,
        "config": config.to_dict(),
        "plan": rows,
        "parameters": counts,
        "total_parameters": sum(counts.values()),
        "encoder_parameters": encoders,
        "total_parameters_with_encoders": sum(counts.values()) + sum(encoders.values()),
    }


def _layers(config: TextConfig, layers: tuple[Layer, ...]):
    columns = ["layer", "kind", "window", "heads", "K/V\nheads", "head\ndim", "MLP", "K/V", "cache"]
    title = f"{config.name}: {config.layers} layers of width {config.width:,}, vocabulary {config.vocab_size:,}"
    if config.experts:
        mixture = f"{config.chosen} of {config.experts} experts of width {config.expert_feedforward:,}"
        title += f"\nin each layer: a dense MLP and {mixture}"
    return table(title, columns, [_row(layer) for layer in layers], _caption(config, layers))


def _row(layer: Layer) -> list[str]:
    source = f"layer {layer.owner}" if layer.borrows else "K=V" if layer.key_is_value else "own"
    return [
        str(layer.index),
        layer.kind,
        f"{layer.window:,}" if layer.window else "-",
        str(layer.heads),
        str(layer.kv_heads),
        str(layer.head_dim),
        f"{layer.feedforward:,}",
        source,
        f"{layer.cache_bytes_per_token():,}",
    ]


def _caption(config: TextConfig, layers: tuple[Layer, ...]) -> str:
    growing = sum(layer.cache_bytes_per_token() for layer in layers if layer.window is None)
    fixed = sum(layer.cache_bytes_per_token() * layer.window for layer in layers if layer.window)
    lines = [
        f"cache: bytes a token in bfloat16; altogether {growing:,} a token on global layers, "
        f"and at most {fixed:,} on local layers, once their windows are full"
    ]
    if config.key_is_value:
        lines.append("K=V: one projection makes the keys and the values")
    if config.shared_layers:
        lines.append("K/V layer n: keys and values are borrowed from layer n")
    return "\n".join(lines)


def _parameters(config: TextConfig, counts: dict[str, int]):
    total = sum(counts.values())
    rows = [(part, f"{count:,}", f"{count / total:.1%}") for part, count in counts.items()]
    rows.append(("language model", f"{total:,}", "100.0%"))
    encoders = encoder_counts(config)
    if encoders:
        rows += [(part, f"{count:,}", "") for part, count in encoders.items()]
        rows.append(("with its encoders", f"{total + sum(encoders.values()):,}", ""))
    caption = None
    if config.experts:
        active = total - counts["experts"] * (config.experts - config.chosen) // config.experts
        caption = f"read for one token: {active:,}"
    return table(f"{config.name}: parameters", ["part", "parameters", "share"], rows, caption)
