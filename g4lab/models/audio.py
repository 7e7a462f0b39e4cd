"""The audio encoder: from mel frames of 10 ms to soft tokens of 40 ms."""

from __future__ import annotations

from keras import ops

from g4lab.encoder_config import AudioConfig
from g4lab.models.audio_block import AudioBlock
from g4lab.models.part import Part
from g4lab.models.projection import Projection
from g4lab.models.sites import observe
from g4lab.models.soft_embedding import SoftEmbedding
from g4lab.models.subsampling import Subsampling
from g4lab.runtime import value_of


class AudioEncoder(Part):
    """Mel frames to soft tokens; frames that are not valid only fill the batch, behind those that are.

    Source: transformers `Gemma4AudioModel`.
    """

    def __init__(self, config: AudioConfig, text_width: int, dtype=None):
        super().__init__(dtype=dtype)
        self.subsampling = Subsampling(config, dtype)
        self.blocks = [AudioBlock(config, dtype) for _ in range(config.layers)]
        self.output_ = Projection("btd,de->bte", (config.width, config.output_width), dtype)
        self.bias = self.add_weight(shape=(config.output_width,), initializer="zeros", name="bias")
        self.embedding = SoftEmbedding(config.output_width, text_width, config.norm_eps, dtype)

    def call(self, mel, valid, site: str = "audio"):
        """The soft tokens of each sound; a sound of fewer frames has fewer, and the rest is filler.

        Shapes: mel [B,T,M], valid bool [B,T] -> [B,U,D of the text model] with U = T / 4 rounded up.
        """
        x, valid = self.subsampling(mel, ops.cast(valid, "bool"))
        x = observe(f"{site}.frames", x)
        for i, block in enumerate(self.blocks):
            x = block(x, valid, f"{site}.layers.{i}")
        x = self.output_(x)
        x = observe(f"{site}.output", x + ops.cast(value_of(self.bias), x.dtype))
        return observe(f"{site}.soft_tokens", self.embedding(x))
