"""The compact cache: local layers keep a ring as long as their window, global layers everything, borrowers nothing.

The state is a flat dict of arrays, so that a compiled loop can carry it:
    positions.local [B,W], positions.global [B,S]   the position in each slot, EMPTY where there is none
    next.local, next.global                         the slot to write next
    keys.i, values.i [B,K,W or S,H]                 one pair for each layer that owns keys and values

Every row of a batch writes to the same slots; rows that are shorter begin with empty ones.
"""

from __future__ import annotations

from keras import ops

from g4lab.config import Kind, TextConfig
from g4lab.models.masks import EMPTY
from g4lab.models.memory import CallMemory
from g4lab.models.plan import Layer, plan
from g4lab.runtime import put


def slots(config: TextConfig, kind: Kind, capacity: int) -> int:
    """How many positions a layer of this kind keeps out of `capacity`."""
    return min(config.window, capacity) if kind == "local" else capacity


def empty(config: TextConfig, batch: int, capacity: int, dtype: str) -> dict:
    """The state of a cache for sequences of up to `capacity` tokens, with nothing in it."""
    state = {}
    for kind in ("local", "global"):
        state[f"positions.{kind}"] = ops.full((batch, slots(config, kind, capacity)), EMPTY, "int32")
        state[f"next.{kind}"] = ops.zeros((), "int32")
    for layer in plan(config):
        if not layer.borrows:
            shape = (batch, layer.kv_heads, slots(config, layer.kind, capacity), layer.head_dim)
            state[f"keys.{layer.index}"] = ops.zeros(shape, dtype)
            state[f"values.{layer.index}"] = ops.zeros(shape, dtype)
    return state


def after_prompt(config: TextConfig, memory: CallMemory, positions, capacity: int) -> dict:
    """The state of a cache that has read a prompt, from the memory of the call that read it.

    Shapes: positions [B,T] int.
    """
    length = positions.shape[1]
    state = {}
    for kind in ("local", "global"):
        size = slots(config, kind, capacity)
        state[f"positions.{kind}"] = _last_into(positions, size, axis=1, filler=EMPTY)
        # A ring that the prompt fills holds its oldest position in slot 0.
        state[f"next.{kind}"] = ops.full((), 0 if kind == "local" and length >= size else length, "int32")
    for index, (keys, values) in memory.entries.items():
        size = slots(config, config.kinds[index], capacity)
        state[f"keys.{index}"] = _last_into(keys, size, axis=2, filler=0)
        state[f"values.{index}"] = _last_into(values, size, axis=2, filler=0)
    return state


def _last_into(x, size: int, axis: int, filler: int):
    """The last `size` entries along an axis, in front of filler where there are fewer."""
    length = x.shape[axis]
    if length >= size:
        return ops.take(x, ops.arange(length - size, length, dtype="int32"), axis=axis)
    padding = [(0, size - length if i == axis else 0) for i in range(len(x.shape))]
    return ops.pad(x, padding, constant_values=filler)


class Cache:
    """A memory that carries `state` from call to call; read the new `state` off it after the call."""

    def __init__(self, state: dict, positions):
        """Make room for new tokens at `positions` ([B,T] int)."""
        self.state = dict(state)
        self._first_slot = {kind: state[f"next.{kind}"] for kind in ("local", "global")}
        self._seen, self._entries = {}, {}
        for kind in ("local", "global"):
            self._seen[kind], self.state[f"positions.{kind}"] = self._extend(
                kind, state[f"positions.{kind}"], positions, axis=1
            )
            self.state[f"next.{kind}"] = self._next_slot(kind, positions.shape[1])

    def positions(self, kind: Kind):
        """Shapes: -> [B,S] int."""
        return self._seen[kind]

    def write(self, layer: Layer, keys, values) -> None:
        """Shapes: keys and values [B,K,T,H] of the new tokens."""
        seen = []
        for name, new in ((f"keys.{layer.index}", keys), (f"values.{layer.index}", values)):
            visible, self.state[name] = self._extend(layer.kind, self.state[name], new, axis=2)
            seen.append(visible)
        self._entries[layer.index] = tuple(seen)

    def read(self, layer: Layer):
        """Shapes: -> keys and values, each [B,K,S,H]."""
        return self._entries[layer.owner]

    def _extend(self, kind: Kind, old, new, axis: int):
        """What the new tokens may look at, and what is kept after them."""
        if kind == "global" or new.shape[axis] == 1:
            kept = put(old, self._first_slot[kind], ops.cast(new, old.dtype), axis)
            return kept, kept
        # A ring gives its oldest slots to the new tokens, but the first of these still see them: put the ring in
        # order of time, look at all of it and at the new tokens, and keep the last slots.
        size = old.shape[axis]
        order = (self._first_slot[kind] + ops.arange(size, dtype="int32")) % size
        both = ops.concatenate([ops.take(old, order, axis=axis), ops.cast(new, old.dtype)], axis=axis)
        return both, _last_into(both, size, axis, filler=0)

    def _next_slot(self, kind: Kind, new: int):
        if kind == "global":
            return self._first_slot[kind] + new
        return (self._first_slot[kind] + 1) % self._size_of_ring() if new == 1 else ops.zeros((), "int32")

    def _size_of_ring(self) -> int:
        return self.state["positions.local"].shape[1]
