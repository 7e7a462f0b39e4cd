"""The assembly: embed, run the blocks, score the next token."""

from __future__ import annotations

import keras
from keras import ops

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.models.decoder import Decoder
from g4lab.models.embeddings import PerLayerEmbeddings, TokenEmbedding
from g4lab.models.sites import observe


@keras.saving.register_keras_serializable("g4lab")
class Gemma4(keras.Model):
    """A Gemma 4 text model of any size.

    Call it with tokens, or with {"tokens": ..., "positions": ...}; a position of -1 marks padding.

    Shapes: tokens int [B,T] -> logits float32 [B,T,V].
    """

    def __init__(self, config: TextConfig, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name or "gemma4")
        if self.compute_dtype == "float16":
            raise InputError("some sizes of Gemma 4 overflow in float16", config.name, 'give "bfloat16" or "float32"')
        self.text = config
        dtype = self.dtype_policy
        self.embed = TokenEmbedding(config, dtype)
        self.ple = PerLayerEmbeddings(config, dtype) if config.ple_dim else None
        self.decoder = Decoder(config, dtype)
        self.built = True

    def call(self, inputs):
        tokens, positions = (inputs["tokens"], inputs.get("positions")) if isinstance(inputs, dict) else (inputs, None)
        return self.logits(self.hidden(tokens, positions))

    def compute_output_spec(self, inputs, **_):
        """What a call gives, for inputs whose sizes are not all known."""
        tokens = inputs["tokens"] if isinstance(inputs, dict) else inputs
        return keras.KerasTensor((*tokens.shape, self.text.vocab_size), "float32")

    def hidden(self, tokens, positions=None, memory=None):
        """The residual stream after the final norm.

        Shapes: tokens, positions int [B,T] -> [B,T,D]. `memory` keeps keys and values beyond this call.
        """
        tokens = ops.cast(tokens, "int32")
        if positions is None:
            positions = ops.broadcast_to(ops.arange(tokens.shape[1], dtype="int32"), ops.shape(tokens))
        x = observe("embedding", self.embed(tokens))
        ple = None if self.ple is None else self.ple(tokens, x)
        return self.decoder(x, positions, memory, ple)

    def logits(self, x):
        """Shapes: [B,T,D] -> float32 [B,T,V]."""
        return observe("logits", self.embed.logits(x))

    def parameters(self) -> dict[str, keras.Variable]:
        """Every variable by its name, such as "layers.3.attention.query.kernel", in order of use."""
        found = _variables(self.embed, "embed")
        if self.ple is not None:
            found |= _variables(self.ple, "ple")
        for i, block in enumerate(self.decoder.blocks):
            found |= _variables(block, f"layers.{i}")
        return found | _variables(self.decoder.final_norm, "final_norm")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """What Keras calls before a step on PyTorch, whose own would walk `parameters()` and find names."""
        for variable in self.trainable_variables:
            variable.value.grad = None

    def get_config(self):
        return {"config": self.text.to_dict(), "dtype": self.dtype_policy.name, "name": self.name}

    @classmethod
    def from_config(cls, values):
        return cls(TextConfig.from_dict(values["config"]), dtype=values["dtype"], name=values["name"])


def _variables(part, prefix: str) -> dict[str, keras.Variable]:
    """Variables of a part and of the parts in it, named by attribute (`output_`: Keras has taken `output`)."""
    members = vars(part) | vars(part).get("_modules", {})  # where PyTorch keeps layers
    found = {}
    for name, value in members.items():
        name = f"{prefix}.{name.rstrip('_')}"
        if isinstance(value, keras.Variable):
            found[name] = value
        elif isinstance(value, keras.layers.Layer):
            found |= _variables(value, name)
    return found
