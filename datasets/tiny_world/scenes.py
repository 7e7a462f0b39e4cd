"""Pictures of plain shapes, and questions about colour, shape, place, number; short captions."""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np

from . import canvas, palette
from .document import draw
from .seen import Seen
from .things import Thing, any_kinds, different, drawn, placed
from .words import pick

COLOUR = (
    "What colour is the {}?",
    "Which colour is the {}?",
    "The {} is what colour?",
    "Name the colour of the {}.",
    "What color is the {}?",
)
SHAPE = ("What shape is {}?", "Which shape is {}?", "What is the {} shape?", "Name the {} shape.", "What is {} here?")
PLACE = (
    "Where is the {0}: {2}{3} the {1}?",
    "Is the {0} {2}{3} the {1}?",
    "The {0} is {2}{3} the {1}?",
    "{2}: where is the {0}, seen from the {1}?",
)
COUNT = ("How many shapes are there?", "How many shapes do you see?", "Count the shapes.", "How many shapes?")
CAPTION = ("Describe the picture.", "What do you see?", "What is in the picture?", "Say what is drawn.")
SIDES = {"x": ("left", "right"), "y": ("above", "below")}
# Radius in units of the picture, the least and the most, by how many shapes there are. The least, 22 pixels of 240,
# is a shape as wide as a soft token.
RADII = {1: (0.09, 0.26), 2: (0.09, 0.21), 3: (0.09, 0.18), 4: (0.09, 0.15), 5: (0.085, 0.12)}
MARGIN = 0.18  # least distance of two middles along the axis that is asked for, in units: about a soft token
CLEAR = 1.6  # in a caption, so many times farther apart along the axis it names than along the other


def colour(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for the colour of a shape."""
    size, things = _scene(rng, held_out, int(rng.integers(2, 5)))
    return _seen(rng, "colour", pick(rng, COLOUR).format(things[0].shape), things[0].colour, size, things)


def shape(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for the shape of a colour."""
    size, things = _scene(rng, held_out, int(rng.integers(2, 5)))
    return _seen(rng, "shape", pick(rng, SHAPE).format(things[0].colour), things[0].shape, size, things)


def place(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask on which side of the second thing the first one is."""
    axis = ("x", "y")[rng.integers(2)]
    wanted = SIDES[axis][rng.integers(2)]

    def clear(things: list[Thing], unit: float) -> bool:
        return side(*things[:2], axis) == wanted and abs(_between(*things[:2], axis)) >= MARGIN * unit

    size, things = _scene(rng, held_out, int(rng.integers(2, 4)), clear)
    full = rng.random() < 0.3
    names = [one.name if full else one.shape for one in things[:2]]
    choices = " or ".join(SIDES[axis] if rng.random() < 0.5 else SIDES[axis][::-1])
    question = pick(rng, PLACE).format(*names, choices, " of" if axis == "x" else "")
    return _seen(rng, "place", question[0].upper() + question[1:], wanted, size, things, axis=axis)


def count(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask how many shapes there are; they may be alike."""
    number = int(rng.integers(1, 6))
    size, things = _scene(rng, held_out, number, kinds=any_kinds)
    return _seen(rng, "count", pick(rng, COUNT), str(number), size, things)


def caption(rng: np.random.Generator, held_out: bool) -> Seen:
    """Ask for a description: `a red circle left of a blue square`, from the left, or from above."""
    axis = ("x", "y")[rng.integers(2)]

    def clear(things: list[Thing], unit: float) -> bool:
        along, across = (abs(_between(*things, one)) for one in (axis, "xy".replace(axis, "")))
        return along >= max(MARGIN * unit, CLEAR * across)

    size, things = _scene(rng, held_out, 2, clear)
    first, second = sorted(things, key=lambda one: getattr(one, axis))
    relation = "left of" if axis == "x" else "above"
    answer = f"a {first.name} {relation} a {second.name}"
    return _seen(rng, "caption", pick(rng, CAPTION), answer, size, things, axis=axis)


def side(one: Thing, other: Thing, axis: str) -> str:
    """On which side of the other thing a thing is."""
    return SIDES[axis][int(_between(one, other, axis) > 0)]


def _between(one: Thing, other: Thing, axis: str) -> float:
    return getattr(one, axis) - getattr(other, axis)


def _scene(
    rng: np.random.Generator,
    held_out: bool,
    number: int,
    clear: Callable[[list[Thing], float], bool] = lambda things, unit: True,
    kinds: Callable = different,
) -> tuple[tuple[int, int], list[Thing]]:
    """Draw a size and things that are clearly placed; which things are together decides the split."""
    chosen = draw(lambda: kinds(rng, number), held_out, lambda found: ("scene", *sorted(found)))
    size = canvas.size(rng)
    while True:
        things = placed(rng, chosen, size, RADII[number])
        if clear(things, canvas.unit(size)):
            return size, things


def _seen(
    rng: np.random.Generator, kind: str, question: str, answer: str, size: tuple[int, int], things: list[Thing], **about
) -> Seen:
    """Draw the picture. Whatever is asked for stands first among the things, so they are drawn in any order."""
    picture = canvas.background(rng, size, palette.ground(rng, [one.shade for one in things]))
    for index in rng.permutation(len(things)):
        drawn(picture, things[index])
    about |= {"size": size, "things": [asdict(one) for one in things]}
    return Seen(kind, question, answer, pictures=(canvas.noisy(rng, picture),), about=about)
