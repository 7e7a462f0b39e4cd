"""Chapter 4: masks of 6 x 6 written out by hand, and the owners of E2B."""

from __future__ import annotations

import numpy as np

from g4lab.config import preset
from g4lab.course.ch04 import solutions
from g4lab.course.exercise import Exercise, expect, shown
from g4lab.models.plan import plan


def picture(*rows: str) -> np.ndarray:
    """A mask from its drawing: # where a query may read. Shapes: -> bool [T,S]."""
    return np.array([[sign == "#" for sign in row] for row in rows])


def drawn(mask: np.ndarray) -> str:
    """A mask as rows of # and dots."""
    return " / ".join("".join("#" if allowed else "." for allowed in row) for row in np.asarray(mask).astype(bool))


CAUSAL = picture("#.....", "##....", "###...", "####..", "#####.", "######")
WINDOW_3 = picture("#.....", "##....", "###...", ".###..", "..###.", "...###")
PICTURE_2_TO_4 = picture("#.....", "##....", "#####.", ".####.", "..###.", "...###")


def _square(answer, length, *rest):
    got = np.asarray(answer(length, *rest))
    expect(got.shape == (length, length), f"{length} tokens need a mask of {length} x {length}; yours is {got.shape}")
    expect(got.dtype.kind == "b" or set(np.unique(got)) <= {0, 1}, f"a mask is True or False; yours holds {shown(got)}")
    return got.astype(bool)


def _golden(answer, wanted, *rest):
    got = _square(answer, len(wanted), *rest)
    expect(bool((got == wanted).all()), f"rows are queries, # may be read. Yours: {drawn(got)}. Right: {drawn(wanted)}")


SELF = "every token may read itself"
FUTURE = "no token may read a later one"
WINDOW = "no row has more keys than the window"
BY_HAND = "six tokens, by hand"


def _reads_itself(answer, *rest):
    expect(bool(np.diag(_square(answer, 7, *rest)).all()), "a token may not read itself here: the diagonal is not True")


def _not_the_future(answer, *rest):
    got = _square(answer, 7, *rest)
    expect(not np.triu(got, 1).any(), f"something is read before it was written: {drawn(got)} (rows are queries)")


def _inside_the_window(answer, *rest):
    got = _square(answer, 9, 4, *rest)
    most = int(got.sum(1).max())
    expect(most <= 4, f"with a window of 4 a row of yours reads {most} keys; the token itself is one of the 4")


causal = Exercise(
    name="causal",
    call="causal(length)",
    solution=solutions.causal,
    probes=[(6,), (1,), (3,)],
    hints=[
        "Rows are queries, columns are keys: entry [t, s] asks whether token t may read token s.",
        "np.arange(length)[:, None] and np.arange(length)[None, :] compare every t with every s.",
        "places = np.arange(length), and then: places[:, None] >= places[None, :]",
    ],
)
causal.invariant(SELF)(_reads_itself)
causal.invariant(FUTURE)(_not_the_future)
causal.value(BY_HAND)(lambda answer: _golden(answer, CAUSAL))

sliding = Exercise(
    name="sliding",
    call="sliding(length, window)",
    solution=solutions.sliding,
    probes=[(6, 3), (6, 1), (5, 9), (8, 4)],
    hints=[
        "With places = np.arange(length), distance = places[:, None] - places[None, :]; it is negative for the future.",
        "A window of 3 holds the distances 0, 1 and 2.",
        "(distance >= 0) & (distance < window)",
    ],
)
sliding.invariant(SELF)(lambda answer: _reads_itself(answer, 3))
sliding.invariant(FUTURE)(lambda answer: _not_the_future(answer, 3))
sliding.invariant(WINDOW)(_inside_the_window)


@sliding.invariant("a window as long as the text is the causal mask")
def _(answer):
    _golden(answer, CAUSAL, 6)


sliding.value(BY_HAND)(lambda answer: _golden(answer, WINDOW_3, 3))

with_pictures = Exercise(
    name="with_pictures",
    call="with_pictures(length, window, pictures)",
    solution=solutions.with_pictures,
    probes=[(6, 3, [(2, 5)]), (6, 3, []), (8, 2, [(0, 3), (5, 8)]), (7, 6, [(1, 3), (3, 6)])],
    hints=[
        "Begin with the causal mask, without a window.",
        "For each (start, end): allowed[start:end, start:end] = True. The last token of a picture is end - 1.",
        "The window comes last and holds for pictures too: allowed & (distance < window).",
    ],
)


@with_pictures.invariant("without pictures it is the sliding mask")
def _(answer):
    _golden(answer, WINDOW_3, 3, [])


@with_pictures.invariant("outside a picture nothing later is seen")
def _(answer):
    got = _square(answer, 6, 6, [(2, 5)])
    ahead = np.triu(got, 1)
    ahead[2:5, 2:5] = False
    expect(not ahead.any(), f"tokens 2, 3 and 4 are a picture, 0, 1 and 5 are text: {drawn(got)}")


@with_pictures.invariant("one picture does not see the next one")
def _(answer):
    got = _square(answer, 7, 7, [(1, 3), (3, 6)])
    expect(not got[1:3, 3:6].any(), f"1-2 is one picture, 3-5 another that comes later: {drawn(got)}")


with_pictures.value("six tokens, of which 2, 3 and 4 are a picture, by hand")(
    lambda answer: _golden(answer, PICTURE_2_TO_4, 3, [(2, 5)])
)

E2B, E4B = preset("e2b"), preset("e4b")
SMALL = ("local", "global", "local", "local", "global", "local", "global")

owners = Exercise(
    name="owners",
    call="owners(kinds, shared)",
    solution=solutions.owners,
    probes=[
        (list(SMALL), 3),
        (list(SMALL), 0),
        (list(E2B.kinds), E2B.shared_layers),
        (list(E4B.kinds), E4B.shared_layers),
    ],
    hints=[
        "The first len(kinds) - shared layers own what they read: their owner is their own index.",
        "A borrower reads the last owner of its own kind: the nearest one below all borrowers.",
        "last = {kind: layer for layer, kind in enumerate(kinds[:first_borrower])} keeps the last of each kind.",
    ],
)


@owners.invariant("one owner for each layer, and nothing borrowed where nothing is shared")
def _(answer):
    got = answer(list(SMALL), 0)
    expect(
        len(got) == 7 and list(got) == list(range(7)),
        f"7 layers that share nothing own their own: you gave {shown(got)}",
    )


@owners.invariant("a borrower reads a layer of its own kind")
def _(answer):
    got = answer(list(SMALL), 3)
    expect(len(got) == 7, f"7 layers need 7 owners; you gave {shown(got)}")
    for layer, owner in enumerate(got):
        expect(
            SMALL[layer] == SMALL[owner],
            f"layer {layer} is {SMALL[layer]} and reads layer {owner}, which is {SMALL[owner]}: their heads differ",
        )


@owners.invariant("who is read owns: no one borrows from a borrower")
def _(answer):
    got = answer(list(SMALL), 3)
    for layer, owner in enumerate(got):
        expect(got[owner] == owner, f"layer {layer} reads layer {owner}, which itself reads layer {got[owner]}")


@owners.value("local, global, local, local, global, local, global, of which 3 borrow: by hand")
def _(answer):
    got = answer(list(SMALL), 3)
    expect(list(got) == [0, 1, 2, 3, 1, 3, 1], f"it is 0, 1, 2, 3, 1, 3, 1; you gave {shown(got)}")


@owners.value("E2B has 15 owners and 20 borrowers, as in its plan")
def _(answer):
    got = answer(list(E2B.kinds), E2B.shared_layers)
    own = sum(layer == owner for layer, owner in enumerate(got))
    expect(own == 15, f"E2B has 35 layers, of which 15 own what they read; by your count {own} do")
    wanted = [row.owner for row in plan(E2B)]
    expect(list(got) == wanted, f"layers 15 to 34 read {wanted[15:]}; you gave {shown(list(got[15:]))}")
