"""Chapter 1, one right answer to each exercise."""


def best_pair(pieces, ranks):
    """The neighbours that were merged first in training, or None when no neighbours may merge."""
    pairs = [pair for pair in zip(pieces, pieces[1:], strict=False) if pair in ranks]
    return min(pairs, key=lambda pair: ranks[pair], default=None)


def merge(pieces, pair):
    """Join every occurrence of a pair, from left to right."""
    joined, place = [], 0
    while place < len(pieces):
        found = tuple(pieces[place : place + 2]) == pair
        joined.append(pair[0] + pair[1] if found else pieces[place])
        place += 2 if found else 1
    return joined


def encode(text, ranks):
    """Characters, merged until no neighbours may merge."""
    pieces = list(text)
    while (pair := best_pair(pieces, ranks)) is not None:
        pieces = merge(pieces, pair)
    return pieces


def count_control(ids, control):
    """How many of the tokens are control tokens."""
    return sum(id in control for id in ids)
