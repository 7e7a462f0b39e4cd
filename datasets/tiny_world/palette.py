"""Nine colours with plain names, each a range of shades, and backgrounds that all shades on them stand out from."""

import colorsys

import numpy as np

# Hue in degrees, saturation and value: the least and the most of each. Ranges of two names never meet.
SHADES = {
    "red": ((-8, 6), (0.80, 1.00), (0.75, 0.95)),
    "blue": ((212, 232), (0.70, 1.00), (0.65, 0.95)),
    "green": ((110, 145), (0.60, 0.95), (0.45, 0.75)),
    "yellow": ((49, 58), (0.80, 1.00), (0.92, 1.00)),
    "purple": ((276, 292), (0.60, 0.85), (0.48, 0.68)),
    "pink": ((326, 344), (0.35, 0.52), (0.95, 1.00)),
    "brown": ((20, 30), (0.62, 0.82), (0.34, 0.48)),
    "black": ((0, 360), (0.00, 0.20), (0.03, 0.12)),
    "white": ((0, 360), (0.00, 0.04), (0.96, 1.00)),
}
COLOURS = tuple(SHADES)
_GROUNDS = (
    ((0, 360), (0.00, 0.15), (0.80, 1.00)),
    ((0, 360), (0.00, 0.30), (0.08, 0.30)),
    ((0, 360), (0.00, 0.20), (0.45, 0.75)),
)
APART = 32.0  # least distance of a background from every shade on it, in CIELAB; 2.3 can just be told apart
LEGIBLE = 30.0  # least difference of its lightness from that of letters, of 100

RGB = tuple[int, int, int]


def shade(rng: np.random.Generator, colour: str) -> RGB:
    """Draw a shade of a named colour."""
    return _drawn(rng, SHADES[colour])


def ground(rng: np.random.Generator, shades: list[RGB], ink: RGB | None = None) -> RGB:
    """Draw a light, dark or middling background on which all of the shades can be seen, and thin strokes of `ink`."""
    while True:
        found = _drawn(rng, _GROUNDS[rng.integers(len(_GROUNDS))])
        legible = ink is None or abs(_lab(found)[0] - _lab(ink)[0]) >= LEGIBLE
        if legible and all(distance(found, one) >= APART for one in shades):
            return found


def distance(one: RGB, other: RGB) -> float:
    """How different two colours look: their distance in CIELAB (CIE 1976)."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _drawn(rng: np.random.Generator, ranges: tuple[tuple[float, float], ...]) -> RGB:
    hue, saturation, value = (rng.uniform(*ends) for ends in ranges)
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(hue % 360 / 360, saturation, value))


_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _lab(rgb: RGB) -> np.ndarray:
    """CIELAB of an sRGB colour, white point D65. Shapes: [3] -> [3]."""
    part = np.array(rgb) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    ratio = _TO_XYZ @ linear / (0.9505, 1.0, 1.089)
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
