"""Chapter 6: sizes that fit a budget, squares of nine patches, and as many slots as soft tokens."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch06 import solutions
from g4lab.course.exercise import Exercise, expect, same, shown

SHAPES = ((1000, 1000), (900, 1600), (1600, 900), (1000, 3000), (480, 640), (2400, 400))
BUDGETS = (70, 280, 1120)

WHOLE = "both sides are whole soft tokens: multiples of 48 pixels, and at least 48"
BUDGET = "never more soft tokens than the budget"
SHAPE = "the shape is kept, up to one soft token"
ONLY_SHAPE = "only the shape counts: small pictures become as large as large ones"
FULL = "the budget is used: with one more row and one more column it would be too many"

resized = Exercise(
    name="resized",
    call="resized(height, width, budget)",
    solution=solutions.resized,
    probes=[(1000, 3000, 280), (800, 800, 70), (900, 1600, 1120), (37, 50, 280), (3000, 7, 280), (5, 4000, 70)],
    hints=[
        "A budget is an area: so many squares of 48 x 48 pixels. Both sides grow or shrink by one factor.",
        "factor = math.sqrt(budget * 48 * 48 / (height * width)). Then cut each side down to whole soft tokens.",
        "rows = int(factor * height / 48), columns likewise. If one is 0, it becomes 1 and the other the budget.",
    ],
)


def _cells(answer, height, width, budget):
    """Rows and columns of soft tokens that an answer gives."""
    got = answer(height, width, budget)
    pair = isinstance(got, tuple | list | np.ndarray) and len(got) == 2
    expect(pair, f"give two numbers, height and width; you gave {shown(got)}")
    numbers = [int(side) for side in got]
    expect(numbers == list(got), f"pixels are counted: give whole numbers; you gave {shown(got)}")
    return numbers[0] / 48, numbers[1] / 48, f"{height} x {width} pixels, budget {budget}: you gave {shown(got)}"


def _every():
    return ((*shape, budget) for shape in SHAPES for budget in BUDGETS)


@resized.invariant(WHOLE)
def _(answer):
    for asked in (*_every(), (3000, 7, 280), (5, 4000, 70)):
        rows, columns, said = _cells(answer, *asked)
        expect(rows % 1 == 0 and columns % 1 == 0 and rows >= 1 and columns >= 1, said)


@resized.invariant(BUDGET)
def _(answer):
    for asked in (*_every(), (3000, 7, 280), (5, 4000, 70)):
        rows, columns, said = _cells(answer, *asked)
        expect(rows * columns <= asked[2], f"{said}, which is {rows * columns:.0f} soft tokens")


@resized.invariant(SHAPE)
def _(answer):
    for height, width, budget in _every():
        rows, columns, said = _cells(answer, height, width, budget)
        off = rows - columns * height / width if height <= width else columns - rows * width / height
        expect(abs(off) <= 1, f"{said}, and that is another shape")


@resized.invariant(ONLY_SHAPE)
def _(answer):
    for height, width, budget in ((100, 300, 280), (40, 40, 70), (60, 80, 1120)):
        small, large = (_cells(answer, times * height, times * width, budget) for times in (1, 37))
        expect(small[:2] == large[:2], f"{small[2]}; {large[2]}")


@resized.invariant(FULL)
def _(answer):
    for asked in _every():
        rows, columns, said = _cells(answer, *asked)
        expect((rows + 1) * (columns + 1) > asked[2], f"{said}, which is {rows * columns:.0f} soft tokens")


@resized.value("a photo of 3:1 becomes 9 x 28 soft tokens of the 280")
def _(answer):
    got = answer(1000, 3000, 280)
    expect(same(got, (432, 1344)), f"the size is 432 x 1344 pixels; you gave {shown(got)}")


@resized.value("a square becomes 768 x 768 pixels, 256 soft tokens")
def _(answer):
    got = answer(500, 500, 280)
    expect(same(got, (768, 768)), f"you gave {shown(got)}")


@resized.value("a strip, 3000 high and 7 wide, becomes one column of 280")
def _(answer):
    got = answer(3000, 7, 280)
    expect(same(got, (280 * 48, 48)), f"you gave {shown(got)}")


def grid(columns: int, rows: int) -> np.ndarray:
    """The (x, y) of patches, row by row. Shapes: -> int [patches, 2]."""
    y, x = np.divmod(np.arange(rows * columns), columns)
    return np.stack([x, y], axis=-1)


_WIDE = grid(9, 6)
_TALL = grid(3, 12)
BY_HAND = "6 x 6 patches, by hand"
NINE = "each soft token gets nine patches"
SQUARE = "its nine patches are a square of 3 x 3"

soft_token_of = Exercise(
    name="soft_token_of",
    call="soft_token_of(x, y, columns)",
    solution=solutions.soft_token_of,
    probes=[(_WIDE[:, 0], _WIDE[:, 1], 3), (_TALL[:, 0], _TALL[:, 1], 1), (*grid(6, 6).T, 2)],
    hints=[
        "Which column of soft tokens is a patch in? Patches 0, 1 and 2 are in the first, 3, 4 and 5 in the second.",
        "x // 3 is the column of the soft token and y // 3 its row.",
        "Numbers run row by row: a whole row has `columns` of them. x // 3 + (y // 3) * columns",
    ],
)


def _numbers(answer, across, down):
    places = grid(across, down)
    got = np.asarray(answer(places[:, 0], places[:, 1], across // 3))
    expect(got.shape == (len(places),), f"{len(places)} patches need as many numbers; your shape is {got.shape}")
    expect(got.dtype.kind in "iu", f"soft tokens are counted: give whole numbers; you gave {shown(got)}")
    return got, places


@soft_token_of.invariant(NINE)
def _(answer):
    got, _ = _numbers(answer, 9, 6)
    counts = {int(u): int((got == u).sum()) for u in np.unique(got)}
    expect(
        counts == dict.fromkeys(range(6), 9),
        f"9 x 6 patches are soft tokens 0 to 5, nine patches each; yours: {shown(counts)}",
    )


@soft_token_of.invariant(SQUARE)
def _(answer):
    got, places = _numbers(answer, 9, 6)
    for u in range(6):
        extent = np.ptp(places[got == u], axis=0) + 1
        expect(extent.tolist() == [3, 3], f"the patches of your soft token {u} reach over {extent[0]} x {extent[1]}")


@soft_token_of.value(BY_HAND)
def _(answer):
    got, _ = _numbers(answer, 6, 6)
    wanted = np.array([[0, 0, 0, 1, 1, 1]] * 3 + [[2, 2, 2, 3, 3, 3]] * 3)
    drawn = " / ".join("".join(map(str, row)) for row in got.reshape(6, 6))
    expect(bool((got == wanted.ravel()).all()), f"the rows are 000111 three times, then 222333; yours: {drawn}")


_draw = np.random.default_rng(0)
PATCHES = _draw.normal(size=(54, 4))
PADDED = np.concatenate([PATCHES[:36], _draw.normal(size=(9, 4))])
PADDED_AT = np.concatenate([grid(6, 6), np.full((9, 2), -1)])

ONE_COLOUR = "a picture of one colour keeps it"
COUNT = "a soft token for nine patches, no more and no fewer"
ORDER = "a patch counts where its position says, whatever its place in the row"
PADDING = "padding (position -1) changes nothing"

mean_pool = Exercise(
    name="mean_pool",
    call="mean_pool(patches, positions)",
    solution=solutions.mean_pool,
    probes=[(PATCHES, _WIDE), (PATCHES[:36], _TALL), (PADDED, PADDED_AT), (PATCHES[:9], grid(3, 3))],
    hints=[
        "Take the padding away first: there = positions[:, 0] >= 0, then patches[there] and positions[there].",
        "The picture has (x.max() + 1) // 3 columns of soft tokens: hand that to your soft_token_of.",
        "np.stack([patches[token == u].mean(0) for u in range(len(patches) // 9)])",
    ],
)


def _pooled(answer, patches, positions, count):
    got = np.asarray(answer(patches, positions))
    wanted = (count, patches.shape[1])
    expect(got.shape == wanted, f"{count * 9} patches give an array of shape {wanted}; yours is {got.shape}")
    return got


@mean_pool.invariant(COUNT)
def _(answer):
    _pooled(answer, PATCHES, _WIDE, 6)
    _pooled(answer, PATCHES[:36], _TALL, 4)


@mean_pool.invariant(ONE_COLOUR)
def _(answer):
    got = _pooled(answer, np.full((36, 2), 0.5), grid(6, 6), 4)
    expect(np.allclose(got, 0.5), f"all patches are 0.5; your soft tokens are {shown(got)}")


@mean_pool.invariant(ORDER)
def _(answer):
    order = np.random.default_rng(1).permutation(54)
    got, moved = (_pooled(answer, PATCHES[i], _WIDE[i], 6) for i in (np.arange(54), order))
    expect(same(moved, got), "with the patches (and their positions) in another order, the soft tokens changed")


@mean_pool.invariant(PADDING)
def _(answer):
    got = _pooled(answer, PADDED, PADDED_AT, 4)
    alone = _pooled(answer, PATCHES[:36], grid(6, 6), 4)
    expect(same(got, alone), "nine patches of padding were added, and the soft tokens changed")


@mean_pool.value(BY_HAND)
def _(answer):
    got = _pooled(answer, np.arange(36.0)[:, None], grid(6, 6), 4)
    wanted = np.array([[7.0], [10.0], [25.0], [28.0]])
    expect(
        same(got, wanted), f"patches 0 to 35, row by row, have the means 7, 10, 25, 28; you gave {shown(got.ravel())}"
    )


SLOTS = "as many slots as soft tokens"
MARKS = "each picture stands between one <|image> and one <image|>"
TEXT = "text stays as it is"
TWO = "two pictures of 2 and 1 soft tokens, by hand"
SLOT, OPEN, CLOSE = "<|image|>", "<|image>", "<image|>"

with_slots = Exercise(
    name="with_slots",
    call="with_slots(pieces, counts)",
    solution=solutions.with_slots,
    probes=[(["What", " is", SLOT, "?"], [5]), ([SLOT, "and", SLOT], [2, 7]), (["no", " picture"], []), ([SLOT], [1])],
    hints=[
        "Go through the pieces and build a new list. A piece that is no <|image|> is kept.",
        "waiting = iter(counts), and next(waiting) is the count of the next picture.",
        'For a picture add "<|image>", then "<|image|>" as many times as it counts, then "<image|>".',
    ],
)


def _list(answer, pieces, counts):
    got = answer(pieces, counts)
    expect(isinstance(got, list | tuple), f"give a list of pieces; you gave {shown(got)}")
    return list(got)


@with_slots.invariant(TEXT)
def _(answer):
    got = _list(answer, ["What", " is", " this", "?"], [])
    expect(got == ["What", " is", " this", "?"], f"there is no picture in it; you gave {shown(got)}")
    got = [piece for piece in _list(answer, ["a", SLOT, "b"], [3]) if piece not in (SLOT, OPEN, CLOSE)]
    expect(got == ["a", "b"], f"around a picture stand 'a' and 'b'; of yours is left {shown(got)}")


@with_slots.invariant(SLOTS)
def _(answer):
    for counts in ([5], [2, 3]):
        got = _list(answer, ["a", *[SLOT] * len(counts)], counts).count(SLOT)
        expect(got == sum(counts), f"pictures of {shown(counts)} soft tokens: you gave {got} slots")


@with_slots.invariant(MARKS)
def _(answer):
    got = _list(answer, [SLOT, "b", SLOT], [2, 3])
    marks = [piece for piece in got if piece in (OPEN, CLOSE)]
    expect(marks == [OPEN, CLOSE] * 2, f"the marks of two pictures are open, close, open, close; yours: {shown(marks)}")
    outside = got[got.index(CLOSE) + 1 : got.index(OPEN, 1)]
    expect(outside == ["b"], f"between the pictures stands 'b'; with you {shown(outside)}")


@with_slots.value(TWO)
def _(answer):
    got = _list(answer, ["a", SLOT, "b", SLOT], [2, 1])
    wanted = ["a", OPEN, SLOT, SLOT, CLOSE, "b", OPEN, SLOT, CLOSE]
    expect(got == wanted, f"it is {' '.join(wanted)}; you gave {' '.join(map(str, got))}")
