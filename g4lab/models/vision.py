"""The vision encoder: from the patches of a picture to the soft tokens that stand among text."""

from __future__ import annotations

from functools import partial

from keras import ops

from g4lab.encoder_config import VisionConfig
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.masks import EMPTY
from g4lab.models.part import Part
from g4lab.models.pooling import pooled
from g4lab.models.projection import Projection, normal_weight
from g4lab.models.rope import angles
from g4lab.models.sites import observe
from g4lab.models.soft_embedding import SoftEmbedding
from g4lab.models.vision_block import VisionBlock
from g4lab.runtime import value_of


class PatchEmbedding(Part):
    """A linear map of a patch's pixels, plus a learned vector for its column and one for its row.

    Shapes: pixels [B,T,3 * side * side] in [0,1], positions int [B,T,2] of (column, row) -> [B,T,D].
    Source: transformers `Gemma4VisionPatchEmbedder`.
    """

    def __init__(self, config: VisionConfig, dtype=None):
        super().__init__(dtype=dtype)
        self.projection = Projection("btp,pd->btd", (config.patch_values, config.width), dtype)
        self.positions = normal_weight(self, (2, config.positions, config.width), config.width, "positions")

    def call(self, pixels, positions):
        x = self.projection(ops.cast(2 * (pixels - 0.5), self.compute_dtype))
        table, places = value_of(self.positions), ops.maximum(positions, 0)
        placed = ops.take(table[0], places[..., 0], axis=0) + ops.take(table[1], places[..., 1], axis=0)
        return x + ops.where(positions[..., :1] == EMPTY, ops.zeros_like(placed), placed)


class VisionEncoder(Part):
    """Patches to soft tokens; a patch at position EMPTY (-1) is none, it only fills the batch.

    There is no norm after the last layer. Pooling, the factor sqrt(D) and the standardisation are float32: with that
    factor features pass what float16 can hold.

    Source: transformers `Gemma4VisionModel`.
    """

    def __init__(self, config: VisionConfig, text_width: int, dtype=None):
        super().__init__(dtype=dtype)
        self.config = config
        self.patches = PatchEmbedding(config, dtype)
        self.blocks = [VisionBlock(config, dtype) for _ in range(config.layers)]
        if config.standardised:
            constant = partial(self.add_weight, shape=(config.width,), trainable=False)
            self.std_bias = constant(initializer="zeros", name="std_bias")
            self.std_scale = constant(initializer="ones", name="std_scale")
        self.embedding = SoftEmbedding(config.width, text_width, config.norm_eps, dtype)

    def call(self, pixels, positions, site: str = "vision"):
        """The soft tokens of each picture, row by row; a picture of fewer patches has fewer, and the rest is filler.

        Shapes: pixels [B,T,patch values], positions int [B,T,2] -> [B,U,D of the text model] with U = T / pooling^2.
        """
        config = self.config
        positions = ops.cast(positions, "int32")
        frequencies = inverse_frequencies(config.head_dim // 2, config.theta, config.head_dim // 4)
        ropes = [angles(positions[..., axis], frequencies) for axis in (0, 1)]
        there = positions[..., 0] != EMPTY
        x = observe(f"{site}.patches", self.patches(pixels, positions))
        for i, block in enumerate(self.blocks):
            x = block(x, ropes, there, f"{site}.layers.{i}")
        x = pooled(x, positions, config.pooling) * config.width**0.5
        if config.standardised:
            x = (x - ops.cast(self.std_bias, "float32")) * ops.cast(self.std_scale, "float32")
        x = observe(f"{site}.pooled", ops.cast(x, self.compute_dtype))
        return observe(f"{site}.soft_tokens", self.embedding(x))
