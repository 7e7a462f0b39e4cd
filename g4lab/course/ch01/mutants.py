"""Chapter 1: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

from collections import Counter

from g4lab.course.ch01 import solutions
from g4lab.course.ch01.checks import best_pair, count_control, encode, merge

FIRST = "in l-o-w-e-r, e-r goes first: its rank is 0"
PAIR = "it is a pair of neighbours that may merge, or None"
LETTERS = "the letters stay the same, in the same order"
WHOLE = "200 texts, with emoji in them, come back whole"
NO_MORE = "at the end no neighbours may merge any more"
TEXT = "text counts nothing, and no count exceeds the number of tokens"


def _pairs(pieces, ranks):
    return [pair for pair in zip(pieces, pieces[1:], strict=False) if pair in ranks]


@best_pair.mutant(
    FIRST, "this takes the highest rank. What was merged first in training has the lowest, and goes first."
)
def last_learned(pieces, ranks):
    return max(_pairs(pieces, ranks), key=lambda pair: ranks[pair], default=None)


@best_pair.mutant(FIRST, "this takes the leftmost pair. Order in the text does not matter, only the rank does.")
def leftmost(pieces, ranks):
    return next(iter(_pairs(pieces, ranks)), None)


@best_pair.mutant(
    FIRST, "this counts pairs in the text at hand. Counting is how merges are learned; encoding only follows the ranks."
)
def most_frequent(pieces, ranks):
    counts = Counter(_pairs(pieces, ranks))
    return max(counts, key=counts.get, default=None)


@best_pair.mutant(PAIR, "this falls back on a pair that is not in `ranks`. Pairs without a rank never merge.")
def any_pair(pieces, ranks):
    pairs = zip(pieces, pieces[1:], strict=False)
    return min(pairs, key=lambda pair: ranks.get(pair, float("inf")), default=None)


@merge.mutant("every occurrence is joined", "this joins the first occurrence only; a merge applies to all of them.")
def first_only(pieces, pair):
    for place in range(len(pieces) - 1):
        if (pieces[place], pieces[place + 1]) == pair:
            return [*pieces[:place], pair[0] + pair[1], *pieces[place + 2 :]]
    return pieces


@merge.mutant(
    LETTERS, "after joining, this goes on by one place instead of two, so a letter is used twice (a-a-a: aa-aa-a)."
)
def overlapping(pieces, pair):
    return [
        pair[0] + pair[1] if tuple(pieces[i : i + 2]) == pair else piece
        for i, piece in enumerate(pieces)
    ]  # fmt: skip


@merge.mutant(
    "the same as the solution",
    "this compares the joined letters. a + bc reads like ab + c, but they are different pairs; compare piece by piece.",
)
def by_letters(pieces, pair):
    joined, place = [], 0
    while place < len(pieces):
        found = place + 1 < len(pieces) and pieces[place] + pieces[place + 1] == pair[0] + pair[1]
        joined.append(pair[0] + pair[1] if found else pieces[place])
        place += 2 if found else 1
    return joined


@merge.mutant(LETTERS, "this also joins the pair in the other order (b-a as ab). A pair has an order.")
def either_order(pieces, pair):
    joined, place = [], 0
    while place < len(pieces):
        found = tuple(pieces[place : place + 2]) in (pair, pair[::-1])
        joined.append(pair[0] + pair[1] if found else pieces[place])
        place += 2 if found else 1
    return joined


@encode.mutant(NO_MORE, "this merges once. Encoding goes on until no neighbours may merge.")
def one_step(text, ranks):
    pieces = list(text)
    pair = solutions.best_pair(pieces, ranks)
    return pieces if pair is None else solutions.merge(pieces, pair)


@encode.mutant(
    "wer becomes w-er, since e-r has a lower rank than w-e",
    "this merges the leftmost pair first. The rank decides, wherever the pair stands.",
)
def left_to_right(text, ranks):
    pieces = list(text)
    while (pair := leftmost(pieces, ranks)) is not None:
        pieces = solutions.merge(pieces, pair)
    return pieces


@encode.mutant(WHOLE, "this splits the text at its spaces and drops them. A space is a character like any other.")
def without_spaces(text, ranks):
    return [piece for word in text.split() for piece in solutions.encode(word, ranks)]


@encode.mutant(NO_MORE, "this stops before anything is merged: single characters.")
def characters(text, ranks):
    return list(text)


@count_control.mutant(TEXT, "this counts different control tokens. The same one counts each time it stands there.")
def different(ids, control):
    return len(set(ids) & set(control))


@count_control.mutant(TEXT, "this counts the tokens of text; the question is about the others.")
def text_instead(ids, control):
    return sum(id not in control for id in ids)


@count_control.mutant(
    "the same as the solution",
    "this takes every id up to the largest control token for one. Ask the set: byte pieces have small ids too.",
)
def small_ids(ids, control):
    return sum(id <= max(control) for id in ids)
