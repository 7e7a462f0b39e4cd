"""RoutingExplorer: which experts read which token, how even the load is, and what switching one off does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing import routing
from g4lab.tracing.trace import Trace
from g4lab.widgets import routing_checks as checks
from g4lab.widgets import routing_content as content
from g4lab.widgets.base import View
from g4lab.widgets.routing_picture import picture

if TYPE_CHECKING:
    from g4lab.lab import Lab
    from g4lab.models.rerouting import Reroute

SITES = ("layers.*.router.*", "layers.*.experts.weights")


class RoutingExplorer(View):
    """Tokens x layers x experts of one prompt: effective weights, entropy, and load beside what chance would give.

    Give it a trace, or a model and a prompt: with a model the page can read another prompt, and switch an expert
    off, force it or exchange two, and shows what that does to the next token.

        widgets.RoutingExplorer(g4lab.load("tiny-moe"), "The red ball is in the")

    Raises: InputError for a model or a trace without a router.
    """

    module = "routing_explorer"

    def __init__(self, source: Trace | Lab, prompt: str | None = None):
        self.changes: list[Reroute] = []
        self.after: Trace | None = None
        self.prompt = prompt
        if isinstance(source, Trace):
            self.model = None
            self.before = checks.trace_with_routing(source, SITES)
        else:
            self.model = checks.model_with_router(source)
            self.run(prompt)

    def run(self, prompt: str) -> None:
        """Let the model read another prompt; what is switched off stays off until `reset`."""
        checks.has_model(self.model)
        if not prompt:
            raise InputError("the prompt is empty", "RoutingExplorer", "type some words for the model to read")
        self.working(f"{self.model.name} reads the prompt")
        before = self.model.trace(prompt, sites=SITES)
        after = self._changed(prompt, before, self.changes)
        self.prompt, self.before, self.after = prompt, before, after
        self.refresh()

    def switch_off(self, layer: int, expert: int) -> None:
        """Keep the router of a layer from choosing an expert, for every token."""
        self._change("off", layer, expert)

    def switch_on(self, layer: int, expert: int) -> None:
        """Undo what was done to one expert."""
        self._apply([change for change in self.changes if not _concerns(change, layer, expert)])

    def force(self, layer: int, expert: int) -> None:
        """Make the router of a layer choose an expert first, for every token."""
        self._change("force", layer, expert)

    def swap(self, layer: int, expert: int, other: int) -> None:
        """Send every token that would go to one expert to the other, and the reverse."""
        self._change("swap", layer, expert, other)

    def reset(self) -> None:
        """Undo every change."""
        self._apply([])

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws: the header, and the arrays of one run or two."""
        arrays = {
            f"{name}.{field}": array
            for name, trace in self._runs().items()
            for field, array in content.run_arrays(trace).items()
        }
        header = {
            **content.describe(self.before),
            "exact": arrays["before.weights"].dtype == np.float32,
            "live": live,
            "editable": live and self.model is not None,
            "prompt": self.prompt,
            "null": content.null(self.before),
            "runs": list(self._runs()),
            "changes": [vars(change) for change in self.changes],
            "next": content.next_tokens(self.before, self.after),
        }
        return header, arrays

    def sentence(self) -> str:
        """The busiest expert of all, and what chance would give."""
        model, chance = self.before.model, content.null(self.before)
        positions = content.counted(self.before)
        counts = [
            routing.expert_counts(self.before.routing(layer).experts[positions], model["experts"])
            for layer in self.before.routed_layers
        ]
        row, expert = np.unravel_index(np.argmax(counts), np.shape(counts))
        text = (
            f"{model['name']} ({model['label']}) reads {chance['tokens']} tokens; each goes to {model['chosen']} of "
            f"{model['experts']} experts in each of {len(counts)} layers. Expert {expert} of layer "
            f"{self.before.routed_layers[row]} is chosen most, by {counts[row][expert]} tokens; chance would give "
            f"{chance['tokens'] * chance['load']:.1f}, and up to {chance['high']} for the busiest."
        )
        change = (content.next_tokens(self.before, self.after) or {}).get("change")
        return text if change is None else f"{text} The changes move the favourite's log-probability by {change:+.2f}."

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 470 + min(24 * len(self.before.routed_layers), 420)

    def to_csv(self) -> str:
        """One line for each chosen expert of each token in each layer."""
        return content.table(self._runs())

    def to_png(self) -> bytes:
        """The mean weight of every expert in every layer, and the load beside chance."""
        return picture(self.before, self.sentence())

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": str(prompt)}:
                self.run(prompt)
            case {"kind": "change", "action": "on", "layer": int(layer), "expert": int(expert)}:
                self.switch_on(layer, expert)
            case {"kind": "change", "action": "off", "layer": int(layer), "expert": int(expert)}:
                self.switch_off(layer, expert)
            case {"kind": "change", "action": "force", "layer": int(layer), "expert": int(expert)}:
                self.force(layer, expert)
            case {"kind": "change", "action": "swap", "layer": int(layer), "expert": int(expert), "other": int(other)}:
                self.swap(layer, expert, other)
            case {"kind": "reset"}:
                self.reset()
            case {"kind": "probabilities", "token": int(token)}:
                self._send_probabilities(token)
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def _change(self, action: str, layer: int, expert: int, other: int | None = None) -> None:
        from g4lab.models.rerouting import Reroute

        checks.has_model(self.model)
        checks.experts_exist(self.before, layer, [expert, *([] if other is None else [other])])
        kept = [change for change in self.changes if not _concerns(change, layer, expert)]
        self._apply([*kept, Reroute(action, layer, expert, other)])

    def _apply(self, changes: list[Reroute]) -> None:
        after = self._changed(self.prompt, self.before, changes)
        self.changes, self.after = changes, after
        self.refresh()

    def _changed(self, prompt: str, before: Trace, changes: list[Reroute]) -> Trace | None:
        """The run of the changed model, or None when nothing is changed."""
        if not changes:
            return None
        from g4lab.models.rerouting import edits

        checks.enough_experts_are_on(before, changes)
        self.working(f"{self.model.name} reads the prompt again, changed")
        experts = before.model["experts"]
        return self.model.trace(prompt, sites=SITES, edits=edits(changes, before.routed_layers, experts))

    def _send_probabilities(self, token: int) -> None:
        """All probabilities of one token, for traces too large to send whole."""
        rows = {
            name: np.stack([trace.routing(layer).probabilities[token] for layer in trace.routed_layers])
            for name, trace in self._runs().items()
        }
        raw = np.concatenate(list(rows.values())).astype("<f4").tobytes()
        self.widget.send({"kind": "probabilities", "token": token, "runs": list(rows)}, [raw])

    def _runs(self) -> dict[str, Trace]:
        return {"before": self.before} if self.after is None else {"before": self.before, "after": self.after}


def _concerns(change: Reroute, layer: int, expert: int) -> bool:
    return change.layer == layer and expert in (change.expert, change.other)
