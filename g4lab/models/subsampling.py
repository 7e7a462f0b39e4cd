"""Two convolutions that halve a sound's frames and its mel bins, twice: the first step of the audio encoder."""

from __future__ import annotations

from keras import ops

from g4lab.encoder_config import AudioConfig
from g4lab.models.part import Part
from g4lab.models.projection import Projection, normal_weight
from g4lab.runtime import value_of


class HalvingConvolution(Part):
    """3x3 convolution of stride 2, layer norm over the channels, ReLU.

    Shapes: x [B,T,M,channels] -> [B,T/2,M/2,other channels], halves rounded up.
    """

    def __init__(self, channels: int, made: int, eps: float, dtype=None):
        super().__init__(dtype=dtype)
        self.eps = eps
        self.kernel = normal_weight(self, (3, 3, channels, made), 9 * channels, "kernel")
        self.scale = self.add_weight(shape=(made,), initializer="ones", name="scale")

    def call(self, x):
        # Padded by hand: "same" would pad an even length at its end only.
        x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        x = ops.conv(x, value_of(self.kernel), strides=2, padding="valid", data_format="channels_last")
        return ops.relu(layer_norm(x, value_of(self.scale), self.eps))


def layer_norm(x, scale, eps: float):
    """Take the mean off, divide by the standard deviation, multiply by `scale`; in float32, over the last axis.

    Shapes: x [...,D], scale [D] -> [...,D] in x's dtype.
    """
    y = ops.cast(x, "float32")
    y = y - ops.mean(y, axis=-1, keepdims=True)
    y = y * ops.rsqrt(ops.mean(ops.square(y), axis=-1, keepdims=True) + eps)
    return ops.cast(y * ops.cast(scale, "float32"), x.dtype)


class Subsampling(Part):
    """Mel frames to a quarter as many frames of the encoder's width.

    Shapes: mel [B,T,M], valid bool [B,T] -> [B,U,D] and valid bool [B,U], with U = T / 4 rounded up.
    Source: transformers `Gemma4AudioSubSampleConvProjection`.
    """

    def __init__(self, config: AudioConfig, dtype=None):
        super().__init__(dtype=dtype)
        first, second = config.channels
        self.first = HalvingConvolution(1, first, config.norm_eps, dtype)
        self.second = HalvingConvolution(first, second, config.norm_eps, dtype)
        self.projection = Projection("btf,fd->btd", (config.flattened, config.width), dtype)

    def call(self, mel, valid):
        x = ops.cast(mel, self.compute_dtype)[..., None]
        for convolution in (self.first, self.second):
            # What fills up a batch must not leak into frames at a sound's end.
            x = convolution(ops.where(valid[:, :, None, None], x, ops.zeros_like(x)))
            valid = valid[:, ::2]
        return self.projection(ops.reshape(x, (-1, *x.shape[1:2], x.shape[2] * x.shape[3]))), valid
