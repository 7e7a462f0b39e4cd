"""A thing: a shape of a colour at a place; and several of them in a picture without touching each other."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from . import canvas, palette, shapes
from .words import pick, some


@dataclass(frozen=True)
class Thing:
    """A shape in a picture; lengths in pixels, y downwards, x and y its middle."""

    shape: str
    colour: str
    shade: palette.RGB
    x: float
    y: float
    radius: float
    turn: float

    @property
    def name(self) -> str:
        """Both words: `red circle`."""
        return f"{self.colour} {self.shape}"


Kind = tuple[str, str]
"""A shape and a colour."""


def different(rng: np.random.Generator, count: int) -> tuple[Kind, ...]:
    """Draw kinds of things, all of different shapes and different colours."""
    return tuple(zip(some(rng, shapes.SHAPES, count), some(rng, palette.COLOURS, count), strict=True))


def any_kinds(rng: np.random.Generator, count: int) -> tuple[Kind, ...]:
    """Draw kinds of things that may be alike."""
    return tuple((pick(rng, shapes.SHAPES), pick(rng, palette.COLOURS)) for _ in range(count))


def placed(
    rng: np.random.Generator, kinds: tuple[Kind, ...], size: tuple[int, int], radii: tuple[float, float]
) -> list[Thing]:
    """Give each kind a place, and a radius between `radii` in units; no thing touches another or an edge."""
    (height, width), unit = size, canvas.unit(size)
    gap = 0.03 * unit
    while True:
        things: list[Thing] = []
        for shape, colour in kinds:
            for _ in range(20):
                radius = unit * rng.uniform(*radii)
                x, y = (rng.uniform(radius + gap, side - radius - gap) for side in (width, height))
                if all(np.hypot(x - one.x, y - one.y) > radius + one.radius + gap for one in things):
                    things.append(thing(rng, shape, colour, x, y, radius))
                    break
        if len(things) == len(kinds):
            return things


def thing(rng: np.random.Generator, shape: str, colour: str, x: float, y: float, radius: float) -> Thing:
    """A thing of a shade and a turn at random."""
    reach = shapes.TURNS[shape]
    return Thing(shape, colour, palette.shade(rng, colour), x, y, radius, rng.uniform(-reach, reach))


def drawn(picture: Image.Image, one: Thing, shift: tuple[float, float] = (0.0, 0.0)) -> None:
    """Draw a thing into a picture, shifted by (x, y) pixels."""
    x, y = one.x + shift[0], one.y + shift[1]
    part = (x - round(x), y - round(y))
    canvas.put(picture, shapes.mask(one.shape, one.radius, one.turn, part), one.shade, round(x), round(y))
