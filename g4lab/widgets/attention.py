"""AttentionExplorer: every head at a glance, one at full size, a finder with nulls, and what cutting heads does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.heads import HeadScores, score_heads
from g4lab.tracing.measure import MEAN_TOKENS
from g4lab.tracing.row_scores import SCORES
from g4lab.tracing.trace import Trace
from g4lab.widgets import attention_content as content
from g4lab.widgets import attention_holding as holding
from g4lab.widgets import prompts, routing_content
from g4lab.widgets.attention_best import standing_out, worth_holding
from g4lab.widgets.attention_picture import picture
from g4lab.widgets.attention_values import ValueLengths
from g4lab.widgets.base import View
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.pack import pack
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.static_page import figure, page
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab

VIEW = "AttentionExplorer"

ALL_SCORES_PAIRS = 200_000_000
"""Visible pairs of all heads up to which every score is computed at once; more are scored when the finder asks."""


class AttentionExplorer(View):
    """Layers x heads of one prompt as max-pooled thumbnails, one head at full size, and a finder of heads.

    Give it a trace with queries and keys, or a model and a prompt: with a model the page can read another prompt, and
    cut heads (their output is put to 0), and shows what that does to the next token. `head` is the (layer, head) that
    is shown first; None takes the one that stands out most.

    Heads can also be looked at value-weighted: weight times the length of the value after the output projection. That
    takes a model, or a trace that has these lengths (`tracing.value_weighted.with_value_lengths`).

        widgets.AttentionExplorer(g4lab.load("tiny-moe"), "The red ball is in the")

    Raises: InputError for a trace without queries and keys, or a head that does not exist.
    """

    module = "attention_explorer"

    def __init__(self, source: Trace | Lab, prompt: Any = None, head: tuple[int, int] | None = None):
        self.cuts: list[tuple[int, int]] = []
        self.after: Trace | None = None
        self.prompt = prompt
        if isinstance(source, Trace):
            self.model = None
            self._show(content.checked(source))
        else:
            self.model = source
            self.run(prompt)
        if head is not None:
            self.choose(*_pair(head))

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt; what is cut stays cut until `reset`."""
        model = prompts.required_model(self.model, VIEW)
        prompt = prompts.readable(prompt, VIEW)
        self.working(f"{model.name} reads the prompt")
        before = content.checked(model.trace(prompt, sites=content.SITES))
        after = self._without(prompt, before, self.cuts)
        self.prompt, self.after = prompt, after
        self._show(before)
        self.refresh()

    def choose(self, layer: int, head: int) -> None:
        """The head that is shown at full size when the view opens."""
        self.chosen = self._existing(layer, head)
        self.refresh()

    def cut(self, layer: int, head: int | None = None) -> None:
        """Put the output of a head to 0, or of all heads of a layer, for every token."""
        self._apply({*self.cuts, *self._heads(layer, head)})

    def cut_global_layers(self) -> None:
        """Put the output of all heads of the global layers to 0: nothing is read from beyond the window."""
        layers = [row["index"] for row in self.before.plan if row["kind"] == "global"]
        if not layers:
            raise InputError("this model has no global layers", self.before.model["name"], "cut a head or a layer")
        self._apply({*self.cuts, *(place for layer in layers for place in self._heads(layer, None))})

    def restore(self, layer: int, head: int | None = None) -> None:
        """Undo a cut."""
        self._apply(set(self.cuts) - set(self._heads(layer, head)))

    def reset(self) -> None:
        """Undo every cut."""
        self._apply(())

    def score(self, name: str) -> HeadScores:
        """One score of all heads, computed once. Raises: InputError for an unknown name."""
        if name not in self.scores:
            self.working(f"every head is scored by {name}")
            self.scores |= score_heads(self.before, name)
        return self.scores[name]

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws."""
        header, arrays = self._frame(live)
        wanted = [self.chosen, *worth_holding(self.before, self.scores), *content.all_heads(self.before)]
        # a page without a kernel cannot ask for the rest: it holds what it can of the head on show and of a global one
        in_part = () if live else wanted[:2]
        room = content.HELD_BYTES if live else self._room(header, arrays)
        held = holding.choose(self.before, wanted, room, in_part, lengths=header["by_value"])
        for each in held:
            arrays |= holding.arrays_of(self.before, each)
            if header["by_value"]:
                arrays[f"lengths.{each.layer}.{each.head}"] = self._values.of(each.layer, each.head)
        return {**header, "held": [each._asdict() for each in held]}, arrays

    def _frame(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Everything but the heads at full size."""
        trace, (of_layer, bounds) = self.before, content.bounds(self.before)
        names = ("index", "kind", "window", "owner", "heads", "kv_heads")
        header = {
            "model": {key: trace.model[key] for key in ("name", "label")},
            "layers": [
                {**{key: row[key] for key in names}, "bounds": kind}
                for row, kind in zip(trace.plan, of_layer, strict=True)
            ],
            "tokens": [{"id": token.id, "text": token.text, "kind": token.kind} for token in trace.tokens],
            "live": live,
            "editable": live and self.model is not None,
            "prompt": prompts.shown(self.prompt),
            "scores": content.score_header(self.scores),
            "least": MEAN_TOKENS,
            "score_names": list(SCORES) if live else list(self.scores),
            "chosen": list(self.chosen),
            "held": [],
            "by_value": self._values.of_all(),
            "cuts": [list(place) for place in self.cuts],
            "next": routing_content.next_tokens(trace, self.after),
        }
        scores = {f"score.{i}": found.values for i, found in enumerate(self.scores.values())}
        return header, {"thumbs": self._thumbs, **bounds, **scores}

    def _room(self, header: dict[str, Any], arrays: dict[str, np.ndarray]) -> int:
        """Bytes of arrays that a static page can still take, each of which is 4/3 characters of its text."""
        index, raw = pack(arrays | {"still": np.frombuffer(self.to_svg().encode(), np.uint8)})
        bare = figure(page(self.module, {**header, "arrays": index}, raw, ""), "", self.sentence(), self.height())
        limit = content.PAGE_BYTES if self.room is None else self.room
        return max(0, limit - len(bare)) * 3 // 4

    def sentence(self) -> str:
        """The head that stands out most, what uniform rows would score, and what the cuts did."""
        trace = self.before
        text = (
            f"{trace.model['name']} ({trace.model['label']}) reads {len(trace)} tokens with "
            f"{len(content.all_heads(trace))} heads in {len(trace.plan)} layers."
        )
        best = standing_out(trace, self.scores, MEAN_TOKENS)
        if best is None:
            text += f" Too short for a claim about a head, which takes {MEAN_TOKENS} rows that can answer."
        else:
            name, found = best
            text += (
                f" Head {found.head} of layer {found.layer} stands out by {name}: {found.value:.3g}, over "
                f"{found.rows} rows; a head with uniform rows scores {found.null:.3g}."
            )
        change = (routing_content.next_tokens(trace, self.after) or {}).get("change")
        cut = f" Cutting {len(self.cuts)} heads moves the favourite's log-probability by {change or 0:+.2f}."
        return text if change is None else text + cut

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.before)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 900

    def to_csv(self, layer: int | None = None, head: int | None = None) -> str:
        """One line for each head with its scores and nulls; with a layer and a head, every weight of that head."""
        if layer is None:
            return content.table(self.before, self.scores, self.cuts)
        layer, head = self._existing(layer, head)
        return content.pattern_table(self.before, layer, head, self._values.of(layer, head))

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """The thumbnails, and the head that is pointed at, or chosen, at full size: by values if the page is."""
        layer, head = self.chosen
        if pointed.layer is not None and pointed.layer < len(self.before.plan):
            layer, heads = pointed.layer, self.before.plan[pointed.layer]["heads"]
            head = min(head if pointed.number("head", heads) is None else pointed.number("head", heads), heads - 1)
        by_value = pointed.own.get("mode") == "value" and self._values.of_all()
        lengths = self._values.of(layer, head) if by_value else None
        return picture(self.before, self._thumbs, (layer, head), self.cuts, self.sentence(), pointed, lengths)

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": prompt}:
                self.run(prompt)
            case {"kind": "head", "layer": layer, "head": head}:
                self._send_head(*self._existing(layer, head))
            case {"kind": "row", "layer": layer, "head": head, "token": token}:
                self._send_row(*self._existing(layer, head), token)
            case {"kind": "score", "name": name}:
                self.score(name)
                self.refresh()
            case {"kind": "cut", "layer": layer, "head": head, "cut": True}:
                self.cut(layer, head)
            case {"kind": "cut", "layer": layer, "head": head, "cut": False}:
                self.restore(layer, head)
            case {"kind": "cut_global"}:
                self.cut_global_layers()
            case {"kind": "reset"}:
                self.reset()
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def _show(self, trace: Trace) -> None:
        names = tuple(SCORES) if content.visible_pairs(trace) <= ALL_SCORES_PAIRS else ("previous token",)
        thumbs = content.Thumbnails(trace)
        scores = score_heads(trace, names, watch=thumbs.take)
        self.before, self.scores, self._thumbs = trace, scores, thumbs.shades()
        self._values = ValueLengths(trace, self.model)
        chosen = getattr(self, "chosen", None)
        if chosen is None:
            best = standing_out(trace, self.scores)
            self.chosen = (best[1].layer, best[1].head) if best else (0, 0)

    def _existing(self, layer: Any, head: Any) -> tuple[int, int]:
        plan, name = self.before.plan, self.before.model["name"]
        if type(layer) is not int or not 0 <= layer < len(plan):
            raise InputError(f"there is no layer {layer!r}", name, f"give a number from 0 to {len(plan) - 1}")
        last = plan[layer]["heads"] - 1
        if type(head) is not int or not 0 <= head <= last:
            raise InputError(
                f"there is no head {head!r}", f"layer {layer} of {name}", f"give a number from 0 to {last}"
            )
        return layer, head

    def _heads(self, layer: Any, head: Any) -> list[tuple[int, int]]:
        if head is not None:
            return [self._existing(layer, head)]
        self._existing(layer, 0)
        return [(layer, i) for i in range(self.before.plan[layer]["heads"])]

    def _apply(self, cuts) -> None:
        prompts.required_model(self.model, VIEW)
        cuts = sorted(cuts)
        after = self._without(self.prompt, self.before, cuts)
        self.cuts, self.after = cuts, after
        self.refresh()

    def _without(self, prompt: Any, before: Trace, cuts) -> Trace | None:
        """The run with the heads cut, or None when none is."""
        if not cuts:
            return None
        from g4lab.models.cutting import edits

        self.working(f"{self.model.name} reads the prompt again, {len(cuts)} heads cut")
        return self.model.trace(prompt, sites=(), edits=edits(cuts, before.plan[0]["heads"]))

    def _send_head(self, layer: int, head: int) -> None:
        """One head at full size, and the lengths of its values."""
        self.chosen = layer, head
        form, arrays = content.whole_head(self.before, layer, head)
        lengths = self._values.of(layer, head)
        if lengths is not None:
            arrays.append(lengths)
        types = [array.dtype.name for array in arrays]
        message = {"kind": "head", "layer": layer, "head": head, **form, "types": types, "lengths": lengths is not None}
        self.widget.send(message, [np.ascontiguousarray(array).tobytes() for array in arrays])

    def _send_row(self, layer: int, head: int, token: Any) -> None:
        """The exact weights of one query."""
        if type(token) is not int or not 0 <= token < len(self.before):
            raise InputError(f"there is no token {token!r}", repr(self.before), f"give 0 to {len(self.before) - 1}")
        row = holding.packed_rows(self.before, layer, head, token, token + 1)
        message = {"kind": "row", "layer": layer, "head": head, "token": token}
        self.widget.send(message, [row.astype("<f4").tobytes()])


def _pair(head: Any) -> tuple[Any, Any]:
    if not isinstance(head, (tuple, list)) or len(head) != 2:
        raise InputError(f"{head!r} is no head", VIEW, "give (layer, head), such as (0, 1)")
    return tuple(head)
