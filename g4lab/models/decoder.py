"""The stack of layers, and what each of them is handed: rotary angles, a mask, keys and values."""

from __future__ import annotations

from g4lab.config import TextConfig
from g4lab.models.block import Block
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.masks import visible
from g4lab.models.memory import CallMemory
from g4lab.models.norms import RMSNorm
from g4lab.models.part import Part
from g4lab.models.plan import Layer, plan
from g4lab.models.rope import angles
from g4lab.models.sites import observe
from g4lab.models.windows import visible_in_windows, worth_cutting


class Decoder(Part):
    """L blocks and the final norm.

    Shapes: x [B,T,D], positions int [B,T], ple [B,T,L,P] or None, ends int [B,T] or None -> [B,T,D]. `ends` are the
    positions of the last token of each picture, for the models whose local layers read a picture both ways.
    """

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        rows = plan(config)
        self.first_of_kind = {row.kind: row for row in reversed(rows)}
        self.blocks = [Block(config, row, dtype) for row in rows]
        self.final_norm = RMSNorm(config.width, config.norm_eps, dtype)

    def call(self, x, positions, memory=None, ple=None, ends=None):
        memory = memory or CallMemory(positions)
        # Angles and masks depend on the kind of a layer only.
        ropes = {kind: _rope(row, positions) for kind, row in self.first_of_kind.items()}
        masks = {kind: _mask(row, positions, memory.positions(kind), ends) for kind, row in self.first_of_kind.items()}
        for i, block in enumerate(self.blocks):
            kind = block.layer.kind
            x = block(x, ropes[kind], masks[kind], memory, None if ple is None else ple[:, :, i])
        return observe("final_norm.output", self.final_norm(x))


def _rope(layer: Layer, positions):
    return angles(positions, inverse_frequencies(layer.head_dim, layer.theta, layer.rotary_pairs))


def _mask(layer: Layer, positions, key_positions, ends):
    if layer.window is None:
        return visible(positions, key_positions, None)
    if ends is not None:
        # A picture may reach past the next window.
        return visible(positions, key_positions, layer.window, ends)
    if worth_cutting(positions.shape[1], key_positions.shape[1], layer.window):
        return visible_in_windows(positions, layer.window)
    return visible(positions, key_positions, layer.window)
