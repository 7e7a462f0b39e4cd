"""Microscope: one prompt, one model, and every view that fits it, in tabs with one selection."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import G4LabError, InputError
from g4lab.tracing.trace import Trace
from g4lab.widgets import assets, microscope_tabs, prompts
from g4lab.widgets.base import STATIC_LIMIT, View
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab

VIEW = "Microscope"
PROMPT = "The red ball is in the"
SPARE = 2_000
"""Characters between the views of a static page, and around it where a notebook shows it."""


class Microscope(View):
    """A prompt box, a choice of models, the tokens, and below them the views of what the model did, in tabs.

    Give it a model, a model's name, a trace, or the path of a recorded trace. `models` are others to choose from,
    loaded or by name. A view is made when its tab is opened first; what is pointed at in one is lit in all.

        widgets.Microscope(g4lab.load("tiny-moe"), models=["tiny-e"])

    Raises: InputError; in the page, whatever goes wrong is said there and the views stay as they are.
    """

    module = "microscope"
    pictured = False

    def __init__(
        self,
        source: Lab | str | Trace | PathLike,
        prompt: Any = PROMPT,
        models: Sequence[Lab | str] = (),
    ):
        self.models: dict[str, Lab | str] = {_name(model): model for model in models}
        self._views: dict[str, View] = {}
        if isinstance(source, Trace):
            self._take(None, None, source)
        elif isinstance(source, PathLike) or (isinstance(source, str) and source.endswith(".npz")):
            self._take(None, None, Trace.load(source))
        else:
            self.models = {_name(source): source} | self.models
            self._read(self._loaded(_name(source)), prompt)

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt, in every view."""
        self._read(prompts.required_model(self.model, VIEW), prompt)

    def choose(self, name: str) -> None:
        """Let another model read the prompt."""
        if name not in self.models:
            raise InputError(f"there is no model {name!r} here", VIEW, f"choose one of {', '.join(self.models)}")
        self._read(self._loaded(name), PROMPT if self.prompt is None else self.prompt)

    def open(self, path: str | PathLike) -> None:
        """Show a recorded trace. Raises: InputError for a file that is none, or broken."""
        self.working("the trace is read")
        self._take(None, None, Trace.load(path))

    @property
    def names(self) -> list[str]:
        """The tabs that this model, or this trace, has."""
        return list(self._makers)

    def view(self, name: str) -> View:
        """The view of a tab. Raises: InputError for a tab that is not there."""
        if name not in self._makers:
            raise InputError(f"there is no tab {name!r}", VIEW, f"choose one of {', '.join(self._makers)}")
        if name not in self._views:
            self.working(f"{name} is made ready")
            made = self._makers[name]()
            made.hosted = True
            self._views[name] = made
        return self._views[name]

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the bar above the tabs draws."""
        trace = self.trace
        header = {
            "model": {key: trace.model[key] for key in ("name", "label")},
            "models": list(self.models),
            "layers": len(trace.plan),
            "tokens": [{"id": token.id, "text": token.text, "kind": token.kind} for token in trace.tokens],
            "live": live,
            "editable": live and self.model is not None,
            "prompt": prompts.shown(self.prompt),
            "tabs": self.names,
            "missing": [{"name": name, "why": why} for name, why in self.missing.items()],
        }
        return header, {}

    def sentence(self) -> str:
        """What is read, and which views there are."""
        model = self.trace.model
        text = f"{model['name']} ({model['label']}) reads {len(self.trace)} tokens. Views: {', '.join(self.names)}."
        return text + "".join(f" No {name}: {why}." for name, why in self.missing.items())

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.trace)

    def height(self) -> int:
        """About how tall the bar is, in CSS pixels."""
        return 190

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": prompt}:
                self.run(prompt)
            case {"kind": "choose", "model": str(name)}:
                self.choose(name)
            case {"kind": "open", "path": str(path)}:
                self.open(path.strip())
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def to_csv(self) -> str:
        """The numbers of the tab that is open."""
        return self.view(self._open_name).to_csv()

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """A still picture of the tab that is open."""
        return self.view(self._open_name).still(pointed)

    def pointed(self) -> Pointed:
        """What is selected in the tab that is open."""
        return self.view(self._open_name).pointed()

    def static(self) -> str:
        """The bar and every view in one piece of HTML, linked, without a kernel; without scripts, one below another."""
        bar, script = super().static(), assets.script("tab_host")
        pages = microscope_tabs.pages(self, STATIC_LIMIT - len(bar) - len(script) - SPARE)
        self._ready()
        panels = "".join(
            f'<section class="g4lab-panel" data-tab="{escape(name)}">{page}</section>' for name, page in pages.items()
        )
        return f'<div class="g4lab-tabs">{bar}{panels}<script>{script}</script></div>'

    @cached_property
    def layout(self):
        """The live microscope: the bar, and the tabs below it (ipywidgets)."""
        return microscope_tabs.layout(self)

    @property
    def shown(self):
        """What a notebook shows live."""
        return self.layout

    def opened(self, index: int) -> View | None:
        """The view of the tab that was opened, or None when it cannot be made, which the bar then says."""
        try:
            view = self.view(self.names[index])
            self._open_name = self.names[index]
        except G4LabError as error:
            self.widget.failed(error)
            return None
        self._ready()
        return view

    def _read(self, model: Lab, prompt: Any) -> None:
        prompt = prompts.readable(prompt, VIEW)
        self.working(f"{model.name} reads the prompt")
        self._take(model, prompt, model.trace(prompt, sites=()))

    def _take(self, model: Lab | None, prompt: Any, trace: Trace) -> None:
        """Show other tokens: views of the same model are kept and read the prompt, all others are made anew."""
        same = model is not None and model is getattr(self, "model", None)
        if same:
            for view in self._views.values():
                if hasattr(view, "run"):
                    view.run(prompt)
        else:
            for view in self._views.values():
                view.close()
            self._views = {}
        self.model, self.prompt, self.trace = model, prompt, trace
        if model is None:
            self._makers, self.missing = microscope_tabs.of_trace(trace)
        else:
            self._makers, self.missing = microscope_tabs.of_model(self), microscope_tabs.missing(model)
        if getattr(self, "_open_name", None) not in self._makers:
            self._open_name = self.names[0]
        self.refresh()
        if not same and "layout" in self.__dict__:
            microscope_tabs.refill(self)

    def _loaded(self, name: str) -> Lab:
        model = self.models[name]
        if isinstance(model, str):
            import g4lab

            self.working(f"{name} is loaded")
            model = self.models[name] = g4lab.load(model)
        return model

    def _forget_widget(self) -> None:
        super()._forget_widget()
        for view in self._views.values():
            view.close()
        if "layout" in self.__dict__:
            microscope_tabs.close(self.__dict__.pop("layout"))

    def _ready(self) -> None:
        if "widget" in self.__dict__:
            self.widget.status = {"state": "ready"}


def _name(model: Lab | str) -> str:
    return model if isinstance(model, str) else model.name
