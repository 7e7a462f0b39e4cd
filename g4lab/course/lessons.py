"""The lesson files: pictures, a clip and spoken digits, each with a question and the right answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from g4lab.errors import InputError
from g4lab.places import datasets

_KINDS = {".png": "image", ".gif": "video", ".wav": "audio"}


@dataclass(frozen=True)
class Lesson:
    """One file, what to ask about it, and what is right. No model was trained on any of them."""

    path: Path
    question: str
    answer: str

    def messages(self, medium: Any = None) -> list[dict]:
        """The question as `model.generate` and `model.trace` take it, about the file or about another medium.

        `medium` is whatever the model reads: an array, what `media.read_image` and its like give, or for sound and
        film a pair: (samples, samples a second), (frames, frames a second).
        """
        kind = _KINDS[self.path.suffix]
        seen = {"type": kind, kind: self.path if medium is None else medium}
        return [{"role": "user", "content": [seen, {"type": "text", "text": self.question}]}]


def lesson(name: str) -> Lesson:
    """A lesson by the name of its file, such as "shapes.png".

    Raises: InputError for a name that there is not.
    """
    known = _known()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        advice = f"did you mean {near[0]}?" if near else f"the files are {', '.join(known)}"
        raise InputError(f"there is no lesson {name!r}", "g4lab.course", advice)
    return known[name]


@cache
def _known() -> dict[str, Lesson]:
    folder = datasets() / "lessons"
    asked = json.loads((folder / "lessons.json").read_text(encoding="utf-8"))
    return {name: Lesson(folder / name, each["question"], each["answer"]) for name, each in asked.items()}
