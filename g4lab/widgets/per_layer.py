"""PerLayerEmbeddings: what PLE adds to each token at each layer."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace
from g4lab.widgets import per_layer_content as content
from g4lab.widgets import prompts, routing_content
from g4lab.widgets.base import View
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.per_layer_picture import picture
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.side_by_side import side_by_side
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab

VIEW = "PerLayerEmbeddings"


class PerLayerEmbeddings(View):
    """Layers x tokens: how long a vector PLE adds, relative to the residual stream that it adds it to.

    Give it a trace, or a model and a prompt. With a model there is a null beside it, the same tokens in `shuffles`
    random orders: what does not change with the order belongs to the token and not to its place. And PLE can be
    switched off at a layer, to see what that does to the next token.

        widgets.PerLayerEmbeddings(g4lab.load("tiny-e"), "The red ball is in the")

    Raises: InputError for a model or a trace without PLE.
    """

    module = "per_layer_embeddings"

    def __init__(self, source: Trace | Lab, prompt: Any = None, shuffles: int = 4, seed: int = 0):
        if not isinstance(shuffles, int) or shuffles < 0:
            raise InputError(f"shuffles is {shuffles!r}", VIEW, "give a whole number, 0 for no null")
        self.shuffles, self.seed = shuffles, seed
        self.off: list[int] = []
        self.after: Trace | None = None
        self.prompt = prompt
        if isinstance(source, Trace):
            self.model, self.before, self.shuffled = None, content.checked(source), []
        else:
            if not source.config.ple_dim:
                raise content.no_ple(source.name)
            self.model = source
            self.run(prompt)

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt; what is switched off stays off until `reset`."""
        model = prompts.required_model(self.model, VIEW)
        prompt = prompts.readable(prompt, VIEW)
        self.working(f"{model.name} reads the prompt")
        before = content.checked(model.trace(prompt, sites=content.SITES))
        ids = np.array([token.id for token in before.tokens])
        drawn = content.orders(before, self.shuffles, self.seed)
        ratios = side_by_side(lambda order: content.ratios_of(model, ids[order]), drawn)
        after = self._without(prompt, self.off)
        self.prompt, self.before, self.after = prompt, before, after
        self.shuffled = list(zip(ratios, drawn, strict=True))
        self._forget()
        self.refresh()

    def switch_off(self, layer: int) -> None:
        """Let PLE add nothing at a layer, for every token."""
        self._apply(sorted({*self.off, self._existing(layer)}))

    def switch_on(self, layer: int) -> None:
        """Undo that."""
        self._apply([other for other in self.off if other != self._existing(layer)])

    def reset(self) -> None:
        """Switch PLE on everywhere."""
        self._apply([])

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """added, stream, ratio and, with a model, null_mean, null_low, null_high: each [L,T]."""
        arrays = content.norms(self.before)
        if self.shuffled:
            arrays |= content.null(*zip(*self.shuffled, strict=True))
        return arrays

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws."""
        trace = self.before
        header = {
            "model": {key: trace.model[key] for key in ("name", "label")},
            "layers": [{key: row[key] for key in ("index", "kind")} for row in content.layers_with_ple(trace)],
            "tokens": [{"id": token.id, "text": token.text, "kind": token.kind} for token in trace.tokens],
            "live": live,
            "editable": live and self.model is not None,
            "prompt": prompts.shown(self.prompt),
            "shuffles": len(self.shuffled),
            "no_null": content.NO_NULL if self.model is None else "no null beside it: no shuffles were asked for",
            "off": self.off,
            "next": routing_content.next_tokens(trace, self.after),
        }
        return header, self.arrays

    def sentence(self) -> str:
        """The token and layer to which PLE adds most, and the null beside it."""
        ratio, rows = self.arrays["ratio"], content.layers_with_ple(self.before)
        row, position = np.unravel_index(np.argmax(ratio), ratio.shape)
        model = self.before.model
        text = (
            f"{model['name']} ({model['label']}) reads {len(self.before)} tokens; at each of {len(rows)} layers PLE "
            f"adds a vector to each, on the mean {ratio.mean():.3g} times as long as the residual stream. Most is "
            f"{ratio[row, position]:.3g} times, at layer {rows[row]['index']} for token {position}, "
            f"{self.before.tokens[position].text!r}"
        )
        if not self.shuffled:
            return f"{text}."
        mean = self.arrays["null_mean"]
        here, overall = mean[row, position], mean.mean()
        return f"{text}; with the same tokens shuffled it is {here:.3g} there and {overall:.3g} on the mean."

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.before)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 400 + min(24 * len(content.layers_with_ple(self.before)), 440)

    def to_csv(self) -> str:
        """One line for each token of each layer."""
        return content.table(self.before, self.arrays)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """The map of ratios, or of their null where that is on show, and each layer's mean beside its null."""
        return picture(self.before, self.arrays, self.sentence(), pointed)

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": prompt}:
                self.run(prompt)
            case {"kind": "off", "layer": layer, "off": True}:
                self.switch_off(layer)
            case {"kind": "off", "layer": layer, "off": False}:
                self.switch_on(layer)
            case {"kind": "reset"}:
                self.reset()
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def _existing(self, layer: Any) -> int:
        indices = [row["index"] for row in content.layers_with_ple(self.before)]
        if layer not in indices or isinstance(layer, bool):
            advice = f"choose one of {', '.join(map(str, indices))}"
            raise InputError(f"there is no layer {layer!r} with PLE", self.before.model["name"], advice)
        return layer

    def _apply(self, off: list[int]) -> None:
        prompts.required_model(self.model, VIEW)
        after = self._without(self.prompt, off)
        self.off, self.after = off, after
        self.refresh()

    def _without(self, prompt: Any, off: list[int]) -> Trace | None:
        """The run without PLE at some layers, or None when it is on everywhere."""
        if not off:
            return None
        self.working(f"{self.model.name} reads the prompt again, without PLE at {len(off)} layers")
        nothing = np.zeros((1, 1, 1), np.float32)
        edits = {f"layers.{layer}.ple.output": nothing for layer in off}
        return self.model.trace(prompt, sites=(), edits=edits)

    def _forget(self) -> None:
        self.__dict__.pop("arrays", None)
