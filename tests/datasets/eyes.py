"""Read answers off the pixels of generated pictures, knowing where things are but not what was asked."""

import numpy as np

# What people call these colours; the nearest one names a shade. Not the ranges that the generator draws from.
NAMED = {
    "red": (215, 30, 40),
    "blue": (40, 85, 215),
    "green": (45, 150, 70),
    "yellow": (248, 220, 35),
    "purple": (120, 40, 150),
    "pink": (250, 140, 185),
    "brown": (108, 66, 32),
    "black": (18, 18, 18),
    "white": (250, 250, 250),
}
# Gaps in circles of 0.63 and 0.82 of the radius round the middle, and whether the middle is empty.
GAPS = {
    (0, 0, False): "circle",
    (0, 0, True): "ring",
    (0, 4, False): "square",
    (3, 3, False): "triangle",
    (4, 4, False): "cross",
    (5, 5, False): "star",
}


def near(picture, shade, most=12):
    """Where a picture has a shade, give or take the noise. Shapes: [h,w,3] -> [h,w] bool."""
    return np.abs(picture.astype(int) - np.array(shade)).max(-1) <= most


def around(picture, one, shift=(0.0, 0.0)):
    """The pixels of a thing's shade inside its circle. Shapes: -> [h,w] bool."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]] + 0.5
    inside = np.hypot(x - one["x"] - shift[0], y - one["y"] - shift[1]) <= one["radius"] + 2
    return near(picture, one["shade"]) & inside


def middle(pixels):
    """Mean x and y of some pixels."""
    y, x = np.nonzero(pixels)
    return float(x.mean() + 0.5), float(y.mean() + 0.5)


def colour(picture, one):
    """The name of the colour that a thing has in the picture."""
    return called(picture[around(picture, one)])


def called(pixels):
    """The name of the colour of some pixels. Shapes: [n,3]."""
    found = np.median(pixels, axis=0)
    return min(NAMED, key=lambda name: np.linalg.norm(found - NAMED[name]))


def shape(picture, one):
    """The shape that a thing has in the picture, by the gaps on two circles round its middle."""
    pixels = around(picture, one)
    angles = np.arange(720) * np.pi / 360

    def lit(part):
        x = (one["x"] + part * one["radius"] * np.cos(angles)).astype(int)
        y = (one["y"] + part * one["radius"] * np.sin(angles)).astype(int)
        return pixels[y, x]

    def gaps(part):
        # Seven samples and less are about a pixel: a ragged edge, no gap.
        ring = lit(part)
        edges = np.flatnonzero(ring != np.roll(ring, 1))
        lengths = np.diff(np.append(edges, edges[:1] + len(ring)))
        starts = [ring[edge] for edge, length in zip(edges, lengths, strict=True) if length > 7]
        return sum(now and not after for now, after in zip(starts, starts[1:] + starts[:1], strict=True))

    return GAPS[gaps(0.63), gaps(0.82), not lit(0.2).any()]


def height(picture, bar):
    """How high a bar is in the picture, in pixels of its middle column, from its foot."""
    column = near(picture, bar["shade"])[: bar["bottom"], (bar["left"] + bar["right"]) // 2]
    foot = column[::-1]
    return len(foot) if foot.all() else int(np.argmin(foot))


def overlap(one, other):
    """Share of the lit pixels of either mask that both have, 1 for equal masks. Shapes: [h,w] bool, [h',w'] bool."""
    size = [max(a, b) for a, b in zip(one.shape, other.shape, strict=True)]
    both = [
        np.pad(mask, [(0, whole - side) for whole, side in zip(size, mask.shape, strict=True)]) for mask in (one, other)
    ]
    return (both[0] & both[1]).sum() / (both[0] | both[1]).sum()


def cut(pixels):
    """A mask cut to what is lit in it."""
    y, x = np.nonzero(pixels)
    return pixels[y.min() : y.max() + 1, x.min() : x.max() + 1]
