"""Tokens to vectors: the tied embedding, the soft tokens among them, and the per-layer embeddings (PLE)."""

from __future__ import annotations

from typing import NamedTuple

from keras import ops

from g4lab.config import TextConfig
from g4lab.models.norms import RMSNorm
from g4lab.models.part import Part
from g4lab.models.projection import Projection, normal_weight
from g4lab.runtime import value_of


class TokenEmbedding(Part):
    """The table that turns tokens into vectors and, transposed, vectors into logits."""

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        self.scale = config.width**0.5
        self.softcap = config.softcap
        self.table = normal_weight(self, (config.vocab_size, config.width), config.width, "table")

    def call(self, tokens):
        """Rows of the table times sqrt(D), which is rounded to the table's dtype first.

        Shapes: tokens int [B,T] -> [B,T,D].
        """
        x = ops.take(self.table, tokens, axis=0)
        return x * ops.cast(self.scale, x.dtype)

    def logits(self, x):
        """Scores of every token as the next one, float32, softly limited to the range of the cap.

        Shapes: [B,T,D] -> [B,T,V].
        """
        logits = ops.cast(ops.einsum("btd,vd->btv", x, value_of(self.table)), "float32")
        return logits if self.softcap is None else self.softcap * ops.tanh(logits / self.softcap)


class SoftTokens(NamedTuple):
    """What pictures, films and sounds have become, and where it stands among the tokens.

    Shapes: vectors [R,D]; places int [B,T], the vector of each position or -1 where there is text; ends int [B,T], the
    position of the last token of the same picture, or the position itself.
    """

    vectors: object
    places: object
    ends: object


def merged(x, soft: SoftTokens):
    """The soft tokens in the place of embedded text, as they are: not scaled by sqrt(D).

    Shapes: x [B,T,D] -> [B,T,D].
    """
    vectors = ops.cast(ops.take(soft.vectors, ops.maximum(soft.places, 0), axis=0), x.dtype)
    return ops.where(soft.places[..., None] >= 0, vectors, x)


class PerLayerEmbeddings(Part):
    """For every token and layer a vector of P features: half from a table, half from the embedded context.

    Source: transformers `Gemma4TextModel.project_per_layer_inputs`.
    """

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        self.shape_of_layers = (config.layers, config.ple_dim)
        self.token_scale = config.ple_dim**0.5
        self.context_scale = config.width**-0.5
        stacked = config.layers * config.ple_dim
        self.table = normal_weight(self, (config.ple_vocab_size, stacked), config.ple_dim, "table")
        self.projection = Projection("btd,df->btf", (config.width, stacked), dtype)
        self.norm = RMSNorm(config.ple_dim, config.norm_eps, dtype)

    def call(self, tokens, x):
        """
        Shapes: tokens int [B,T], x [B,T,D] (after soft tokens are merged) -> [B,T,L,P].
        """
        shape = (-1, tokens.shape[1], *self.shape_of_layers)
        token = ops.take(self.table, tokens, axis=0)
        token = ops.reshape(token * ops.cast(self.token_scale, token.dtype), shape)
        context = self.norm(ops.reshape(self.projection(x) * self.context_scale, shape))
        return (context + token) * 2**-0.5
