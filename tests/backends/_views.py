"""Every view of both embedded models, driven as by its page: `python -m tests.backends._views OUT [IN]`, on a backend.

OUT gets `views.npz`, what each view packed after each step, and `traces/`, a recorded trace of each model. IN is such
a folder of traces, from another backend: what its views are here goes to OUT as `opened.npz`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import g4lab
from g4lab import runtime, widgets
from g4lab.tracing import components
from g4lab.widgets.base import View
from g4lab.widgets.live import Live
from tests.backends.opened import views_of_traces
from tests.backends.packed import Packed, save

MODELS = ("tiny-moe", "tiny-e")
PROMPT = "The red ball is in the box. The red ball is in the"
OTHER = "37+50=87\n12+34="
RUN = {"kind": "run", "prompt": OTHER}
ROUTED = ("layers.*.router.*", "layers.*.experts.weights")

Steps = list[dict[str, Any]]
"""What a page sends, one message after the other."""

HEADS: Steps = [
    {"kind": "head", "layer": 1, "head": 0},
    {"kind": "row", "layer": 2, "head": 1, "token": 5},
    {"kind": "cut", "layer": 2, "head": 1, "cut": True},
    RUN,
    {"kind": "cut", "layer": 3, "head": None, "cut": True},
    {"kind": "cut", "layer": 2, "head": 1, "cut": False},
    {"kind": "cut_global"},
    {"kind": "score", "name": "induction"},
    {"kind": "reset"},
]
EXPERTS: Steps = [
    {"kind": "probabilities", "token": 3},
    {"kind": "change", "action": "off", "layer": 2, "expert": 5},
    {"kind": "change", "action": "force", "layer": 0, "expert": 7},
    {"kind": "change", "action": "swap", "layer": 4, "expert": 1, "other": 9},
    RUN,
    {"kind": "compare", "prompt": PROMPT},
    {"kind": "branch", "layer": 1, "branch": "dense", "off": True},
    {"kind": "contributions", "layer": 3},
    {"kind": "change", "action": "on", "layer": 2, "expert": 5},
    {"kind": "probabilities", "token": 1},
    {"kind": "reset"},
]
LENS: Steps = [{"kind": "token", "token": " box"}, RUN, {"kind": "token", "token": None}]
PLE: Steps = [
    {"kind": "off", "layer": 1, "off": True},
    RUN,
    {"kind": "off", "layer": 1, "off": False},
    {"kind": "reset"},
]


def views(model) -> dict[str, tuple[Callable[[], View], Steps]]:
    """Each view that the model has, and what its page sends."""
    found = {
        "TokenStrip": (lambda: widgets.TokenStrip(model, PROMPT, surprisal=True), [RUN]),
        "AttentionExplorer": (lambda: widgets.AttentionExplorer(model, PROMPT), HEADS),
        "LogitLens": (lambda: widgets.LogitLens(model, PROMPT), LENS),
        "ArchitectureMap": (lambda: widgets.ArchitectureMap(model), []),
        "RopeDial": (lambda: widgets.RopeDial(model), []),
    }
    if model.config.experts:
        found["RoutingExplorer"] = (lambda: widgets.RoutingExplorer(model, PROMPT), EXPERTS)
    if model.config.ple_dim:
        found["PerLayerEmbeddings"] = (lambda: widgets.PerLayerEmbeddings(model, PROMPT), PLE)
    return found


def driven(name: str, view: View, steps: Steps, sent: list) -> Packed:
    """What the view holds at first and after each message; what it sends beside that goes with it."""
    found = {f"{name}/0 made": view.content(live=True)}
    for number, message in enumerate(steps, 1):
        sent.clear()
        view.widget._handle_custom_msg(message, [])
        assert view.widget.status["state"] == "ready", (name, message, view.widget.status)
        header, arrays = view.content(live=True)
        for i, (content, buffers) in enumerate(sent):
            header = {**header, f"sent {i}": content}
            arrays = {**arrays, **{f"sent {i}.{j}": unpacked(content, j, raw) for j, raw in enumerate(buffers)}}
        found[f"{name}/{number} {message['kind']}"] = header, arrays
    assert view.sentence() and view.to_csv()
    return found


def unpacked(content: dict[str, Any], number: int, raw: bytes) -> np.ndarray:
    """The numbers of one buffer of a message, which says their type where it is not float32."""
    return np.frombuffer(raw, content["types"][number] if "types" in content else "<f4")


def microscope(models: dict[str, Any], traces: Path) -> Packed:
    """The microscope with every tab, after another prompt, after the other model, and with a recorded trace."""
    scope = widgets.Microscope(models["tiny-moe"], PROMPT, models=[models["tiny-e"]])
    found: Packed = {}
    recorded = {"kind": "open", "path": str(traces / "tiny-moe.npz")}
    for step, message in enumerate([None, RUN, {"kind": "choose", "model": "tiny-e"}, recorded]):
        if message:
            scope.widget._handle_custom_msg(message, [])
            assert scope.widget.status["state"] == "ready", scope.widget.status
        found[f"Microscope/{step}"] = scope.content(live=True)
        found |= {f"Microscope/{step}/{name}": scope.view(name).content(live=True) for name in scope.names}
    return found


def record(model, path: Path) -> None:
    """A trace with all that the views of a trace want."""
    routed = ROUTED if model.config.experts else ()
    trace = model.trace(PROMPT, sites=(*components.sites_of(model.config), "layers.*.attention.[qk]", *routed))
    carried = model.readout().carried_by(model.lens(trace).carried_by(trace))
    carried.save(path)


def main(out: Path, others: Path | None = None) -> None:
    sent: list = []
    Live.send = lambda self, content, buffers=None: sent.append((content, buffers or []))
    traces = out / "traces"
    traces.mkdir(parents=True)
    models = {name: g4lab.load(name) for name in MODELS}
    found: Packed = {}
    for name, model in models.items():
        record(model, traces / f"{name}.npz")
        for view, (make, steps) in views(model).items():
            found |= driven(f"{name}/{view}", make(), steps, sent)
    save(out / "views.npz", found | microscope(models, traces))
    if others is not None:
        save(out / "opened.npz", views_of_traces(others))


if __name__ == "__main__":
    runtime.choose_backend()
    main(*map(Path, sys.argv[1:]))
