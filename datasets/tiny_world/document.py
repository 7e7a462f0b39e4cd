"""A document: text, what kind of text it is, and which parts of it can be predicted at all."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

Key = TypeVar("Key")

# How much a character counts in the training loss. Random names and numbers cannot be predicted, so asking
# for them only adds noise to the gradient; the answers are what a lesson is about.
GIVEN, PROSE, ANSWER = 0.1, 1.0, 3.0


@dataclass
class Document:
    """Text of one domain, with spans (start, end, weight) of characters that do not count as ordinary prose."""

    domain: str
    kind: str
    text: str = ""
    spans: list[tuple[int, int, float]] = field(default_factory=list)
    about: dict = field(default_factory=dict)

    def add(self, text: str, weight: float = PROSE) -> "Document":
        """Append text; returns the document, so that calls can be chained."""
        if weight != PROSE:
            self.spans.append((len(self.text), len(self.text) + len(text), weight))
        self.text += text
        return self

    def given(self, text: str) -> "Document":
        """Append text that nothing before it predicts."""
        return self.add(text, GIVEN)

    def answer(self, text: str) -> "Document":
        """Append text that follows from what came before."""
        return self.add(text, ANSWER)

    @property
    def answers(self) -> list[tuple[int, int]]:
        """Character spans of the answers."""
        return [(start, end) for start, end, weight in self.spans if weight == ANSWER]


def is_held_out(*key: object) -> bool:
    """Assign a tenth of all keys to the held-out split, by content: whatever the seed, a key stays on its side."""
    digest = hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 10 == 0


def draw(make: Callable[[], Key], held_out: bool, name: Callable[[Key], object] = lambda key: key) -> Key:
    """Draw keys from `make` until one belongs to the wanted split; `name` says what the split is decided by."""
    while is_held_out(name(key := make())) != held_out:
        pass
    return key
