"""What the page of TokenStrip draws: pieces, ids, bytes, the structure of turns, and scores; and the same as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.text import controls
from g4lab.text.tokenizer import Tokenizer
from g4lab.tracing.trace import Token, Trace
from g4lab.widgets.pack import smallest_uint

BYTE_PIECE = re.compile(r"<0x([0-9A-F]{2})>")
KINDS = ("text", "control", "image", "audio", "video", "byte", "unknown")
PAIRS = {
    str(opening): (name, str(closing))
    for name, opening, closing in (
        ("turn", controls.TURN, controls.TURN_END),
        ("thought", controls.CHANNEL, controls.CHANNEL_END),
        ("tool declaration", controls.TOOL, controls.TOOL_END),
        ("tool call", controls.TOOL_CALL, controls.TOOL_CALL_END),
        ("tool response", controls.TOOL_RESPONSE, controls.TOOL_RESPONSE_END),
        ("image", controls.IMAGE_START, controls.IMAGE_END),
        ("sound", controls.AUDIO_START, controls.AUDIO_END),
    )
}
"""Control tokens that open something: what it is called, and the token that closes it."""


@dataclass(frozen=True)
class Piece:
    """One token of the strip."""

    id: int
    text: str
    kind: str
    bytes: bytes
    """What the token adds to the text, in UTF-8; of a control token its name; empty for a token without text."""


@dataclass(frozen=True)
class Block:
    """Tokens that belong together, from `start` up to but not including `end`; `depth` 0 lies in no other."""

    name: str
    label: str
    start: int
    end: int
    depth: int
    closed: bool


@dataclass(frozen=True, eq=False)
class Score:
    """One number a token, NaN where there is none, and what chance would give.

    Shapes: values [T].
    """

    values: Any
    unit: str = ""
    chance: float | None = None


@dataclass(frozen=True, eq=False)
class Strip:
    """The tokens of one sequence and the scores on them."""

    pieces: tuple[Piece, ...]
    scores: Mapping[str, Score] = field(default_factory=dict)


def pieces_of(ids: Sequence[int], tokenizer: Tokenizer | None) -> tuple[Piece, ...]:
    """The tokens as the tokenizer has them; without one, ids only."""
    return tuple(_piece(id, tokenizer) for id in ids)


def _piece(id: int, tokenizer: Tokenizer | None) -> Piece:
    # the tables of a network may have more rows than its tokenizer has pieces
    if tokenizer is None or id >= tokenizer.vocab_size:
        return Piece(id, f"#{id}", "unknown", b"")
    text, kind = tokenizer.pieces([id])[0], tokenizer.kind(id)
    return Piece(id, text, "byte" if kind == "text" and BYTE_PIECE.fullmatch(text) else kind, tokenizer.bytes_of(id))


def pieces_of_trace(trace: Trace) -> tuple[Piece, ...]:
    """The tokens as a trace recorded them."""
    return tuple(_recorded(token) for token in trace.tokens)


def _recorded(token: Token) -> Piece:
    if token.text == f"#{token.id}":
        return Piece(token.id, token.text, "unknown", b"")
    byte = BYTE_PIECE.fullmatch(token.text) if token.kind == "text" else None
    if byte:
        return Piece(token.id, token.text, "byte", bytes.fromhex(byte[1]))
    return Piece(token.id, token.text, token.kind, token.text.encode())


def blocks(pieces: Sequence[Piece]) -> list[Block]:
    """Turns and what stands in them, from the control tokens alone; what is never closed reaches to the end.

    A closing token ends the innermost block that it fits; one that fits none is left alone.
    """
    open_blocks: list[tuple[str, str, int, int]] = []
    done: list[Block] = []

    def close(end: int, closed: bool) -> None:
        name, _, start, depth = open_blocks.pop()
        done.append(Block(name, _label(pieces, name, start, end), start, end, depth, closed))

    for index, piece in enumerate(pieces):
        if piece.kind != "control":
            continue
        if piece.text in PAIRS:
            open_blocks.append((*PAIRS[piece.text], index, len(open_blocks)))
        elif any(closing == piece.text for _, closing, _, _ in open_blocks):
            while open_blocks[-1][1] != piece.text:
                close(index, closed=False)
            close(index + 1, closed=True)
    while open_blocks:
        close(len(pieces), closed=False)
    return sorted(done, key=lambda block: (block.start, block.depth))


def _label(pieces: Sequence[Piece], name: str, start: int, end: int) -> str:
    """A turn is named after who speaks: the first line of its text."""
    if name != "turn":
        return name
    raw = b"".join(piece.bytes for piece in pieces[start + 1 : end])
    return raw.decode("utf-8", errors="replace").split("\n")[0]


def characters(pieces: Sequence[Piece]) -> list[tuple[int, int, str]]:
    """For byte pieces in a row: from where to where they form which character; U+FFFD where they form none."""
    found: list[tuple[int, int, str]] = []
    for is_byte, run in groupby(enumerate(pieces), key=lambda pair: pair[1].kind == "byte"):
        if is_byte:
            found += _decoded([(index, piece.bytes) for index, piece in run])
    return found


def _decoded(run: list[tuple[int, bytes]]) -> Iterable[tuple[int, int, str]]:
    at = 0
    while at < len(run):
        for size in (1, 2, 3, 4):
            raw = b"".join(byte for _, byte in run[at : at + size])
            try:
                character = raw.decode("utf-8")
            except UnicodeDecodeError:
                continue
            break
        else:
            size, character = 1, "\ufffd"
        size = min(size, len(run) - at)
        yield run[at][0], run[at][0] + size, character
        at += size


def checked(scores: Mapping[str, Any], tokens: int) -> dict[str, Score]:
    """The scores with one number for each token. Raises: InputError for another shape, and for infinities."""
    done = {}
    for name, given in scores.items():
        score = given if isinstance(given, Score) else Score(given)
        values = np.asarray(score.values)
        if values.dtype.kind not in "biuf" or values.shape != (tokens,):
            what = f"the score {name!r} has shape {values.shape} and holds {values.dtype}"
            raise InputError(what, "TokenStrip", f"give one number for each of the {tokens} tokens, NaN for none")
        values = values.astype(np.float64)
        if np.isinf(values).any():
            where = f"token {int(np.flatnonzero(np.isinf(values))[0])}"
            raise InputError(f"the score {name!r} holds infinity", where, "give NaN where a token has no score")
        done[name] = Score(values, score.unit, None if score.chance is None else float(score.chance))
    return done


def surprisal(values: Any, vocabulary: int) -> Score:
    """The model's own surprisal; chance is log V: a model that knows nothing finds every token equally likely.

    Shapes: values [T]. Units: nats.
    """
    return Score(values, "nats", float(np.log(vocabulary)))


def arrays(strip: Strip) -> tuple[dict[str, np.ndarray], list[str]]:
    """The tokens in few bytes, and the texts that `piece` counts in.

    Shapes: id, piece, kind, byte_end [T]; bytes [sum of the tokens' bytes]; score.i [T], in float64: exact.
    """
    texts = list(dict.fromkeys(piece.text for piece in strip.pieces))
    place = {text: i for i, text in enumerate(texts)}
    ends = np.cumsum([len(piece.bytes) for piece in strip.pieces])
    found = {
        "id": np.array([piece.id for piece in strip.pieces], np.int32),
        "piece": smallest_uint(np.array([place[piece.text] for piece in strip.pieces]), below=len(texts)),
        "kind": np.array([KINDS.index(piece.kind) for piece in strip.pieces], np.uint8),
        "byte_end": ends.astype(np.int32),
        "bytes": np.frombuffer(b"".join(piece.bytes for piece in strip.pieces), np.uint8),
    }
    return found | {f"score.{i}": score.values for i, score in enumerate(strip.scores.values())}, texts


def header(strip: Strip, texts: list[str]) -> dict[str, Any]:
    """The part of the header that belongs to the tokens."""
    return {
        "texts": texts,
        "kinds": KINDS,
        "blocks": [vars(block) for block in blocks(strip.pieces)],
        "characters": characters(strip.pieces),
        "scores": [{"name": name, "unit": s.unit, "chance": s.chance} for name, s in strip.scores.items()],
    }


def inside(found: Iterable[Block], index: int) -> str:
    """Where a token stands, from the outside in: "user" or "model > thought"."""
    return " > ".join(block.label for block in found if block.start <= index < block.end)


def table(strip: Strip) -> str:
    """CSV with one line for each token; a score that a token lacks is left empty."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["position", "id", "text", "kind", "bytes", "inside", *strip.scores])
    found = blocks(strip.pieces)
    for index, piece in enumerate(strip.pieces):
        scores = [float(score.values[index]) for score in strip.scores.values()]
        shown = ["" if np.isnan(value) else repr(value) for value in scores]
        hexadecimal = piece.bytes.hex(" ").upper()
        lines.writerow([index, piece.id, piece.text, piece.kind, hexadecimal, inside(found, index), *shown])
    return out.getvalue()
