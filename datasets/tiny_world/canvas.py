"""Backgrounds of several shapes and textures, and masks in colour set down on them."""

import numpy as np
from PIL import Image

from .palette import RGB

# (height, width) in pixels and how often. Read with a budget of 25 soft tokens of 48 pixels, the first five keep their
# size; the last two are resized to 240 x 240.
SIZES = {
    (240, 240): 0.66,
    (192, 288): 0.09,
    (288, 192): 0.09,
    (144, 336): 0.03,
    (336, 144): 0.03,
    (360, 360): 0.05,
    (180, 180): 0.05,
}
TEXTURES = {"plain": 0.5, "gradient": 0.2, "grain": 0.2, "stripes": 0.1}


def size(rng: np.random.Generator, sizes: dict[tuple[int, int], float] = SIZES) -> tuple[int, int]:
    """Draw a size."""
    return weighted(rng, sizes)


def unit(size: tuple[int, int]) -> float:
    """What lengths in a picture are measured by: the side of the square of the same area."""
    return float(np.sqrt(size[0] * size[1]))


def weighted(rng: np.random.Generator, shares: dict):
    """Draw a key by its share; the shares add up to 1."""
    edges = np.cumsum(list(shares.values()))
    return list(shares)[min(int(np.searchsorted(edges, rng.random(), side="right")), len(shares) - 1)]


def background(rng: np.random.Generator, size: tuple[int, int], colour: RGB) -> Image.Image:
    """A plain or lightly textured background; no texture moves a value by more than 12 of 255 levels."""
    texture = weighted(rng, TEXTURES)
    if texture == "plain":
        return Image.new("RGB", size[::-1], colour)
    height, width = size
    y, x = np.mgrid[:height, :width]
    if texture == "grain":
        levels = rng.integers(-6, 7, size)
    else:
        turn = rng.uniform(0, 2 * np.pi)
        along = x * np.cos(turn) + y * np.sin(turn)
        if texture == "gradient":
            levels = np.round(rng.integers(6, 13) * along / np.abs(along).max())
        else:
            levels = np.where(along % rng.uniform(10, 30) < 4, rng.integers(4, 9), 0)
    return Image.fromarray(np.clip(np.array(colour) + levels[..., None], 0, 255).astype(np.uint8))


def put(picture: Image.Image, mask: Image.Image, colour: RGB, x: float, y: float) -> None:
    """Paint a mask in a colour, its middle at (x, y) to the nearest pixel."""
    picture.paste(colour, (round(x - mask.width / 2), round(y - mask.height / 2)), mask)


def noisy(rng: np.random.Generator, picture: Image.Image, most: int = 8) -> np.ndarray:
    """The finished picture, half of the time with noise of at most so many levels. Shapes: -> [h,w,3] uint8."""
    values = np.asarray(picture)
    if rng.random() < 0.5:
        return values.copy()
    noise = rng.integers(-most, most + 1, values.shape, dtype=np.int16)
    return np.clip(values + noise, 0, 255).astype(np.uint8)
