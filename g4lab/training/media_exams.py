"""The held-out exams of seeing and hearing: one question about one medium, answered greedily and in full."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from g4lab.training.corpus import tiny_world

FIRST = 1_000_000
"""Number of the first question: none that the log's probes have read."""


def share_right(lab, kind: str, count: int) -> float:
    """Share of the questions of a kind whose answer is the right one, letter for letter."""
    return float(np.mean([said == record.answer for record, said in answers(lab, kind, count)]))


def word_errors(lab, count: int) -> float:
    """Digits heard wrong, left out or made up, over the digits that were said: the word error rate."""
    pairs = [(record.answer.split(), said.split()) for record, said in answers(lab, "speech", count)]
    return sum(edits(wanted, said) for wanted, said in pairs) / sum(len(wanted) for wanted, _ in pairs)


def answers(lab, kind: str, count: int) -> Iterator[tuple]:
    """Held-out records of a kind, and what the model says to each."""
    world = tiny_world()
    for number in range(FIRST, FIRST + count):
        record = world.seen(kind, 0, number, "held-out")
        yield record, lab.generate(world.messages(record), max_new_tokens=24, temperature=0.0).strip()


def edits(wanted: list[str], said: list[str]) -> int:
    """The least insertions, deletions and replacements that turn one into the other: Levenshtein's distance."""
    row = list(range(len(said) + 1))
    for i, word in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(said, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]
