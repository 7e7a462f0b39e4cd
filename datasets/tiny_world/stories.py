"""Very short stories: a character, a wish, a trouble, help, and an end that fits the beginning."""

import numpy as np

from .document import Document, draw
from .words import ANIMALS, COLOURS, PEOPLE, PLACES, THINGS, pick, some

OPENINGS = (
    "One day, {hero} went to the {place}.",
    "{hero} lived near the {place}.",
    "It was a {weather} morning at the {place}, and {hero} was awake early.",
    "Once there was a little {animal} called {hero}, who loved the {place}.",
)
WISHES = (
    "{hero} wanted to find a {colour} {thing}.",
    "{hero} was looking for a {colour} {thing}.",
    "All {hero} wished for was a {colour} {thing}.",
)
TROUBLES = (
    "But the {thing} was too high to reach.",
    "But the {thing} had fallen into the water.",
    "But the {thing} was under a heavy stone.",
    "But nobody knew where the {thing} was.",
)
HELPS = (
    'Then {friend} came by. "I can help you," said {friend}.',
    '{friend} the {other} saw it and said, "Let us try together."',
    '"Do not be sad," said {friend}. "We will get the {thing}."',
)
ENDS = (
    "In the end {hero} had the {colour} {thing}, and the two friends went home happy.",
    "They worked all day. At night {hero} held the {colour} {thing} and smiled at {friend}.",
    "{hero} thanked {friend}, and they played with the {colour} {thing} until it was dark.",
    "So {hero} and {friend} shared the {colour} {thing}, and both were glad.",
)
WEATHERS = ("cold", "warm", "rainy", "bright", "windy", "quiet")
SENTENCES = (
    "The {animal} sat near the {place}.",
    "A {colour} {thing} lay on the ground.",
    "{hero} walked to the {place} with a {animal}.",
    "It was a {weather} day at the {place}.",
    "{hero} gave the {thing} to {friend}.",
    "The {animal} saw the {other} and ran away.",
    "{hero} and {friend} sang a song about a {animal}.",
    "There was a {thing} beside the {place}.",
)


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write one story; hero, friend, thing and colour together decide the split."""

    def make() -> tuple[str, ...]:
        hero, friend = some(rng, PEOPLE, 2)
        return hero, friend, pick(rng, COLOURS), pick(rng, THINGS)

    hero, friend, colour, thing = draw(make, held_out)
    parts = {"hero": hero, "friend": friend, "colour": colour, "thing": thing, **scene(rng)}
    beats = (pick(rng, OPENINGS), pick(rng, WISHES), pick(rng, TROUBLES), pick(rng, HELPS), pick(rng, ENDS))
    return Document("stories", "story", about=parts).add(" ".join(beat.format(**parts) for beat in beats) + "\n")


def scene(rng: np.random.Generator) -> dict[str, str]:
    """Draw the place, the weather and the two animals."""
    animal, other = some(rng, ANIMALS, 2)
    return {"place": pick(rng, PLACES), "weather": pick(rng, WEATHERS), "animal": animal, "other": other}


def sentence(rng: np.random.Generator) -> str:
    """Write one sentence that belongs to no story: filler between a fact and a question about it."""
    hero, friend = some(rng, PEOPLE, 2)
    parts = {"hero": hero, "friend": friend, "colour": pick(rng, COLOURS), "thing": pick(rng, THINGS), **scene(rng)}
    return pick(rng, SENTENCES).format(**parts)
