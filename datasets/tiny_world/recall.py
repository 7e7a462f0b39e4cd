"""Facts about made-up names, something else for longer than a local window, then questions about the facts.

Every fact is asked for, several times and in random order: asking for one of n gives so little signal that a small
model settles on naming any of the n, and stays there. A fact begins a line wherever it stands, so that a name is
always cut into the same pieces.
"""

import numpy as np

from .document import Document, draw
from .stories import sentence
from .turns import asked, closed, opened
from .words import CITIES, COLOURS, PEOPLE, made_up, pick

GAP = (20, 420)  # characters between the facts and the first question: the least, and the most at difficulty 1
FACTS = (2, 6)
NOTES, TURNS = 14, 8  # questions in a document: on a plain page, in a chat

VALUES = {
    "number": lambda rng: str(rng.integers(10, 100)),
    "colour": lambda rng: pick(rng, COLOURS),
    "city": lambda rng: pick(rng, CITIES),
    "person": lambda rng: pick(rng, PEOPLE),
}
BEFORE = {"number": "{} is ", "colour": "{} likes ", "city": "{} loves ", "person": "{} knows "}


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write facts, filler and questions; the names decide the split."""
    kind = list(VALUES)[rng.integers(len(VALUES))]
    count = int(rng.integers(FACTS[0], round(FACTS[0] + (FACTS[1] - FACTS[0]) * difficulty) + 1))
    facts: dict[str, str] = {}
    while len(facts) < count:
        facts[draw(lambda: made_up(rng, difficulty), held_out)] = VALUES[kind](rng)
    form = talk if rng.random() < 0.35 else note
    document = Document("recall", form.__name__, about={"facts": facts, "before": BEFORE[kind]})
    form(rng, document, gap(rng, difficulty))
    return document


def told(document: Document) -> str:
    """Return the facts, one a line."""
    return "".join(f"{line(document, name)}\n" for name in document.about["facts"])


def line(document: Document, name: str) -> str:
    """Return one fact as a sentence."""
    return document.about["before"].format(name) + document.about["facts"][name] + "."


def note(rng: np.random.Generator, document: Document, filler: str) -> None:
    """Write a plain page: the facts, a story, and the facts again in other orders."""
    document.given(told(document)).add(filler, 0.3).add("\n")
    for name in questions(rng, document, NOTES):
        document.given(name).add(document.about["before"].format("").rstrip())
        document.answer(f" {document.about['facts'][name]}.").add("\n")


def talk(rng: np.random.Generator, document: Document, filler: str) -> None:
    """Write a chat: the user tells the facts and a story, then names one thing a turn; the model says its fact."""
    names = questions(rng, document, TURNS)
    opened(document, f"{told(document)}{filler}\n{names[0]}?")
    for place, name in enumerate(names):
        if place:
            asked(document, f"{name}?")
        document.answer(line(document, name))
    closed(document)


def questions(rng: np.random.Generator, document: Document, count: int) -> list[str]:
    """Return rounds of all names, each round in a new order, cut at `count`."""
    names = list(document.about["facts"])
    return [names[place] for _ in range(-(-count // len(names))) for place in rng.permutation(len(names))][:count]


def gap(rng: np.random.Generator, difficulty: float) -> str:
    """Tell something else, from a sentence up to far more than a local window."""
    low, high = GAP
    reach = rng.integers(low, int(low + (high - low) * difficulty) + 1)
    text = sentence(rng)
    while len(text) < reach:
        text += " " + sentence(rng)
    return text
