"""TokenStrip: what a model reads, token by token: pieces, ids, bytes, turns, and any score as shading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab import inputs
from g4lab.errors import InputError
from g4lab.tracing.trace import Trace
from g4lab.widgets import prompts
from g4lab.widgets import token_strip_content as content
from g4lab.widgets.base import View
from g4lab.widgets.linking import Selection, selection_of_ids
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import Still
from g4lab.widgets.token_strip_content import Score, Strip
from g4lab.widgets.token_strip_picture import picture

if TYPE_CHECKING:
    from g4lab.lab import Lab

MEASURED = "surprisal"


class TokenStrip(View):
    """The tokens of one sequence: pieces with their ids and bytes, control tokens and turns drawn as structure.

    Give it a trace, or a model and what it is to read: a text, messages, or ids. `scores` maps a name to one number
    for each token, or to a `Score` with its unit and the value of chance; `surprisal=True` lets the model say how
    unexpected it found each token.

        widgets.TokenStrip(g4lab.load("tiny-moe"), "The red ball", surprisal=True)

    Raises: InputError for a batch, an empty text, or a score that does not fit the tokens.
    """

    module = "token_strip"

    def __init__(
        self,
        source: Trace | Lab,
        x: Any = None,
        scores: Mapping[str, Any] | None = None,
        surprisal: bool = False,
    ):
        self.prompt = x if isinstance(x, str) else None
        self.measures = surprisal
        if isinstance(source, Trace):
            if surprisal:
                raise InputError("a trace cannot be read again", "TokenStrip", "give the model and the text")
            self.model, self.ids = None, [token.id for token in source.tokens]
            self.described = {"name": source.model["name"], "label": source.model["label"]}
            self.layers = len(source.plan)
            pieces = content.pieces_of_trace(source)
        else:
            self.model, self.ids = source, _ids(source, x)
            self.described = {"name": source.name, "label": source.label}
            self.layers = source.config.layers
            pieces = content.pieces_of(self.ids, source.tokenizer)
        self.strip = Strip(pieces, content.checked(dict(scores or {}) | self._measured(), len(pieces)))

    def run(self, prompt: str) -> None:
        """Read another text; scores that were given for the old one go, what the model measures is measured anew."""
        if self.model is None:
            advice = "give it a model and a text: TokenStrip(model, text)"
            raise InputError("this strip shows a recorded trace and has no tokenizer", "TokenStrip", advice)
        ids, before = _ids(self.model, prompt), self.ids
        self.ids = ids
        try:
            pieces = content.pieces_of(ids, self.model.tokenizer)
            self.strip = Strip(pieces, content.checked(self._measured(), len(pieces)))
        except BaseException:
            self.ids = before
            raise
        self.prompt = prompt
        self.refresh()

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws."""
        arrays, texts = content.arrays(self.strip)
        editable = live and self.model is not None and self.prompt is not None
        header = {"model": self.described, "live": live, "editable": editable, "prompt": self.prompt}
        return header | content.header(self.strip, texts), arrays

    def sentence(self) -> str:
        """How many tokens of which kinds, in which turns, and the highest of each score."""
        pieces = self.strip.pieces
        kinds = Counter(piece.kind for piece in pieces)
        size = sum(len(piece.bytes) for piece in pieces if piece.kind in ("text", "byte"))
        counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        turns = [block.label for block in content.blocks(pieces) if block.name == "turn"]
        text = f"{self.described['name']} reads {len(pieces)} tokens ({counted}) for {size} bytes of text."
        if turns:
            text += f" Turns: {', '.join(turns)}."
        for name, score in self.strip.scores.items():
            if np.isnan(score.values).all():
                continue
            top = int(np.nanargmax(score.values))
            chance = "" if score.chance is None else f"; chance: {score.chance:.4g}"
            value = f"{score.values[top]:.4g} {score.unit}".strip()
            text += f" The highest {name}, {value}, is token {top}'s, {pieces[top].text!r}{chance}."
        return text

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 260 + min(18 * (len(self.strip.pieces) // 12), 420)

    def handle(self, message: dict[str, Any]) -> None:
        """Read what was typed. Raises: InputError."""
        if message.get("kind") != "run":
            raise InputError(f"TokenStrip answers no {message.get('kind')!r}", "TokenStrip")
        self.run(message.get("prompt"))

    def selection(self) -> Selection:
        """What is pointed at, shared with all views of the same tokens."""
        return selection_of_ids(self.described["name"], self.ids, self.layers)

    def to_csv(self) -> str:
        """One line for each token."""
        return content.table(self.strip)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """A still picture of the first tokens, or those about the one pointed at, shaded by the score on show."""
        return picture(self.strip, self.described, self.sentence(), pointed)

    def _measured(self) -> dict[str, Score]:
        if not self.measures:
            return {}
        self.working(f"{self.model.name} reads the text")
        return {MEASURED: content.surprisal(self.model.surprisal(self.ids), self.model.config.vocab_size)}


def _ids(model: Lab, x: Any) -> list[int]:
    if x is None or (isinstance(x, str) and not x):
        raise InputError("there is nothing to read", "TokenStrip", "give a text, messages, or token ids")
    rows, single = inputs.read(prompts.short_enough(x, "TokenStrip"), model.tokenizer, model.config)
    if not single:
        raise InputError("a strip shows one sequence", "TokenStrip", "show the rows of a batch one by one")
    return rows[0]
