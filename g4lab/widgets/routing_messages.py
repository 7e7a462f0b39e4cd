"""What the page of RoutingExplorer asks, and what it is sent beside the content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.widgets import routing_checks as checks
from g4lab.widgets.pack import pack

if TYPE_CHECKING:
    from g4lab.widgets.routing import RoutingExplorer


def carry_out(view: RoutingExplorer, message: dict[str, Any]) -> None:
    """Do what the page asks. Raises: InputError for what cannot be done, or is no request."""
    match message:
        case {"kind": "run", "prompt": str(prompt)}:
            view.run(prompt)
        case {"kind": "open", "path": str(path)}:
            view.open(path.strip())
        case {"kind": "compare", "prompt": str(prompt) | (None as prompt)}:
            view.compare(prompt)
        case {"kind": "change", "action": "on", "layer": int(layer), "expert": int(expert)}:
            view.switch_on(layer, expert)
        case {"kind": "change", "action": "off", "layer": int(layer), "expert": int(expert)}:
            view.switch_off(layer, expert)
        case {"kind": "change", "action": "force", "layer": int(layer), "expert": int(expert)}:
            view.force(layer, expert)
        case {"kind": "change", "action": "swap", "layer": int(layer), "expert": int(expert), "other": int(other)}:
            view.swap(layer, expert, other)
        case {"kind": "branch", "layer": int(layer), "branch": str(branch), "off": bool(off)}:
            (view.switch_off_branch if off else view.switch_on_branch)(layer, branch)
        case {"kind": "reset"}:
            view.reset()
        case {"kind": "contributions", "layer": int(layer)}:
            view.contributions([layer])
        case {"kind": "detail", "panel": str(panel), "run": str(run), "layer": int(layer)}:
            send_detail(view, panel, run, layer)
        case {"kind": "probabilities", "token": int(token)}:
            send_probabilities(view, token)
        case _:
            raise InputError("the page asked for something unknown", message, "run the cell again")


def send_detail(view: RoutingExplorer, panel: str, run: str, layer: int) -> None:
    """A panel's numbers of one layer."""
    checks.experts_exist(view.before, layer, ())
    if run not in view.runs:
        raise InputError(f"there is no run {run!r}", "RoutingExplorer", f"choose one of {', '.join(view.runs)}")
    said, arrays = view.panels.of(panel, run, layer, view.runs[run])
    index, raw = pack(arrays)
    message = {"kind": "detail", "panel": panel, "run": run, "layer": layer, **said, "arrays": index}
    view.widget.send(message, [raw])


def send_probabilities(view: RoutingExplorer, token: int) -> None:
    """All probabilities of one token, for traces too large to send whole."""
    checks.token_exists(view.before, token)
    rows = {
        name: np.stack([trace.routing(layer).probabilities[token] for layer in trace.routed_layers])
        for name, trace in view.runs.items()
    }
    raw = np.concatenate(list(rows.values())).astype("<f4").tobytes()
    view.widget.send({"kind": "probabilities", "token": token, "runs": list(rows)}, [raw])
