"""The stack of layers, and what each of them is handed: rotary angles, a mask, keys and values."""

from __future__ import annotations

from g4lab.config import TextConfig
from g4lab.models.block import Block
from g4lab.models.masks import visible
from g4lab.models.memory import CallMemory
from g4lab.models.norms import RMSNorm
from g4lab.models.part import Part
from g4lab.models.plan import Layer, plan
from g4lab.models.rope import angles, inverse_frequencies
from g4lab.models.sites import observe


class Decoder(Part):
    """L blocks and the final norm.

    Shapes: x [B,T,D], positions int [B,T], ple [B,T,L,P] or None -> [B,T,D].
    """

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        rows = plan(config)
        self.first_of_kind = {row.kind: row for row in reversed(rows)}
        self.blocks = [Block(config, row, dtype) for row in rows]
        self.final_norm = RMSNorm(config.width, config.norm_eps, dtype)

    def call(self, x, positions, memory=None, ple=None):
        memory = memory or CallMemory(positions)
        # Angles and masks depend on the kind of a layer only.
        ropes = {kind: _rope(row, positions) for kind, row in self.first_of_kind.items()}
        masks = {
            kind: visible(positions, memory.positions(kind), row.window) for kind, row in self.first_of_kind.items()
        }
        for i, block in enumerate(self.blocks):
            kind = block.layer.kind
            x = block(x, ropes[kind], masks[kind], memory, None if ple is None else ple[:, :, i])
        return observe("final_norm.output", self.final_norm(x))


def _rope(layer: Layer, positions):
    return angles(positions, inverse_frequencies(layer.head_dim, layer.theta, layer.rotary_pairs))
