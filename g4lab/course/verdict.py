"""A verdict: what a check found, as words, as HTML, and as true or false."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import Literal

State = Literal["passed", "not started", "wrong", "error"]

_MARKS = {"passed": "✔ passed", "not started": "○ not started", "wrong": "✘ not yet", "error": "✘ it stopped"}


def marked(text: str) -> str:
    """A sentence as HTML, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


@dataclass(frozen=True)
class Verdict:
    """True when the answer passed; else what failed, and the misconception that it looks like."""

    exercise: str
    state: State
    message: str
    step: str | None = None
    """The step that failed."""
    misconception: str | None = None

    def __bool__(self) -> bool:
        return self.state == "passed"

    def __repr__(self) -> str:
        return "\n  ".join([f"{_MARKS[self.state]} · {self.exercise}", *self._lines()])

    def _repr_html_(self) -> str:
        # Colours come from the page, so that it reads in light and dark; the mark is a word, not a colour.
        lines = "".join(f"<div style='margin-top:4px'>{marked(line)}</div>" for line in self._lines())
        head = f"<b>{escape(_MARKS[self.state])}</b> · <code>{escape(self.exercise)}</code>"
        frame = "border-left:3px solid currentColor;padding:4px 12px;margin:4px 0;max-width:75ch"
        return f"<div role='status' style='{frame}'>{head}{lines}</div>"

    def _lines(self) -> list[str]:
        lines = [f"What must hold: {self.step}."] if self.step else []
        lines.append(self.message)
        if self.misconception:
            lines.append(f"Likely cause: {self.misconception}")
        if self.state in ("wrong", "error"):
            lines.append(f'For a hint: hint("{self.exercise}")')
        return lines
