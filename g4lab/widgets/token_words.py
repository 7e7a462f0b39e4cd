"""Tokens in the words of still pictures: white space visible, and no longer than there is room."""

from __future__ import annotations

from g4lab.tracing.trace import Token

VISIBLE = str.maketrans({" ": "·", "\n": "\\n", "\t": "\\t", "\r": "\\r"})
LONGEST = 22


def piece(text: str) -> str:
    """A token's text."""
    shown = text.translate(VISIBLE)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def quoted(token: Token) -> str:
    """A token in a sentence."""
    return piece(token.text) if token.kind == "control" else f"“{piece(token.text)}”"
