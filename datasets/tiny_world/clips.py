"""Clips of one moving shape, often beside one that keeps still."""

from dataclasses import asdict

import numpy as np

from . import canvas, palette
from .document import draw
from .seen import Seen
from .things import Kind, Thing, different, drawn, thing
from .words import pick

QUESTIONS = (
    "Which way does the {} move?",
    "Where does the {} move?",
    "Which way does the {} go?",
    "The {} moves which way?",
    "In which direction does the {} move?",
)
STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
# Read with a budget of 9 soft tokens a frame, the first, third and fourth keep their size.
SIZES = {(144, 144): 0.8, (192, 192): 0.1, (96, 192): 0.05, (192, 96): 0.05}
RADII = (0.1, 0.14)  # of the shapes, in units of the frame
WAYS = (0.2, 0.34)  # how far the shape goes in all, likewise
RATES = (1.0, 2.0, 4.0)  # frames a second


def motion(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for the direction; which things there are, the direction and the number of frames decide the split."""
    way = tuple(STEPS)[rng.integers(4)]
    number, company = int(rng.integers(4, 9)), int(rng.integers(2))
    kinds = draw(lambda: different(rng, 1 + company), held_out, lambda found: ("motion", way, number, *found))
    size, fps = canvas.size(rng, SIZES), RATES[rng.integers(len(RATES))]
    things, far = _placed(rng, kinds, size, way)
    ground = canvas.background(rng, size, palette.ground(rng, [one.shade for one in things]))
    for still in things[1:]:
        drawn(ground, still)
    shifts = far * np.linspace(-0.5, 0.5, number)[:, None] * STEPS[way]
    frames = []
    for shift in shifts:
        picture = ground.copy()
        drawn(picture, things[0], tuple(shift))
        frames.append(np.asarray(picture))
    about = {"size": size, "way": way, "far": far, "things": [asdict(one) for one in things]}
    question = pick(rng, QUESTIONS).format(kinds[0][0])
    return Seen("motion", question, way, frames=np.stack(frames), fps=fps, about=about)


def _placed(
    rng: np.random.Generator, kinds: tuple[Kind, ...], size: tuple[int, int], way: str
) -> tuple[list[Thing], float]:
    """The moving shape in the middle of its way, the still one off it; and how far the first goes, in pixels.

    Along either axis the middle of the way lies in the same range, so that it says nothing about the direction.
    """
    (height, width), unit = size, canvas.unit(size)
    while True:
        radius, far = unit * rng.uniform(*RADII), unit * rng.uniform(*WAYS)
        edge = radius + far / 2 + 2
        if 2 * edge >= min(size):
            continue
        mover = thing(rng, *kinds[0], rng.uniform(edge, width - edge), rng.uniform(edge, height - edge), radius)
        if len(kinds) == 1:
            return [mover], far
        radius = unit * rng.uniform(*RADII)
        x, y = (rng.uniform(radius + 2, side - radius - 2) for side in (width, height))
        ends = far / 2 * np.array(STEPS[way])
        along = np.clip(np.dot([x - mover.x, y - mover.y], ends) / np.dot(ends, ends), -1, 1) * ends
        if np.hypot(x - mover.x - along[0], y - mover.y - along[1]) > radius + mover.radius + 3:
            return [mover, thing(rng, *kinds[1], x, y, radius)], far
