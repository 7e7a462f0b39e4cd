"""Chapter 1: what must hold of an encoder, and of a count of control tokens."""

from __future__ import annotations

import random
from functools import cache

from g4lab.course.ch01 import solutions
from g4lab.course.exercise import Exercise, expect, shown
from g4lab.errors import G4LabError

RANKS = {
    pair: rank
    for rank, pair in enumerate(
        [
            ("e", "r"),
            ("l", "o"),
            ("lo", "w"),
            ("low", "er"),
            ("n", "e"),
            ("ne", "w"),
            ("w", "e"),
            ("a", "a"),
            ("t", "h"),
            ("th", "e"),
            ("a", "b"),
            ("ab", "c"),
        ]
    )
}
"""A small list of merges, as training would leave it: what was merged first has the lowest rank."""

best_pair = Exercise(
    name="best_pair",
    call="best_pair(pieces, ranks)",
    solution=solutions.best_pair,
    probes=[
        (["l", "o", "w", "e", "r"], RANKS),
        (["n", "e", "w", "e", "r"], RANKS),
        (["t", "h", "e", "a", "a", "a", "a"], RANKS),
        (["l", "o", "l", "o", "e", "r"], RANKS),
        (["x", "y"], RANKS),
        (["z"], RANKS),
        ([], RANKS),
    ],
    hints=[
        "List the neighbours first: zip(pieces, pieces[1:]) gives each piece with the next one.",
        "Keep the neighbours that are in `ranks`. When there are none, return None.",
        "min(pairs, key=lambda pair: ranks[pair]) picks the one with the lowest rank.",
    ],
)


@best_pair.invariant("it is a pair of neighbours that may merge, or None")
def _(answer):
    for pieces, ranks in best_pair.probes:
        got = answer(pieces, ranks)
        neighbours = set(zip(pieces, pieces[1:], strict=False)) & set(ranks)
        said = f"for {pieces} you gave {shown(got)}"
        expect(bool(neighbours) or got is None, f"{said}, but no neighbours there may merge: give None")
        expect(not neighbours or got in neighbours, f"{said}; the neighbours that may merge are {sorted(neighbours)}")


@best_pair.value("in l-o-w-e-r, e-r goes first: its rank is 0")
def _(answer):
    got = answer(["l", "o", "w", "e", "r"], RANKS)
    expect(got == ("e", "r"), f"you gave {shown(got)}; the ranks are {RANKS[('l', 'o')]} for l-o and 0 for e-r")


merge = Exercise(
    name="merge",
    call="merge(pieces, pair)",
    solution=solutions.merge,
    probes=[
        (["l", "o", "w", "l", "o"], ("l", "o")),
        (["a", "a", "a"], ("a", "a")),
        (["a", "a", "a", "a", "a"], ("a", "a")),
        (["b", "a", "b"], ("a", "b")),
        (["a", "bc", "ab", "c"], ("ab", "c")),
        (["x"], ("a", "b")),
        ([], ("a", "b")),
    ],
    hints=[
        "Walk through the list with a counter: where the pair stands, go on by two, elsewhere by one.",
        "tuple(pieces[place : place + 2]) == pair says whether the pair stands at `place`, also at the end.",
        "Collect what you pass in a new list: pair[0] + pair[1] where it stood, the piece itself elsewhere.",
    ],
)


@merge.invariant("the letters stay the same, in the same order")
def _(answer):
    for pieces, pair in merge.probes:
        got = answer(pieces, pair)
        said = f"merge({pieces}, {pair}) gave {shown(got)}"
        expect(isinstance(got, list), f"{said}: give a list of pieces")
        expect("".join(got) == "".join(pieces), f"{said}, which reads {''.join(got)!r} and not {''.join(pieces)!r}")


@merge.invariant("every occurrence is joined")
def _(answer):
    got = answer(["l", "o", "w", "l", "o"], ("l", "o"))
    expect(got.count("lo") == 2, f"l-o stands twice in l-o-w-l-o; you gave {shown(got)}")


@merge.value("a-a-a becomes aa-a: a piece is used once")
def _(answer):
    got = answer(["a", "a", "a"], ("a", "a"))
    expect(got == ["aa", "a"], f"you gave {shown(got)}")


encode = Exercise(
    name="encode",
    call="encode(text, ranks)",
    solution=solutions.encode,
    probes=[
        ("lower", RANKS),
        ("wer we", RANKS),
        ("the lower one", RANKS),
        ("aaaaa abc", RANKS),
        ("lowlower", RANKS),
        ("xyz", RANKS),
        ("", RANKS),
    ],
    hints=[
        "Begin with single characters: list(text).",
        "As long as best_pair(pieces, ranks) gives a pair, merge it.",
        "while (pair := best_pair(pieces, ranks)) is not None: pieces = merge(pieces, pair)",
    ],
)

SIGNS = "lowernewtheabc  \n\té🐶👩‍🚀漢字"


@cache
def texts(count: int = 200) -> tuple[str, ...]:
    """Short texts with spaces, accents, emoji and Chinese characters in them, always the same."""
    draw = random.Random(0)
    return tuple("".join(draw.choices(SIGNS, k=draw.randrange(12))) for _ in range(count))


@encode.invariant("200 texts, with emoji in them, come back whole")
def _(answer):
    for text in texts():
        got = answer(text, RANKS)
        expect(isinstance(got, list), f"encode({text!r}) gave {shown(got)}: give a list of pieces")
        expect("".join(got) == text, f"{text!r} became {shown(got)}, which reads {''.join(map(str, got))!r}")


@encode.invariant("at the end no neighbours may merge any more")
def _(answer):
    for text in ("lower", "newer", "abcabc"):
        got = answer(text, RANKS)
        left = [pair for pair in zip(got, got[1:], strict=False) if pair in RANKS]
        expect(not left, f"{text!r} became {shown(got)}, where {left[:1]} may still merge")


@encode.value("wer becomes w-er, since e-r has a lower rank than w-e")
def _(answer):
    got = answer("wer", RANKS)
    expect(got == ["w", "er"], f"you gave {shown(got)}; e-r has rank 0 and w-e rank 6")


count_control = Exercise(
    name="count_control",
    call="count_control(ids, control)",
    solution=solutions.count_control,
    probes=[
        ([2, 8, 300, 8, 301, 16], {0, 1, 2, 8, 16}),
        ([300, 301], {0, 1, 2, 8, 16}),
        ([2, 3, 4, 5, 16, 16], {0, 1, 2, 8, 16}),
        ([], {0, 1}),
    ],
    hints=[
        "`control` is a set of ids: `id in control` asks whether an id is a control token.",
        "True counts as 1 in a sum.",
        "sum(id in control for id in ids)",
    ],
)

TURN = [{"role": "user", "content": "Write <|turn>model and <turn|> for me, and <|think|>"}]


@count_control.invariant("text counts nothing, and no count exceeds the number of tokens")
def _(answer):
    got = answer([300, 301], {2, 8})
    expect(got == 0, f"two tokens of text and no control token: you gave {shown(got)}")
    got = answer([8, 8, 8], {2, 8})
    expect(got == 3, f"three times the same control token: you gave {shown(got)}")


@count_control.invariant("what a user writes out is never a control token")
def _(answer):
    ids, control, inside = user_turn()
    got = answer(ids, control)
    expect(
        got == len(ids) - inside,
        f"the user wrote <|turn> and its like as letters. The turn has {len(ids) - inside} control tokens, all from "
        f"the template; you counted {shown(got)}",
    )


@cache
def user_turn() -> tuple[list[int], set[int], int]:
    """A turn in which the user writes control tokens out: ids, ids of control tokens, and how many tokens are text."""
    from g4lab.checkpoints.resolve import open_source
    from g4lab.text.chat import encode_chat

    tokenizer = open_source("tiny-moe").open_tokenizer()
    ids = encode_chat(tokenizer, TURN, size="tiny-moe")
    text = sum(tokenizer.kind(id) == "text" for id in ids)
    if text == len(ids):
        raise G4LabError("a turn without control tokens cannot be counted", "g4lab.course.ch01")
    return ids, set(tokenizer.control.values()), text
