"""The linear map: one einsum and one stored weight."""

from __future__ import annotations

import math
from contextlib import contextmanager
from contextvars import ContextVar

import keras
from keras import ops

from g4lab.models.part import Part
from g4lab.runtime import pages, reshape, share, value_of

_unset: ContextVar[bool] = ContextVar("weights stay unset", default=False)


@contextmanager
def unset_weights():
    """Build networks with zeros in place of random draws, for weights that are about to be loaded.

    The zeros take no memory until they are written.
    """
    token = _unset.set(True)
    try:
        yield
    finally:
        _unset.reset(token)


def normal_weight(part: Part, shape: tuple[int, ...], fan_in: int, name: str):
    """A variable drawn from a normal distribution of variance 1 / fan_in."""
    draw = _unwritten if _unset.get() else keras.initializers.RandomNormal(stddev=fan_in**-0.5)
    return part.add_weight(shape=shape, initializer=draw, name=name)


def _unwritten(shape, dtype):
    return share(pages(shape, dtype))


class Projection(Part):
    """y = einsum(equation, x, kernel).

    Shapes: given by `equation` in axis letters, such as "btd,dnh->btnh"; `shape` is the kernel's. Letters that
    the kernel shares with the output are kept, the others are summed over.
    """

    def __init__(self, equation: str, shape: tuple[int, ...], dtype=None):
        super().__init__(dtype=dtype)
        self.equation = equation
        given, kernel, made = equation.replace("->", ",").split(",")
        summed = [letter in given and letter not in made for letter in kernel].index(False)
        self.summed, self.made = shape[:summed], shape[summed:]
        self.fan_in, self.fan_out = math.prod(self.summed), math.prod(self.made)
        self.kernel = normal_weight(self, shape, self.fan_in, "kernel")

    def call(self, x):
        # As one product of two matrices: for a kernel of three axes XLA would write a transposed copy at every call,
        # and every step less counts where a token is a few hundred small steps.
        kernel, outer = value_of(self.kernel), ops.shape(x)[: -len(self.summed)]
        if len(kernel.shape) > 2:
            kernel = reshape(kernel, (self.fan_in, self.fan_out))
        if len(self.summed) > 1:
            x = reshape(x, (*outer, self.fan_in))
        y = ops.matmul(x, kernel)
        return y if len(self.made) == 1 else reshape(y, (*outer, *self.made))
