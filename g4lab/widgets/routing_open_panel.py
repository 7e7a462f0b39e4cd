"""What a saved picture of RoutingExplorer has below its map: the next token, and the panel that is open on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from g4lab.widgets import routing_branches, routing_content
from g4lab.widgets.pointed import Pointed
from g4lab.widgets.routing_branches_picture import branches_part
from g4lab.widgets.routing_contexts_picture import contexts_part
from g4lab.widgets.routing_statistics_picture import statistics_part
from g4lab.widgets.routing_together_picture import together_part
from g4lab.widgets.still_next import next_tokens
from g4lab.widgets.still_parts import Part, stacked, title

if TYPE_CHECKING:
    from g4lab.widgets.routing import RoutingExplorer

TITLES = {
    "statistics": "Statistics",
    "together": "Together",
    "contexts": "Two contexts",
    "branches": "Dense and experts",
}
"""What the page calls its panels, by the names that it sends."""


def below_the_map(view: RoutingExplorer, pointed: Pointed) -> Part | None:
    """The parts that belong below the map, or None."""
    following = routing_content.next_tokens(view.before, view.after)
    parts = [next_tokens(following, ", ".join(changes_in_words(view)))]
    panel = pointed.own.get("panel")
    if isinstance(panel, str) and panel in TITLES:
        layer = layer_on_show(view, pointed)
        changed = f", {run_on_show(view, pointed)} the change" if view.after is not None else ""
        where = "" if panel == "contexts" else f": layer {layer}{changed}"
        parts += [title(f"{TITLES[panel]}{where}"), _panel(view, panel, layer, pointed)]
    there = [part for part in parts if part is not None]
    return stacked(*there) if there else None


def layer_on_show(view: RoutingExplorer, pointed: Pointed) -> int:
    """The layer that is pointed at if it has a router, else the last one that has."""
    layers = view.before.routed_layers
    return pointed.layer if pointed.layer in layers else layers[-1]


def run_on_show(view: RoutingExplorer, pointed: Pointed) -> str:
    """ "before" or "after": the one on the page, if there is one."""
    run = pointed.own.get("run")
    return run if isinstance(run, str) and run in view.runs else "before"


def changes_in_words(view: RoutingExplorer) -> list[str]:
    """Each change of the router or of a branch, as in "L4·E17 off"."""
    said = {"off": "L{0}·E{1} off", "force": "L{0}·E{1} forced", "swap": "L{0}·E{1} and E{2} exchanged"}
    changes = [said[change.action].format(change.layer, change.expert, change.other) for change in view.changes]
    return [*changes, *(f"L{layer} {branch} off" for layer, branch in view.off)]


def _panel(view: RoutingExplorer, panel: str, layer: int, pointed: Pointed) -> Part:
    run = run_on_show(view, pointed)
    trace, experts = view.runs[run], view.before.model["experts"]
    first = None if pointed.token is None or pointed.token >= len(trace) else pointed.token
    expert = pointed.number("expert", experts) if pointed.own.get("expert_layer", layer) == layer else None
    match panel:
        case "contexts":
            there = trace if view.other is None else view.other
            second = pointed.number("second", len(there))
            # a second text was read by the model as it is
            own = trace if view.other is None else view.before
            return contexts_part(own, view.other, first, second, layer)
        case "branches":
            # a page shows what was measured; Python is asked for all that the trace can tell
            known = (view._branches, None)
            if pointed.words is None:
                known = routing_branches.recorded(view.before, view._branches)
            return branches_part(view.before, *known, view.after is not None, layer, pointed)
    loads = routing_content.expert_loads(trace, layer)
    order = np.argsort(-loads, kind="stable") if pointed.own.get("order") == "load" else np.arange(experts)
    numbers = view.panels.of(panel, run, layer, trace)
    if panel == "statistics":
        return statistics_part(trace, layer, numbers[0]["rows"], order.tolist(), expert)
    return together_part(numbers, order.tolist(), expert, pointed.number("partner", experts))
