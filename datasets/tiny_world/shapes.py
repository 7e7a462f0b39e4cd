"""Six plain shapes as masks with soft edges."""

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
# How far each may be turned, in degrees to either side: a square on its corner would look like another shape.
TURNS = {"circle": 0, "square": 12, "triangle": 18, "star": 36, "cross": 12, "ring": 0}
_FINE = 4  # masks are drawn so many times larger and averaged
_ARM = 0.3  # half the width of a cross's arms
_HOLE = 0.55  # radius of a ring's hole


def mask(shape: str, radius: float, turn: float = 0.0, at: tuple[float, float] = (0.0, 0.0)) -> Image.Image:
    """Draw a shape inside a circle of `radius` pixels, turned by `turn` degrees.

    `at` shifts it by parts of a pixel from the middle of the mask, so that motion is smooth.
    """
    side = 2 * int(np.ceil(radius) + 2)
    middle = np.array([side / 2, side / 2]) + at
    image = Image.new("L", (side * _FINE, side * _FINE))
    pen = ImageDraw.Draw(image)
    if shape in ("circle", "ring"):
        pen.ellipse(_box(middle, radius * 0.92), fill=255)
        if shape == "ring":
            pen.ellipse(_box(middle, radius * _HOLE), fill=0)
    else:
        points = middle + radius * _turned(_corners(shape), turn)
        pen.polygon([tuple(point) for point in np.round(points * _FINE)], fill=255)
    return image.reduce(_FINE)


def _box(middle: np.ndarray, radius: float) -> list[float]:
    return [*np.round((middle - radius) * _FINE), *(np.round((middle + radius) * _FINE) - 1)]


def _corners(shape: str) -> np.ndarray:
    """Corners in a circle of radius 1, y downwards. Shapes: -> [n,2]."""
    if shape == "cross":
        long, short = np.sqrt(1 - _ARM**2), _ARM
        arm = [(short, -long), (short, -short), (long, -short), (long, short), (short, short), (short, long)]
        return np.array(arm + [(-x, -y) for x, y in arm])
    count = {"triangle": 3, "square": 4, "star": 10}[shape]
    turn = np.pi / 4 if shape == "square" else 0.0
    angles = turn - np.pi / 2 + 2 * np.pi * np.arange(count) / count
    reach = np.where(np.arange(count) % 2, 0.45, 1.0) if shape == "star" else np.ones(count)
    return reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], -1)


def _turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
