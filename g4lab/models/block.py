"""One layer of the decoder: attention, feed-forward, and what PLE adds, each between two norms."""

from __future__ import annotations

from keras import ops

from g4lab.config import TextConfig
from g4lab.models.attention import Attention
from g4lab.models.experts import Experts
from g4lab.models.feedforward import FeedForward
from g4lab.models.norms import RMSNorm
from g4lab.models.part import Part
from g4lab.models.plan import Layer
from g4lab.models.projection import Projection
from g4lab.models.router import Router
from g4lab.models.sites import observe
from g4lab.runtime import value_of


class Block(Part):
    """x + norm(attention(norm x)), then x + norm(feed-forward), then x + norm(PLE), times the layer's scalar."""

    def __init__(self, config: TextConfig, layer: Layer, dtype=None):
        super().__init__(dtype=dtype)
        self.layer = layer
        self.site = f"layers.{layer.index}"

        def norm():
            return RMSNorm(config.width, config.norm_eps, dtype)

        self.attention_norm = norm()
        self.attention = Attention(layer, config.width, config.norm_eps, dtype)
        self.attention_post_norm = norm()
        self.feedforward_norm = norm()
        self.feedforward = FeedForward(config.width, layer.feedforward, dtype)
        self.feedforward_post_norm = norm()
        if layer.experts:
            self.router = Router(config, dtype)
            self.experts_norm = norm()
            self.experts = Experts(config, dtype)
            self.dense_post_norm = norm()
            self.experts_post_norm = norm()
        if layer.ple_dim:
            self.ple_gate = Projection("btd,dp->btp", (config.width, layer.ple_dim), dtype)
            self.ple_projection = Projection("btp,pd->btd", (layer.ple_dim, config.width), dtype)
            self.ple_post_norm = norm()
        self.layer_scalar = self.add_weight(shape=(1,), initializer="ones", trainable=False, name="layer_scalar")

    def call(self, x, rope, mask, memory, ple=None):
        """Read the residual stream and write to it.

        Shapes: x [B,T,D], mask [B,T,S], ple [B,T,P] -> [B,T,D]. `memory` hands out the keys and values.
        """
        normed = self.attention_norm(x)
        if not self.layer.borrows:
            memory.write(self.layer, *self.attention.keys_and_values(normed, rope, self.site))
        attended = self.attention(normed, rope, *memory.read(self.layer), mask, self.site)
        x = x + observe(f"{self.site}.attention.output", self.attention_post_norm(attended))
        x = x + observe(f"{self.site}.feedforward.output", self.feedforward_post_norm(self.mixture(x)))
        if ple is not None:
            gated = ops.gelu(self.ple_gate(x), approximate=True) * ple
            x = x + observe(f"{self.site}.ple.output", self.ple_post_norm(self.ple_projection(gated)))
        return observe(f"{self.site}.residual", x * value_of(self.layer_scalar))

    def mixture(self, x):
        """The dense MLP and, where there are experts, their sum beside it.

        Shapes: [B,T,D] -> [B,T,D].
        """
        dense = self.feedforward(self.feedforward_norm(x))
        if not self.layer.experts:
            return dense
        dense = observe(f"{self.site}.dense.output", self.dense_post_norm(dense))
        chosen, weights = self.router(x, self.site)
        sparse = self.experts_post_norm(self.experts(self.experts_norm(x), chosen, weights, self.site))
        return dense + observe(f"{self.site}.experts.output", sparse)
