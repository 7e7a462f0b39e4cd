"""Which views a model or a trace has, and the tabs that hold them in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from g4lab.errors import InputError
from g4lab.tracing.media import KINDS
from g4lab.tracing.trace import Trace
from g4lab.widgets.architecture import ArchitectureMap
from g4lab.widgets.atlas import SoftTokenAtlas
from g4lab.widgets.attention import AttentionExplorer
from g4lab.widgets.base import View
from g4lab.widgets.lens import LogitLens
from g4lab.widgets.per_layer import PerLayerEmbeddings
from g4lab.widgets.routing import RoutingExplorer
from g4lab.widgets.token_strip import TokenStrip

if TYPE_CHECKING:
    from g4lab.lab import Lab
    from g4lab.widgets.microscope import Microscope

OF_A_TRACE = {
    "Tokens": TokenStrip,
    "Attention": AttentionExplorer,
    "Routing": RoutingExplorer,
    "Lens": LogitLens,
    "PLE": PerLayerEmbeddings,
}
HOLD_LESS = ("Routing", "Attention")
"""Views that hold less in a static page that has less room for them, and say so there."""
NO_EXPERTS = "this model has no router"
NO_PLE = "this model has no per-layer embeddings"


def of_model(scope: Microscope) -> dict[str, Callable[[], View]]:
    """The views that a model has, by the name of their tab. Each reads the prompt that is shown when it is made."""
    model = scope.model
    makers = {
        "Tokens": lambda: TokenStrip(model, scope.prompt, surprisal=True),
        "Attention": lambda: AttentionExplorer(model, scope.prompt),
        "Routing": lambda: RoutingExplorer(model, scope.prompt),
        "Lens": lambda: LogitLens(model, scope.prompt),
        "PLE": lambda: PerLayerEmbeddings(model, scope.prompt),
        "Architecture": lambda: ArchitectureMap(model),
    }
    absent = missing(model)
    return {name: make for name, make in makers.items() if name not in absent}


def missing(model: Lab) -> dict[str, str]:
    """The tabs that a model lacks, and why."""
    lacks = {} if model.config.experts else {"Routing": NO_EXPERTS}
    return lacks if model.config.ple_dim else lacks | {"PLE": NO_PLE}


def of_trace(trace: Trace) -> tuple[dict[str, Callable[[], View]], dict[str, str]]:
    """The views that a recorded trace has what they need for, and what the others lack."""
    makers, lacks = {}, {}
    with_media = {"Media": SoftTokenAtlas} if any(segment.kind in KINDS for segment in trace.segments) else {}
    for name, view in (OF_A_TRACE | with_media).items():
        try:
            made = view(trace)
        except InputError as error:
            lacks[name] = error.what
        else:
            makers[name] = lambda made=made: made
    return makers, lacks


def pages(scope: Microscope, room: int) -> dict[str, str]:
    """Every view's static HTML, in the order of the tabs; those that can hold less share what the others leave."""
    elastic = [name for name in HOLD_LESS if name in scope.names]
    made = {name: scope.view(name).static() for name in scope.names if name not in elastic}
    for place, name in enumerate(elastic):
        view = scope.view(name)
        view.room = max(0, room - sum(map(len, made.values()))) // (len(elastic) - place)
        try:
            made[name] = view.static()
        finally:
            view.room = None
    return {name: made[name] for name in scope.names}


def layout(scope: Microscope):
    """The bar above a row of tabs, of which the first is filled (ipywidgets)."""
    import ipywidgets

    tabs = ipywidgets.Tab()
    tabs.observe(lambda change: _fill(scope, tabs, change.new), "selected_index")
    box = ipywidgets.VBox([scope.widget, tabs])
    box.add_class("g4lab-microscope")
    _empty(scope, tabs)
    return box


def close(box) -> None:
    """End the tabs and what holds them; the views in them end by themselves."""
    tabs = box.children[1]
    for part in (*tabs.children, tabs, box):
        for widget in (part.layout, getattr(part, "style", None), part):
            if widget is not None:
                widget.close()


def refill(scope: Microscope) -> None:
    """New tabs, for another model or trace."""
    _empty(scope, scope.layout.children[1])


def _empty(scope: Microscope, tabs) -> None:
    import ipywidgets

    wanted = scope.names.index(scope._open_name)
    tabs.children = [ipywidgets.VBox() for _ in scope.names]
    for index, name in enumerate(scope.names):
        tabs.set_title(index, name)
    tabs.selected_index = wanted
    _fill(scope, tabs, wanted)


def _fill(scope: Microscope, tabs, index: int | None) -> None:
    if index is None or index >= len(tabs.children):
        return
    view = scope.opened(index)
    if view is not None and not tabs.children[index].children:
        tabs.children[index].children = [view.widget]
