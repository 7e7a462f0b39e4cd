"""Chapter 4: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch04 import solutions
from g4lab.course.ch04.checks import BY_HAND, FUTURE, SELF, WINDOW, causal, owners, sliding, with_pictures

KIND = "a borrower reads a layer of its own kind"


def _distance(length):
    places = np.arange(length)
    return places[:, None] - places[None, :]


@causal.mutant(SELF, "this hides the token from itself. A token may read itself: use >= and not >.")
def strictly_before(length):
    return _distance(length) > 0


@causal.mutant(FUTURE, "rows and columns are exchanged. Rows are queries: a row is True up to its own place.")
def transposed(length):
    return _distance(length) <= 0


@causal.mutant(FUTURE, "this lets everyone read everyone, as BERT does. A model that writes must not see what comes.")
def everyone(length):
    return np.ones((length, length), bool)


@sliding.mutant(WINDOW, "the window is one too wide. It counts the token itself: distances 0 to window - 1.")
def one_too_wide(length, window):
    return (_distance(length) >= 0) & (_distance(length) <= window)


@sliding.mutant(FUTURE, "this window reaches both ways. It reaches back only.")
def both_ways(length, window):
    return np.abs(_distance(length)) < window


@sliding.mutant(WINDOW, "this hides what is near and shows what is far. The window keeps the nearest keys.")
def far_only(length, window):
    near = _distance(length) < window
    return ((_distance(length) >= 0) & ~near) | np.eye(length, dtype=bool)


@sliding.mutant(
    BY_HAND, "this cuts the text into blocks. A window slides: every token has its own, ending at the token itself."
)
def blocks(length, window):
    block = np.arange(length) // window
    return solutions.causal(length) & (block[:, None] == block[None, :])


@with_pictures.mutant(
    "six tokens, of which 2, 3 and 4 are a picture, by hand",
    "this forgets the pictures: their tokens see the later tokens of the same picture.",
)
def no_pictures(length, window, pictures):
    return solutions.sliding(length, window)


@with_pictures.mutant(
    "outside a picture nothing later is seen",
    "this takes `end` for the last token of a picture. It is the first one after it.",
)
def one_more(length, window, pictures):
    return solutions.with_pictures(length, window, [(start, min(end + 1, length)) for start, end in pictures])


@with_pictures.mutant(
    "outside a picture nothing later is seen",
    "this opens the columns of a picture to everyone. Only its own tokens see its later ones.",
)
def open_columns(length, window, pictures):
    allowed = solutions.causal(length)
    for start, end in pictures:
        allowed[:, start:end] = True
    return allowed & (_distance(length) < window)


@with_pictures.mutant(
    "one picture does not see the next one",
    "this treats all pictures as one. Each sees itself both ways, and of the others what came before.",
)
def one_for_all(length, window, pictures):
    inside = np.zeros(length, bool)
    for start, end in pictures:
        inside[start:end] = True
    return (solutions.causal(length) | (inside[:, None] & inside[None, :])) & (_distance(length) < window)


@with_pictures.mutant(
    "the same as the solution",
    "this lets a picture see all of itself, beyond the window. The window holds for pictures too.",
)
def beyond_the_window(length, window, pictures):
    allowed = solutions.sliding(length, window)
    for start, end in pictures:
        allowed[start:end, start:end] = True
    return allowed


@owners.mutant(KIND, "this borrows from the last owner of any kind. Local and global heads differ: take its own kind.")
def of_any_kind(kinds, shared):
    first = len(kinds) - shared
    return [layer if layer < first else first - 1 for layer in range(len(kinds))]


@owners.mutant(
    "local, global, local, local, global, local, global, of which 3 borrow: by hand",
    "this borrows from the first owner of its kind. Gemma takes the last one.",
)
def first_of_its_kind(kinds, shared):
    first = len(kinds) - shared
    return [layer if layer < first else list(kinds).index(kind) for layer, kind in enumerate(kinds)]


@owners.mutant(
    "who is read owns: no one borrows from a borrower",
    "this borrows from the nearest earlier layer of its kind, which may be a borrower. The lender is the last owner.",
)
def nearest(kinds, shared):
    found = []
    for layer, kind in enumerate(kinds):
        earlier = [other for other in range(layer) if kinds[other] == kind]
        found.append(layer if layer < len(kinds) - shared or not earlier else earlier[-1])
    return found


@owners.mutant(KIND, "this borrows from the layer right below. It takes the last owner of its own kind.")
def right_below(kinds, shared):
    return [layer if layer < len(kinds) - shared else layer - 1 for layer in range(len(kinds))]


@owners.mutant(
    "local, global, local, local, global, local, global, of which 3 borrow: by hand",
    "this lets the first layers borrow. The first layers own; the last `shared` ones borrow.",
)
def from_the_other_end(kinds, shared):
    last = {kind: layer for layer, kind in enumerate(kinds)}
    return [last[kind] if layer < shared else layer for layer, kind in enumerate(kinds)]
