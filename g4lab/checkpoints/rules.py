"""How the tensors of another library become our parameters, and back: one table a library, read in both directions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

Shape = tuple[int, ...]
_LAYER = re.compile(r"\blayers\.(\d+)\.")


@dataclass(frozen=True)
class Layout:
    """The order of axes on both sides, in axis letters: "dnh -> (nh)d" is ours, then theirs.

    Letters in brackets are one axis of theirs. A letter that theirs lacks is an axis of length 1.
    """

    text: str

    def shape(self, ours: Shape) -> Shape:
        """The shape that theirs must have for a parameter of ours with this shape."""
        sizes = dict(zip(self._ours, ours, strict=True))
        return tuple(math.prod(sizes[letter] for letter in axis) for axis in self._theirs)

    def view(self, ours: np.ndarray) -> np.ndarray:
        """A contiguous array of ours seen in the shape of theirs: read it to save, write into it to load."""
        stored = "".join(self._theirs)
        order = stored + "".join(letter for letter in self._ours if letter not in stored)
        return ours.transpose([self._ours.index(letter) for letter in order]).reshape(self.shape(ours.shape))

    @property
    def _ours(self) -> str:
        return self.text.split("->")[0].strip()

    @property
    def _theirs(self) -> list[str]:
        """The axes of theirs, each as its letters."""
        return [bracket or letter for bracket, letter in re.findall(r"\((\w+)\)|(\w)", self.text.split("->")[1])]


@dataclass(frozen=True)
class Rule:
    """One tensor of theirs and the parameters of ours that it holds.

    Usually one; several are joined along the axis `joined` of theirs, which is not the first.
    """

    theirs: str
    ours: tuple[str, ...]
    layout: Layout
    joined: int | None = None

    def shape(self, shapes: Mapping[str, Shape]) -> Shape:
        """The shape that theirs must have, given the shapes of our parameters."""
        shape = list(self.layout.shape(shapes[self.ours[0]]))
        if self.joined is not None:
            shape[self.joined] *= len(self.ours)
        return tuple(shape)

    def load(self, rows: slice, chunk: np.ndarray, ours: Mapping[str, np.ndarray]) -> None:
        """Write some rows of theirs into arrays of ours, which takes their dtype."""
        parts = [chunk] if self.joined is None else np.split(chunk, len(self.ours), axis=self.joined)
        for name, part in zip(self.ours, parts, strict=True):
            view = self.layout.view(ours[name])
            view[rows if view.ndim else ...] = part

    def save(self, ours: Mapping[str, np.ndarray]) -> np.ndarray:
        """The tensor of theirs."""
        views = [self.layout.view(ours[name]) for name in self.ours]
        return views[0] if self.joined is None else np.concatenate(views, axis=self.joined)


def row(theirs: str, ours: str | tuple[str, ...], layout: str, joined: int | None = None) -> Rule:
    """One line of a table; `{i}` stands for the index of a layer."""
    return Rule(theirs, (ours,) if isinstance(ours, str) else ours, Layout(layout), joined)


@dataclass(frozen=True)
class Table:
    """Every rule of one library, with `{i}` for the layer."""

    rows: tuple[Rule, ...]

    def under(self, prefix: str) -> Table:
        """The same table for a checkpoint that puts a prefix before each name of theirs."""
        return Table(tuple(replace(rule, theirs=prefix + rule.theirs) for rule in self.rows))

    def __add__(self, other: Table) -> Table:
        """The rules of both."""
        return Table(self.rows + other.rows)

    def rules(self, parameters: Iterable[str]) -> list[Rule]:
        """The rules that fill these parameters of ours, in their order."""
        by_parameter = {name: rule for rule in self.rows for name in rule.ours}
        rules: dict[str, Rule] = {}
        for name in parameters:
            layer = _LAYER.search(name)
            rule = by_parameter[_LAYER.sub("layers.{i}.", name)]
            index = layer[1] if layer else ""
            theirs = rule.theirs.replace("{i}", index)
            ours = tuple(part.replace("{i}", index) for part in rule.ours)
            rules[theirs] = Rule(theirs, ours, rule.layout, rule.joined)
        return list(rules.values())
