"""The linear map: one einsum and one stored weight."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar

import keras
from keras import ops

from g4lab.models.part import Part
from g4lab.runtime import pages, share

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
        kernel_letters = equation.split("->")[0].split(",")[1]
        summed = [
            size for letter, size in zip(kernel_letters, shape, strict=True) if letter not in equation.split("->")[1]
        ]
        fan_in = 1
        for size in summed:
            fan_in *= size
        self.kernel = normal_weight(self, shape, fan_in, "kernel")

    def call(self, x):
        return ops.einsum(self.equation, x, self.kernel)
