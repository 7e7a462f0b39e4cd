"""Word lists that several domains share, and made-up names."""

import numpy as np

PEOPLE = tuple("Ana Ben Chloe Dev Eli Fay Gus Hana Ivo June Kai Lena Milo Nia Omar Pia".split())
ANIMALS = tuple("cat dog fox pig hen bear frog mouse goat duck horse crab".split())
COLOURS = tuple("red blue green yellow black white brown pink grey purple".split())
THINGS = tuple("ball kite lamp cup hat boat book drum key coat bell box pear stone".split())
PLACES = tuple("garden forest river market school hill beach barn kitchen bridge tower lake".split())
CITIES = tuple("Paris Rome Oslo Lima Cairo Delhi Tokyo Quito Accra Berlin Dublin Hanoi".split())

ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z")
VOWELS = ("a", "e", "i", "o", "u")
ENDINGS = ("l", "n", "r")
SYLLABLES = tuple(onset + vowel + ending for ending in ENDINGS for vowel in VOWELS for onset in ONSETS)
FIRST = 14  # syllables that names begin with: telling few apart is learned soon, telling all apart at once is not


def pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    """Draw one word."""
    return words[rng.integers(len(words))]


def some(rng: np.random.Generator, words: tuple[str, ...], count: int) -> list[str]:
    """Draw `count` different words."""
    return [words[place] for place in rng.choice(len(words), count, replace=False)]


def syllable(rng: np.random.Generator) -> str:
    """Make up a syllable."""
    return pick(rng, ONSETS) + pick(rng, VOWELS) + pick(rng, ENDINGS)


def alphabet(difficulty: float) -> tuple[str, ...]:
    """The syllables that names are made of: few at difficulty 0, all at 1."""
    return SYLLABLES[: round(FIRST + (len(SYLLABLES) - FIRST) * difficulty)]


def made_up(rng: np.random.Generator, difficulty: float = 1.0) -> str:
    """Make up a name of two syllables, one of 196 at difficulty 0, of 44,100 at 1: too many to be learned by heart."""
    syllables = alphabet(difficulty)
    return (pick(rng, syllables) + pick(rng, syllables)).capitalize()
