"""RoutingExplorer: which experts read which token, how even the load is, and what switching one off does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.tracing import contributions, routing
from g4lab.tracing.measure import Measure
from g4lab.tracing.trace import Trace
from g4lab.widgets import prompts, routing_branches, routing_contexts, routing_tables
from g4lab.widgets import routing_checks as checks
from g4lab.widgets import routing_content as content
from g4lab.widgets.base import View
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.routing_branches import Contribution
from g4lab.widgets.routing_messages import carry_out
from g4lab.widgets.routing_open_panel import below_the_map, run_on_show
from g4lab.widgets.routing_panels import PanelNumbers
from g4lab.widgets.routing_picture import picture
from g4lab.widgets.routing_statistics import layer_measures
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab
    from g4lab.models.rerouting import Reroute
    from g4lab.models.switching import Branch

VIEW = "RoutingExplorer"
SITES = ("layers.*.router.*", "layers.*.experts.weights")


class RoutingExplorer(View):
    """Tokens x layers x experts of one prompt: effective weights, entropy, and load beside what chance would give.

    Give it a trace, or a model and a prompt: with a model the page can read another prompt, and switch an expert
    off, force it or exchange two, and shows what that does to the next token. Four panels below hold the statistics
    of a layer, which experts come together, the same token in two contexts, and the dense MLP beside the experts.

        widgets.RoutingExplorer(g4lab.load("tiny-moe"), "The red ball is in the")

    Raises: InputError for a model or a trace without a router, or a trace whose routing contradicts itself.
    """

    module = "routing_explorer"

    def __init__(self, source: Trace | Lab, prompt: str | None = None):
        self.changes: list[Reroute] = []
        self.off: list[tuple[int, Branch]] = []
        self.after: Trace | None = None
        self.other: Trace | None = None
        self.other_prompt: str | None = None
        self.prompt = prompt
        self.panels = PanelNumbers()
        self._branches: dict[int, Contribution] = {}
        if isinstance(source, Trace):
            self.model = self._home = None
            self.before = checks.trace_with_routing(source, SITES)
        else:
            self.model = self._home = checks.model_with_router(source)
            self.run(prompt)

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt; what is switched off stays off until `reset`."""
        model = prompts.required_model(self._home, VIEW)
        prompt = prompts.readable(prompt, VIEW)
        self.working(f"{model.name} reads the prompt")
        before = model.trace(prompt, sites=SITES)
        self.model = model
        after = self._changed(prompt, before, self.changes, self.off)
        self._take(before, after, prompt)

    def open(self, path: str | PathLike) -> None:
        """Show a recorded trace, without changes; `run` returns to the model, where there is one.

        Raises: InputError for a file that is none, broken, or changed by hand.
        """
        self.working("the trace is read")
        before = checks.trace_with_routing(Trace.load(path), SITES)
        self.model, self.changes, self.off, self.other, self.other_prompt = None, [], [], None, None
        self._take(before, None, None)

    def switch_off(self, layer: int, expert: int) -> None:
        """Keep the router of a layer from choosing an expert, for every token."""
        self._change("off", layer, expert)

    def switch_on(self, layer: int, expert: int) -> None:
        """Undo what was done to one expert."""
        self._apply([change for change in self.changes if not _concerns(change, layer, expert)], self.off)

    def force(self, layer: int, expert: int) -> None:
        """Make the router of a layer choose an expert first, for every token."""
        self._change("force", layer, expert)

    def swap(self, layer: int, expert: int, other: int) -> None:
        """Send every token that would go to one expert to the other, and the reverse."""
        self._change("swap", layer, expert, other)

    def switch_off_branch(self, layer: int, branch: Branch) -> None:
        """Put what the "dense" MLP or all "experts" of a layer add to 0, for every token."""
        checks.branch_exists(self.before, layer, branch)
        self._apply(self.changes, sorted({*self.off, (layer, branch)}))

    def switch_on_branch(self, layer: int, branch: Branch) -> None:
        """Undo `switch_off_branch`."""
        checks.branch_exists(self.before, layer, branch)
        self._apply(self.changes, [pair for pair in self.off if pair != (layer, branch)])

    def reset(self) -> None:
        """Undo every change."""
        self._apply([], [])

    def compare(self, other: Any) -> None:
        """Put a second text beside the first: a prompt for the model, or a trace; None takes it away."""
        if other is None:
            trace = prompt = None
        elif isinstance(other, Trace):
            trace, prompt = checks.trace_with_routing(other, SITES), None
        else:
            model, prompt = prompts.required_model(self.model, VIEW), prompts.readable(other, VIEW)
            self.working(f"{model.name} reads the second prompt")
            trace = model.trace(prompt, sites=SITES)
        self.other = None if trace is None else checks.comparable(self.before, trace)
        self.other_prompt = prompts.shown(prompt)
        self.refresh()

    def statistics(self, layer: int) -> list[Measure]:
        """Every metric that one prompt allows of a layer, beside its null; the load of the experts [E] first."""
        checks.experts_exist(self.before, layer, ())
        return layer_measures(self.before, layer)

    def contributions(self, layers: Iterable[int] | None = None) -> dict[int, Contribution]:
        """What the dense MLP and the experts of some layers (None: all) write, token by token.

        Taken from the trace where it has the sites; else the model reads the prompt again, a few layers at a time.
        """
        wanted = self.before.routed_layers if layers is None else tuple(layers)
        for layer in wanted:
            checks.experts_exist(self.before, layer, ())
        missing = [layer for layer in wanted if layer not in self._branches]
        for group in self._groups(missing):
            self.working(f"what the branches of {len(group)} layers write is measured")
            self._branches |= self._measured(group)
        self._branches = dict(sorted(self._branches.items()))
        if missing:
            self.refresh()
        return {layer: self._branches[layer] for layer in wanted}

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws: the header, and the arrays of one run or two, and of the panels."""
        arrays = {
            f"{name}.{field}": array
            for name, trace in self.runs.items()
            for field, array in content.run_arrays(trace).items()
        }
        # in a page that it shares, half of its room goes to what a live page asks for when it is wanted
        share = None if live or self.room is None else self.room // 4
        if share is not None:
            arrays = content.without_large(arrays, share)
        details, of_panels = ([], {}) if live else self.panels.for_page(self.runs, share)
        found, unsplit = (self._branches, None) if live else routing_branches.recorded(self.before, self._branches)
        other = None if self.other is None else routing_contexts.second_text(self.other, self.other_prompt)
        header = {
            **content.describe(self.before),
            "exact": arrays["before.weights"].dtype == np.float32,
            "live": live,
            "runnable": live and self._home is not None,
            "editable": live and self.model is not None,
            "prompt": prompts.shown(self.prompt),
            "null": content.null(self.before),
            "runs": list(self.runs),
            "changes": [*map(vars, self.changes), *map(_branch_change, self.off)],
            "next": content.next_tokens(self.before, self.after),
            "details": details,
            "shared_chances": routing_contexts.chances(self.before),
            "other": other,
            "branches": routing_branches.page_header(found),
            "unsplit": unsplit,
            "measurable": live and (self.model is not None or self._recorded(self.before.routed_layers)),
        }
        arrays |= of_panels | routing_branches.page_arrays(found)
        return header, arrays if other is None else arrays | routing_contexts.second_arrays(self.other)

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

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.before)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 470 + min(24 * len(self.before.routed_layers), 420)

    def to_csv(self, panel: str | None = None) -> str:
        """One line for each chosen expert of each token in each layer; or the numbers of a panel.

        Panels: "statistics", "together", "contexts", "contributions" (what has been measured).
        """
        if panel is None:
            return content.table(self.runs)
        return routing_tables.table(panel, self.runs, self.other, self._branches)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """Every expert's weight in every layer, the load beside chance, the next token, and the panel that is open."""
        shown = self.runs[run_on_show(self, pointed)]
        still = picture(shown, self.sentence(), pointed, below_the_map(self, pointed))
        if pointed.own.get("show") == "entropy" or pointed.own.get("slice") == "one":
            still.say("The map is of weights in all layers, whatever the page cuts out of them.")
        return still

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        carry_out(self, message)

    def _take(self, before: Trace, after: Trace | None, prompt: Any) -> None:
        """Show another text."""
        self.before, self.after, self.prompt = before, after, prompt
        self._branches = {}
        self.panels.forget()
        self.refresh()

    def _change(self, action: str, layer: int, expert: int, other: int | None = None) -> None:
        from g4lab.models.rerouting import Reroute

        checks.experts_exist(self.before, layer, [expert, *([] if other is None else [other])])
        kept = [change for change in self.changes if not _concerns(change, layer, expert)]
        self._apply([*kept, Reroute(action, layer, expert, other)], self.off)

    def _apply(self, changes: list[Reroute], off: list[tuple[int, Branch]]) -> None:
        prompts.required_model(self.model, VIEW)
        after = self._changed(self.prompt, self.before, changes, off)
        self.changes, self.off, self.after = changes, off, after
        self.panels.forget("after")
        self.refresh()

    def _changed(self, prompt: Any, before: Trace, changes: list[Reroute], off: list) -> Trace | None:
        """The run of the changed model, or None when nothing is changed."""
        if not changes and not off:
            return None
        from g4lab.models import rerouting, switching

        checks.enough_experts_are_on(before, changes)
        self.working(f"{self.model.name} reads the prompt again, changed")
        layers = before.routed_layers
        edits = rerouting.edits(changes, layers, before.model["experts"])
        return self.model.trace(prompt, sites=SITES, edits=edits | (switching.edits(off, layers) if off else {}))

    def _recorded(self, layers: Iterable[int]) -> bool:
        return all(routing_branches.has_sites(self.before, layer) for layer in layers)

    def _groups(self, missing: Sequence[int]) -> list[tuple[int, ...]]:
        """Which layers are measured together; some that nobody asked for may be among them."""
        if self._recorded(missing):
            return [(layer,) for layer in missing]
        model = prompts.required_model(self.model, VIEW)
        groups = routing_branches.groups(self.before.routed_layers, len(self.before), model.config.width)
        return [group for group in groups if {*group} & {*missing}]

    def _measured(self, group: tuple[int, ...]) -> dict[int, Contribution]:
        trace = self.before
        if not self._recorded(group):
            trace = self.model.trace(self.prompt, sites=contributions.SITES, layers=group)
        return {layer: routing_branches.contribution(trace, layer) for layer in group}

    @property
    def runs(self) -> dict[str, Trace]:
        """The run as the model is, "before", and the changed one, "after"."""
        return {"before": self.before} if self.after is None else {"before": self.before, "after": self.after}


def _concerns(change: Reroute, layer: int, expert: int) -> bool:
    return change.layer == layer and expert in (change.expert, change.other)


def _branch_change(pair: tuple[int, Branch]) -> dict[str, Any]:
    return {"action": "branch", "layer": pair[0], "branch": pair[1]}
