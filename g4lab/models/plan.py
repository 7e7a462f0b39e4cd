"""From a config to one row per layer: everything that differs between layers is decided here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from g4lab.config import Kind, TextConfig


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one layer of the decoder is made of."""

    index: int
    kind: Kind
    window: int | None
    """Keys a query sees, itself included; None on global layers."""
    heads: int
    kv_heads: int
    head_dim: int
    feedforward: int
    owner: int
    """The layer whose keys and values this one reads; its own index unless it borrows."""
    key_is_value: bool
    theta: float
    rotary_pairs: int
    """How many of the head_dim / 2 pairs turn with position."""
    ple_dim: int
    experts: int
    chosen: int
    expert_feedforward: int

    @property
    def borrows(self) -> bool:
        """True when the layer has no keys and values of its own."""
        return self.owner != self.index

    def cache_bytes_per_token(self, bytes_per_value: int = 2) -> int:
        """Bytes that one more token costs in this layer's cache (local layers: until the window is full)."""
        return 0 if self.borrows else 2 * self.kv_heads * self.head_dim * bytes_per_value


def plan(config: TextConfig) -> tuple[Layer, ...]:
    """One row per layer, from the input upward."""
    last_owner = {kind: i for i, kind in enumerate(config.kinds[: config.owners])}
    return tuple(_layer(config, i, last_owner) for i in range(config.layers))


def _layer(config: TextConfig, index: int, last_owner: dict[Kind, int]) -> Layer:
    kind = config.kinds[index]
    borrows = index >= config.owners
    local = kind == "local"
    head_dim = config.head_dim_of(kind)
    return Layer(
        index=index,
        kind=kind,
        window=config.window if local else None,
        heads=config.heads,
        kv_heads=config.kv_heads_of(kind),
        head_dim=head_dim,
        feedforward=config.feedforward * (2 if config.double_wide and borrows else 1),
        owner=last_owner[kind] if borrows else index,
        key_is_value=config.key_is_value and not local,
        theta=config.local_theta if local else config.global_theta,
        rotary_pairs=head_dim // 2 if local else int(config.rotary_fraction * head_dim // 2),
        ple_dim=config.ple_dim,
        experts=config.experts,
        chosen=config.chosen,
        expert_feedforward=config.expert_feedforward,
    )


def parameter_counts(config: TextConfig) -> dict[str, int]:
    """Parameters by part, from the config alone: nothing is allocated.

    The layer scalars are stored constants, not parameters, as in the published counts.
    """
    parts = Counter(parameters_around(config))
    for layer in plan(config):
        parts.update(parameters_inside(config, layer))
    return dict(parts)


def parameters_around(config: TextConfig) -> dict[str, int]:
    """Parameters by part that belong to no single layer: the tables, the filling of the PLE, the last norm."""
    width = config.width
    parts = {"token embedding": config.vocab_size * width}
    if config.ple_dim:
        stacked = config.layers * config.ple_dim
        parts["PLE table"] = config.ple_vocab_size * stacked
        parts["PLE projections"] = width * stacked
    return parts | {"norms": width + config.ple_dim}


def parameters_inside(config: TextConfig, layer: Layer) -> dict[str, int]:
    """Parameters by part of one layer."""
    width, head, own = config.width, layer.head_dim, not layer.borrows
    keys_and_values = (1 if layer.key_is_value else 2) * layer.kv_heads if own else 0
    parts = {
        "attention": width * head * (2 * layer.heads + keys_and_values),
        "dense MLP": 3 * width * layer.feedforward,
        # before and after attention, before and after the feed-forward part; query, and key where it is owned
        "norms": 4 * width + head * (2 if own else 1),
    }
    if layer.ple_dim:
        parts["PLE projections"] = 2 * width * layer.ple_dim
        parts["norms"] += width
    if layer.experts:
        parts["router"] = layer.experts * width + width + layer.experts
        parts["experts"] = 3 * layer.experts * width * layer.expert_feedforward
        parts["norms"] += 3 * width
    return parts


def cache_bytes(config: TextConfig, tokens: int, bytes_per_value: int = 2) -> int:
    """Bytes of keys and values that `tokens` positions need: windows for local layers, nothing for borrowers."""
    return sum(
        layer.cache_bytes_per_token(bytes_per_value) * min(tokens, layer.window or tokens) for layer in plan(config)
    )
