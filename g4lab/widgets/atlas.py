"""SoftTokenAtlas: what pictures, films and sounds become: where each soft token lies, who reads it, and as what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing import media
from g4lab.tracing.hiding import Hiding
from g4lab.tracing.trace import Trace
from g4lab.widgets import atlas_content as content
from g4lab.widgets import atlas_forms, atlas_reading, prompts
from g4lab.widgets.atlas_picture import picture
from g4lab.widgets.attention_content import bounds
from g4lab.widgets.base import View
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab

VIEW = "SoftTokenAtlas"
ANSWER = 16
"""Tokens that the model may answer with."""
BUDGETS = (0.25, 0.5, 1, 2, 4)
"""Steps of the slider, of the model's own budget: 70 to 1,120 for 280."""


class SoftTokenAtlas(View):
    """Pictures, films and sounds of a prompt with the grid of soft tokens that they became.

    Give it a trace of a prompt with media, or a model, a prompt, and the media (beside it, or in messages). With a
    model the page can show another budget, read another prompt, and hide regions of a picture (filled with its mean
    colour) to see what the answer loses, beside as much hidden elsewhere. `answer` is how many tokens the model may
    answer with, greedily, or the answer itself.

        widgets.SoftTokenAtlas(g4lab.load("tiny-e"), "What colour is the ball?", images=["ball.png"])

    Raises: InputError for a trace or prompt without media; MediaError for media that cannot be read.
    """

    module = "soft_token_atlas"

    def __init__(
        self,
        source: Trace | Lab,
        prompt: Any = None,
        images: Iterable[Any] = (),
        audio: Iterable[Any] = (),
        video: Iterable[Any] = (),
        answer: int | str = ANSWER,
    ):
        given = {"images": images, "audio": audio, "video": video}
        # read again for every prompt; what is no list is refused where it is read
        self.given = {
            name: what if isinstance(what, str | bytes) or not isinstance(what, Iterable) else tuple(what)
            for name, what in given.items()
        }
        self.answer, self.prompt, self.budget = answer, prompt, None
        if isinstance(source, Trace):
            self.model = self.sitting = None
            self._show(source)
        else:
            self.model = source
            self.run(prompt)

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt about the same media, and answer it."""
        self._read(prompts.readable(prompt, VIEW), self.budget)

    def reread(self, budget: int) -> None:
        """Let the model read its pictures at another budget of soft tokens."""
        self._read(self.prompt, _whole(budget, "budget"))

    def preview(self, part: int, budget: int) -> Any:
        """A picture at another budget, cut by the processor alone (`media.ImagePatches`)."""
        model, chosen = prompts.required_model(self.model, VIEW), self._part(part)
        if chosen.kind != "image":
            raise InputError(f"{chosen.name} has no budget to choose", VIEW, "choose a picture")
        sources = [source for kind, source in self.sitting.sources if kind == "image"]
        return atlas_reading.at_budget(model, sources[chosen.number], _whole(budget, "budget"))

    def hide(self, box: tuple[int, int, int, int], part: int = 0) -> Hiding:
        """Hide a region (left, top, right, bottom, in pixels) of a picture or frame, and as much elsewhere."""
        model = prompts.required_model(self.model, VIEW)
        self.working(f"{model.name} reads the prompt with the region hidden, and with others")
        return self._keep(atlas_reading.hide_box(model, self.sitting, self.before, self.parts, part, box))

    def hide_attended(self, count: int, part: int = 0, layer: int = -1, word: int | None = None) -> Hiding:
        """Hide the `count` soft tokens of a picture or frame that a word reads most in a layer (mean over heads).

        Beside it as many random ones are hidden. `word` None is the position that says the answer's first token.
        """
        model, chosen = prompts.required_model(self.model, VIEW), self._part(part)
        word = self.word if word is None else _whole(word, "word", len(self.trace), 0)
        layer = _whole(layer % len(self.trace.plan) if layer == -1 else layer, "layer", len(self.trace.plan), 0)
        count = _whole(count, "count", len(chosen) + 1)
        row = media.row_of(self.trace, layer, word).mean(0)
        if not row[chosen.start : chosen.end].any():
            what = f"layer {layer} no longer sees {chosen.name} from token {word}"
            raise InputError(what, VIEW, "choose a global layer")
        self.working(f"{model.name} reads the prompt with soft tokens hidden, and with others")
        tokens = media.most_read(row, chosen, count)
        side = self.trace.model["soft_token_pixels"]
        return self._keep(atlas_reading.hide_tokens(model, self.sitting, self.before, self.parts, part, tokens, side))

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws."""
        trace, (of_layer, seen) = self.trace, bounds(self.trace)
        shown, files = content.pictures(trace, self.parts, content.PICTURE_BYTES)
        left = content.MEDIA_BYTES - sum(array.nbytes for array in files.values())
        heard, sounds = content.sounds(trace, self.parts, left)
        answer = None if self.sitting is None else self.sitting.answer
        wanted = content.readers(trace, self.parts, answer)
        held, rows = content.held_rows(trace, wanted[:1] if live else wanted, content.ROW_BYTES)
        header = {
            "model": {key: trace.model[key] for key in ("name", "label")},
            "tokens": [{"id": token.id, "text": token.text, "kind": token.kind} for token in trace.tokens],
            "layers": [
                {
                    "index": row["index"],
                    "kind": row["kind"],
                    "window": row["window"],
                    "heads": row["heads"],
                    "bounds": b,
                }
                for row, b in zip(trace.plan, of_layer, strict=True)
            ],
            "parts": [content.described(part) for part in self.parts],
            "pictures": shown,
            "sounds": heard,
            "side": trace.model.get("soft_token_pixels"),
            "patch": self._patch(),
            "counts": media.budget(trace),
            "positions": None if self.model is None else self.model.config.max_positions,
            "budget": self._budget(),
            "held": held,
            "word": self.word,
            "answer": None if answer is None else list(answer),
            "answered": None if self.sitting is None else self.before.tolist(),
            "notes": [list(self._medium(part).notes) if self.sitting else [] for part in self.parts],
            "lens": self.lens is not None,
            "texts": self._texts(),
            "vocabulary": None if self.model is None else self.model.config.vocab_size,
            "hidings": [content.told(hiding) for hiding in self.hidings],
            "live": live,
            "can_hide": live and self.model is not None,
            "editable": live and self.model is not None and isinstance(self.prompt, str),
            "prompt": prompts.shown(self.prompt),
        }
        return header, {**files, **sounds, **rows, **seen, **content.lens_arrays(self.lens)}

    def sentence(self) -> str:
        """How many tokens of which kind, where the word's attention goes, and what hiding did."""
        trace, counts = self.trace, media.budget(self.trace)
        said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        text = f"{trace.model['name']} ({trace.model['label']}) reads {len(trace)} tokens: {said}."
        top = max((row["index"] for row in trace.plan if row["kind"] == "global"), default=len(trace.plan) - 1)
        row = media.row_of(trace, top, self.word).mean(0, dtype=np.float64)
        part = self.parts[0]
        share = media.share(trace, top, self.word, part, row)
        of = f"{part.name} in layer {top} (mean over heads) from token {self.word}"
        if share.seen:
            text += f" Attention on {of}: {share.weight:.3g}, {share.ratio:.2g} x uniform ({share.uniform:.3g})."
        else:
            text += f" No attention on {of}: it is out of the window."
        if self.sitting is not None:
            start, end = self.sitting.answer
            words = "".join(token.text for token in trace.tokens[start:end])
            text += f" The answer {words!r} has log-probability {self.before.sum():.3g}."
        return text + (f" {self.hidings[-1].verdict()}" if self.hidings else "")

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.trace)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 900

    def to_csv(self) -> str:
        """One line for each soft token and layer: what the word reads of it, and what uniform attention would."""
        return content.table(self.trace, self.parts, self.word)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """The pictures with their grids and the attention on them, the sounds, the tokens, and what hiding did."""
        return picture(self, pointed)

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": prompt}:
                self.run(prompt)
            case {"kind": "row", "token": token}:
                token = _whole(token, "token", len(self.trace), 0)
                raw = content.rows(self.trace, token).astype("<f4").tobytes()
                self.widget.send({"kind": "row", "token": token}, [raw])
            case {"kind": "budget", "part": part, "budget": budget}:
                self._send_preview(part, budget)
            case {"kind": "reread", "budget": budget}:
                self.reread(budget)
            case {"kind": "hide", "part": part, "box": list(box)}:
                self.hide(tuple(box), part)
            case {"kind": "attended", "part": part, "layer": layer, "word": word, "count": count}:
                self.hide_attended(count, part, layer, word)
            case {"kind": "forget"}:
                self.hidings = []
                self.refresh()
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def _read(self, prompt: Any, budget: int | None) -> None:
        model = prompts.required_model(self.model, VIEW)
        self.working(f"{model.name} reads the prompt and answers it")
        sitting = atlas_reading.sit(model, prompt, self.given, self.answer, budget)
        trace = atlas_reading.traced(model, sitting)
        before = atlas_reading.answered(model, sitting)
        self.prompt, self.budget, self.sitting, self.before = prompt, budget, sitting, before
        self._show(trace)
        self.refresh()

    def _show(self, trace: Trace) -> None:
        parts = media.parts(trace)
        if not parts:
            raise InputError(
                "there are no soft tokens in this trace",
                repr(trace),
                f"trace a prompt with media: {VIEW}(model, prompt, images=[path])",
            )
        for row in trace.plan:  # says what is missing
            trace[f"layers.{row['index']}.attention.q"], trace[f"layers.{row['owner']}.attention.k"]
        lens = atlas_reading.soft_lens(trace, self.model)
        self.trace, self.parts, self.lens = trace, parts, lens
        self.hidings: list[Hiding] = []
        answer = None if self.sitting is None else self.sitting.answer
        after = content.readers(trace, parts, answer)
        self.word = after[0] if after else len(trace) - 1

    def _keep(self, hiding: Hiding) -> Hiding:
        self.hidings = [*self.hidings, hiding]
        self.refresh()
        return hiding

    def _send_preview(self, part: Any, budget: Any) -> None:
        found = self.preview(part, budget)
        shown = atlas_forms.picture(found.picture(), content.PICTURE_BYTES)
        (rows, columns), (height, width) = found.grid, found.size
        message = {"kind": "preview", "part": part, "budget": budget, "rows": rows, "columns": columns}
        message |= {"height": height, "width": width, "type": shown.type, "note": shown.note}
        message |= {"original": list(found.original_size)}
        self.widget.send(message, [shown.file])

    def _medium(self, part: media.Part) -> Any:
        return [medium for medium in self.sitting.media if medium.kind == part.kind][part.number]

    def _part(self, index: Any) -> media.Part:
        return self.parts[_whole(index, "part", len(self.parts), 0)]

    def _patch(self) -> int | None:
        """Pixels of a patch's side, where that is known; a trace says only what a soft token's is."""
        vision = None if self.model is None else self.model.config.vision
        return None if vision is None else vision.patch_size

    def _budget(self) -> dict[str, Any] | None:
        """The slider: the budget that was read, and those that can be tried."""
        images = [] if self.sitting is None else [m for m in self.sitting.media if m.kind == "image"]
        if not images:
            return None
        own = self.model.config.vision.budget
        steps = sorted({max(1, round(own * step)) for step in BUDGETS} | {images[0].budget})
        return {"now": images[0].budget, "steps": steps}

    def _texts(self) -> dict[int, str]:
        if self.lens is None:
            return {}
        ids = {*self.lens.ids.ravel().tolist()}
        tokenizer = None if self.model is None else self.model.tokenizer
        known = tokenizer is not None
        return {
            id: tokenizer.pieces([id])[0] if known and id < tokenizer.vocab_size else self.trace.text_of(id)
            for id in sorted(ids)
        }


def _whole(value: Any, name: str, below: int | None = None, least: int = 1) -> int:
    """A whole number in its range. Raises: InputError."""
    if type(value) is not int or value < least or (below is not None and value >= below):
        most = f"from {least} to {below - 1}" if below is not None else f"from {least}"
        raise InputError(f"{name} is {value!r}", VIEW, f"give a whole number {most}")
    return value
