"""The linear map of the encoders, where the checkpoint says between which bounds it works."""

from __future__ import annotations

import keras
from keras import ops

from g4lab.encoder_config import BOUNDS
from g4lab.models.projection import Projection
from g4lab.runtime import value_of


class ClippedProjection(Projection):
    """A projection whose input and output are clamped between stored bounds; none are in force until they are loaded.

    Maps that read the same input (query, key and value; gate and up) hold equal bounds in the published checkpoints,
    but each has its own.

    Source: transformers `Gemma4ClippableLinear`.
    """

    def __init__(self, equation: str, shape: tuple[int, ...], dtype=None):
        super().__init__(equation, shape, dtype)
        for name, side in BOUNDS.items():
            infinite = keras.initializers.Constant(side * float("inf"))
            setattr(self, name, self.add_weight(shape=(1,), initializer=infinite, trainable=False, name=name))

    def call(self, x):
        x = ops.clip(x, value_of(self.input_min), value_of(self.input_max))
        return ops.clip(super().call(x), value_of(self.output_min), value_of(self.output_max))


def projection_of(config):
    """The kind of linear map that an encoder is made of: takes an equation, a shape and a dtype."""
    return ClippedProjection if config.clipped else Projection
