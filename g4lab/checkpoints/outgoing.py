"""Tensors on their way into a file: described first, made one at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from g4lab.checkpoints.rules import Rule, Shape, Table


@dataclass(frozen=True)
class Outgoing:
    """A tensor to be written under another library's name."""

    name: str
    shape: Shape
    dtype: np.dtype
    make: Callable[[], np.ndarray]

    @property
    def nbytes(self) -> int:
        """Its size in the file."""
        return math.prod(self.shape) * self.dtype.itemsize


def outgoing(table: Table, parameters: Mapping, dtype: str | None = None) -> list[Outgoing]:
    """All parameters of a network as tensors of theirs; `dtype` defaults to each parameter's own."""
    shapes = {name: tuple(variable.shape) for name, variable in parameters.items()}

    def one(rule: Rule) -> Outgoing:
        stored = numpy_dtype(dtype or parameters[rule.ours[0]].dtype)
        return Outgoing(rule.theirs, rule.shape(shapes), stored, lambda: rule.save(_arrays(rule, parameters)))

    return [one(rule) for rule in table.rules(parameters)]


def numpy_dtype(name: str) -> np.dtype:
    """The numpy type of that name, of which bfloat16 is one only by way of ml_dtypes."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def _arrays(rule: Rule, parameters: Mapping) -> dict[str, np.ndarray]:
    from g4lab.runtime import to_numpy

    return {name: to_numpy(parameters[name]) for name in rule.ours}
