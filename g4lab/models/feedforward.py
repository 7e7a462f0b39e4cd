"""The dense MLP: a gate decides how much of each hidden feature passes."""

from __future__ import annotations

from keras import ops

from g4lab.models.part import Part
from g4lab.models.projection import Projection


def gated(gate, up):
    """The activation of every Gemma 4 MLP: tanh-GELU of the gate, times up."""
    return ops.gelu(gate, approximate=True) * up


class FeedForward(Part):
    """down(gelu(gate x) * (up x)), of linear maps of the kind `linear`.

    Shapes: [B,T,D] -> [B,T,D].
    """

    def __init__(self, width: int, hidden: int, dtype=None, linear=Projection):
        super().__init__(dtype=dtype)
        self.gate = linear("btd,df->btf", (width, hidden), dtype)
        self.up = linear("btd,df->btf", (width, hidden), dtype)
        self.down = linear("btf,fd->btd", (hidden, width), dtype)

    def call(self, x):
        return self.down(gated(self.gate(x), self.up(x)))
