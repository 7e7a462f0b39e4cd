"""The assembly: embed, run the blocks, score the next token."""

from __future__ import annotations

import keras
from keras import ops

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.models.audio import AudioEncoder
from g4lab.models.decoder import Decoder
from g4lab.models.embeddings import PerLayerEmbeddings, SoftTokens, TokenEmbedding, merged
from g4lab.models.sites import observe
from g4lab.models.vision import VisionEncoder


@keras.saving.register_keras_serializable("g4lab")
class Gemma4(keras.Model):
    """A Gemma 4 of any size, with the encoders that its config names.

    Call it with tokens, or with {"tokens": ..., "positions": ...}; a position of -1 marks padding. With pictures, films
    or sounds, add "media" as `soft_tokens` takes them, and "places" and "ends" as `placing.arranged` gives them.

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
        self.vision = VisionEncoder(config.vision, config.width, dtype) if config.vision else None
        self.audio = AudioEncoder(config.audio, config.width, dtype) if config.audio else None
        self.built = True

    def call(self, inputs):
        if not isinstance(inputs, dict):
            return self.logits(self.hidden(inputs))
        soft = None
        if "media" in inputs:
            soft = SoftTokens(self.soft_tokens(inputs["media"]), inputs["places"], inputs["ends"])
        return self.logits(self.hidden(inputs["tokens"], inputs.get("positions"), soft=soft))

    def compute_output_spec(self, inputs, **_):
        """What a call gives, for inputs whose sizes are not all known."""
        tokens = inputs["tokens"] if isinstance(inputs, dict) else inputs
        return keras.KerasTensor((*tokens.shape, self.text.vocab_size), "float32")

    def soft_tokens(self, media: dict):
        """Every soft token of pictures, films and sounds, in this order; those past a medium's last one are filler.

        Shapes: "image" and "video": {"pixels": [B,T,patch values], "positions": int [B,T,2]}, one row a picture or a
        frame; "audio": {"mel": [B,T,M], "valid": bool [B,T]}; any of them -> [R,D].
        """
        found = [
            self.vision(media[kind]["pixels"], media[kind]["positions"], site)
            for kind, site in (("image", "vision"), ("video", "video"))
            if kind in media
        ]
        if "audio" in media:
            found.append(self.audio(media["audio"]["mel"], media["audio"]["valid"]))
        return ops.concatenate([ops.reshape(rows, (-1, self.text.width)) for rows in found], axis=0)

    def hidden(self, tokens, positions=None, memory=None, soft: SoftTokens | None = None):
        """The residual stream after the final norm.

        Shapes: tokens, positions int [B,T] -> [B,T,D]. `memory` keeps keys and values beyond this call; `soft` are the
        soft tokens to read among the text.
        """
        tokens = ops.cast(tokens, "int32")
        if positions is None:
            positions = ops.broadcast_to(ops.arange(tokens.shape[1], dtype="int32"), ops.shape(tokens))
        if soft is not None:
            # Placeholders are no words: their own embeddings are never read, in PLE neither.
            tokens = ops.where(soft.places >= 0, self.text.pad_id, tokens)
        x = self.embed(tokens)
        x = observe("embedding", x if soft is None else merged(x, soft))
        ple = None if self.ple is None else self.ple(tokens, x)
        both_ways = soft is not None and self.text.bidirectional_images
        return self.decoder(x, positions, memory, ple, soft.ends if both_ways else None)

    def logits(self, x):
        """Shapes: [B,T,D] -> float32 [B,T,V]."""
        return observe("logits", self.embed.logits(x))

    def named_variables(self) -> dict[str, keras.Variable]:
        """Every variable by its name, such as "layers.3.attention.query.kernel", in order of use."""
        found = _variables(self.embed, "embed")
        if self.ple is not None:
            found |= _variables(self.ple, "ple")
        for i, block in enumerate(self.decoder.blocks):
            found |= _variables(block, f"layers.{i}")
        found |= _variables(self.decoder.final_norm, "final_norm")
        for name, encoder in (("vision", self.vision), ("audio", self.audio)):
            if encoder is not None:
                found |= _variables(encoder, name)
                for i, block in enumerate(encoder.blocks):
                    found |= _variables(block, f"{name}.layers.{i}")
        return found

    @property
    def text_variables(self) -> list[keras.Variable]:
        """The variables that reading and writing text take: all but the encoders'."""
        encoders = {id(v) for part in (self.vision, self.audio) if part is not None for v in part.variables}
        return [variable for variable in self.variables if id(variable) not in encoders]

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
