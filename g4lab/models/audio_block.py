"""One layer of the audio encoder, a conformer: half a feed-forward, attention, a convolution, the other half."""

from __future__ import annotations

from functools import partial

from keras import ops

from g4lab.encoder_config import AudioConfig
from g4lab.models.audio_attention import AudioAttention
from g4lab.models.clipped import projection_of
from g4lab.models.norms import RMSNorm
from g4lab.models.part import Part
from g4lab.models.projection import normal_weight
from g4lab.models.sites import observe
from g4lab.runtime import value_of

EPS = 1e-6
"""Of the norms outside the convolution: theirs does not come from the config."""


class HalfFeedForward(Part):
    """norm(down(silu(up(norm x)))) times a weight of one half: there are two of them in a layer.

    Shapes: [B,T,D] -> [B,T,D], to be added to x.
    """

    def __init__(self, config: AudioConfig, dtype=None):
        super().__init__(dtype=dtype)
        linear, width = projection_of(config), config.width
        self.weight, self.limited = config.residual_weight, partial(limited, limit=config.limit)
        self.norm = RMSNorm(width, EPS, dtype)
        self.up = linear("btd,df->btf", (width, 4 * width), dtype)
        self.down = linear("btf,fd->btd", (4 * width, width), dtype)
        self.post_norm = RMSNorm(width, EPS, dtype)

    def call(self, x):
        y = self.down(ops.silu(self.up(self.norm(self.limited(x)))))
        return self.post_norm(self.limited(y)) * self.weight


class LightConvolution(Part):
    """A gate, then for each feature its own mean over this frame and the few before it, then a linear map.

    Shapes: [B,T,D] -> [B,T,D], to be added to x.
    Source: transformers `Gemma4AudioLightConv1d`.
    """

    def __init__(self, config: AudioConfig, dtype=None):
        super().__init__(dtype=dtype)
        linear, width = projection_of(config), config.width
        self.limited = partial(limited, limit=config.limit)
        self.norm = RMSNorm(width, config.norm_eps, dtype)
        self.start = linear("btd,de->bte", (width, 2 * width), dtype)
        self.kernel = normal_weight(self, (config.kernel, width, 1), config.kernel, "kernel")
        self.post_norm = RMSNorm(width, config.norm_eps, dtype)
        self.end = linear("btd,de->bte", (width, width), dtype)

    def call(self, x):
        value, gate = ops.split(self.start(self.norm(x)), 2, axis=-1)
        y = causal_convolution(value * ops.sigmoid(gate), value_of(self.kernel))
        return self.end(ops.silu(self.post_norm(self.limited(y))))


def causal_convolution(x, kernel):
    """Each feature's weighted sum over the present frame (the kernel's last entry) and those before it.

    Shapes: x [B,T,D], kernel [size,D,1] -> [B,T,D].
    """
    size, length = kernel.shape[0], x.shape[1]
    padded = ops.pad(x, ((0, 0), (size - 1, 0), (0, 0)))
    return sum(padded[:, i : i + length] * kernel[i, :, 0] for i in range(size))


def limited(x, limit: float):
    """x, with what is beyond the limit cut off."""
    return ops.clip(x, -limit, limit)


class AudioBlock(Part):
    """x + half feed-forward, + attention, + convolution, + half feed-forward, and a norm of it all.

    Source: transformers `Gemma4AudioLayer`.
    """

    def __init__(self, config: AudioConfig, dtype=None):
        super().__init__(dtype=dtype)
        norm = partial(RMSNorm, config.width, EPS, dtype)
        self.limited = partial(limited, limit=config.limit)
        self.first = HalfFeedForward(config, dtype)
        self.attention_norm = norm()
        self.attention = AudioAttention(config, dtype)
        self.attention_post_norm = norm()
        self.convolution = LightConvolution(config, dtype)
        self.second = HalfFeedForward(config, dtype)
        self.norm = norm()

    def call(self, x, valid, site: str):
        """Shapes: x [B,T,D], valid bool [B,T] -> [B,T,D]."""
        x = x + observe(f"{site}.first.output", self.first(x))
        attended = self.attention(self.attention_norm(self.limited(x)), valid, f"{site}.attention")
        x = x + observe(f"{site}.attention.output", self.attention_post_norm(self.limited(attended)))
        x = x + observe(f"{site}.convolution.output", self.convolution(x))
        x = x + observe(f"{site}.second.output", self.second(x))
        return observe(f"{site}.residual", self.norm(self.limited(x)))
