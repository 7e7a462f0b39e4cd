"""From an encoder's width to the text model's: the last step before a soft token stands among text."""

from __future__ import annotations

from g4lab.models.norms import rms_norm
from g4lab.models.part import Part
from g4lab.models.projection import Projection


class SoftEmbedding(Part):
    """Norm without a scale, then a linear map.

    Differs: google-deepmind/gemma takes the linear map of a sound first; transformers and keras-hub norm first, and so
    does this.

    Shapes: [B,U,D of the encoder] -> [B,U,D].
    Source: transformers `Gemma4MultimodalEmbedder`.
    """

    def __init__(self, encoder_width: int, width: int, eps: float, dtype=None):
        super().__init__(dtype=dtype)
        self.eps = eps
        self.projection = Projection("bue,ed->bud", (encoder_width, width), dtype)

    def call(self, x):
        return self.projection(rms_norm(x, eps=self.eps))
