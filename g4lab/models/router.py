"""The router: which experts read a token, and with what weight."""

from __future__ import annotations

from keras import ops

from g4lab.config import TextConfig
from g4lab.models.norms import rms_norm
from g4lab.models.part import Part
from g4lab.models.projection import Projection
from g4lab.models.sites import observe
from g4lab.models.softmax import softmax
from g4lab.runtime import value_of


class Router(Part):
    """Choose C of E experts per token by a softmax over all E.

    The chosen probabilities are divided by their sum and then multiplied by each expert's learned scale, so the
    effective weights need not add up to one.

    Source: transformers `Gemma4TextRouter`; it reads the raw residual stream.
    """

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        self.eps = config.norm_eps
        self.root_width = config.width**-0.5
        self.chosen = config.chosen
        self.scale = self.add_weight(shape=(config.width,), initializer="ones", name="scale")
        self.projection = Projection("btd,de->bte", (config.width, config.experts), dtype)
        self.expert_scale = self.add_weight(shape=(config.experts,), initializer="ones", name="expert_scale")

    def call(self, x, site: str):
        """Indices and effective weights of the chosen experts.

        Shapes: x [B,T,D] -> int [B,T,C], float32 [B,T,C].
        """
        x = rms_norm(x, eps=self.eps) * value_of(self.scale) * self.root_width
        logits = observe(f"{site}.router.logits", self.projection(x))
        probabilities = observe(f"{site}.router.probabilities", softmax(logits))
        chosen, experts = ops.top_k(probabilities, self.chosen)
        experts = observe(f"{site}.router.experts", ops.cast(experts, "int32"))
        weights = chosen / ops.sum(chosen, axis=-1, keepdims=True)
        weights = weights * ops.cast(ops.take(self.expert_scale, experts), "float32")
        return experts, observe(f"{site}.experts.weights", weights)
