"""Guesses that are kept: a number written down before, beside the number measured after."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from g4lab.course.verdict import marked
from g4lab.errors import InputError

FOLDER = "G4LAB_HOME"
"""The environment variable that says where guesses are kept; ~/.g4lab without it."""

_here: dict[str, float] = {}


@dataclass(frozen=True)
class Note:
    """A sentence that a notebook shows."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        # as far in as the plain text of other outputs
        return f"<div role='status' style='padding:2px 5px;max-width:75ch'>{marked(self.text)}</div>"


def predict(question: str, guess: float | None) -> Note:
    """Keep a guess, in this session and in a small file, until `measured` asks for it.

    Raises: InputError for a guess that is no number.
    """
    if guess is None:
        return Note("No guess yet. Put a number in place of None and run this cell again: a wrong one teaches more.")
    if isinstance(guess, bool) or not isinstance(guess, int | float):
        raise InputError(f"{guess!r} is no number", f"predict({question!r}, ...)", "write a number, such as 7 or 0.5")
    _here[question] = guess
    try:
        _write({**_read(), question: guess})
    except OSError as error:
        return Note(f"Kept for this session: {_shown(guess)}. (It could not be written down: {error})")
    return Note(f"Kept: {_shown(guess)}. Now find out.")


def measured(question: str, value: float) -> Note:
    """The guess beside what was found."""
    guess = _here.get(question, _read().get(question))
    if guess is None:
        return Note(f"{question}: it is {_shown(value)}. You wrote no guess down.")
    off = "Exactly." if guess == value else f"You were off by {_shown(abs(guess - value))}."
    return Note(f"{question}: you guessed {_shown(guess)}, it is {_shown(value)}. {off}")


def file() -> Path:
    """Where guesses are kept."""
    return Path(os.environ.get(FOLDER) or Path.home() / ".g4lab") / "guesses.json"


def _read() -> dict[str, float]:
    try:
        found = json.loads(file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none yet, or no longer readable: then there is no guess
        return {}
    return found if isinstance(found, dict) else {}


def _write(guesses: dict[str, float]) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".new")
    written.write_text(json.dumps(guesses, indent=1, ensure_ascii=False), encoding="utf-8")
    written.replace(path)


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
