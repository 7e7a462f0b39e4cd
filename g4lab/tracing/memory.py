"""Who owns the keys and values, and what each layer's cache costs; from a config alone, without weights."""

from __future__ import annotations

from dataclasses import dataclass

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.models.plan import Layer, plan

BFLOAT16 = 2


@dataclass(frozen=True)
class LayerMemory:
    """The cache of one layer for a text of some length.

    `held` are the positions that it keeps: a local layer's window at most, none where it borrows. `uniform_bytes` is
    what it takes when every layer gets the same tensor for every position, the widest head and no sharing: the
    comparison, as keras-hub allocates it. Units: bytes.
    """

    index: int
    kind: str
    owner: int
    borrowers: tuple[int, ...]
    bytes_per_token: int
    held: int
    bytes: int
    uniform_bytes: int


def ownership(layers: tuple[Layer, ...]) -> dict[int, tuple[int, ...]]:
    """Each owner of keys and values with the layers that borrow them, from the input upward."""
    owners = [layer.index for layer in layers if not layer.borrows]
    return {owner: tuple(layer.index for layer in layers if layer.borrows and layer.owner == owner) for owner in owners}


def cache_by_layer(config: TextConfig, tokens: int, bytes_per_value: int = BFLOAT16) -> tuple[LayerMemory, ...]:
    """One row a layer for a text of `tokens` positions.

    Raises: InputError for a length below 0.
    Source: the sum of `bytes` is `g4lab.models.plan.cache_bytes`.
    """
    if tokens < 0:
        raise InputError(f"a text cannot have {tokens} tokens", "cache_by_layer", "give 0 or more")
    layers = plan(config)
    borrowers = ownership(layers)
    widest = max(layer.head_dim for layer in layers)
    heads = max(layer.kv_heads for layer in layers)
    uniform = 2 * heads * widest * bytes_per_value
    rows = []
    for layer in layers:
        held = 0 if layer.borrows else min(tokens, layer.window or tokens)
        per_token = layer.cache_bytes_per_token(bytes_per_value)
        rows.append(
            LayerMemory(
                index=layer.index,
                kind=layer.kind,
                owner=layer.owner,
                borrowers=borrowers.get(layer.index, ()),
                bytes_per_token=per_token,
                held=held,
                bytes=per_token * held,
                uniform_bytes=uniform * tokens,
            )
        )
    return tuple(rows)
