"""Where keys and values wait to be read: nowhere beyond this call, or in a compact cache.

Both kinds of memory offer the same three things to a block: `write` the keys and values of a layer that owns them,
`read` those that a layer looks at (its owner's, when it borrows), and the `positions` of the slots to build masks
from. Sharing keys and values between layers is therefore the same data flow with a cache and without.
"""

from __future__ import annotations

from g4lab.config import Kind
from g4lab.models.plan import Layer


class CallMemory:
    """Keys and values of the tokens of one call: training, and reading a prompt."""

    def __init__(self, positions):
        self._positions = positions
        self.entries: dict[int, tuple] = {}

    def positions(self, kind: Kind):
        """Shapes: -> [B,S] int, the same for both kinds."""
        return self._positions

    def write(self, layer: Layer, keys, values) -> None:
        """Shapes: keys and values [B,K,T,H]."""
        self.entries[layer.index] = keys, values

    def read(self, layer: Layer):
        """Shapes: -> keys and values, each [B,K,S,H]."""
        return self.entries[layer.owner]
