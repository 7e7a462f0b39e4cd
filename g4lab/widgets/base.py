"""View: what all views share. One ES module, and three wrappers around it.

* live: an anywidget, which can ask Python to run the model again;
* static: `.static()`, self-contained HTML with the arrays inside, for exported notebooks and pages without a kernel;
* still: a sentence in plain text and a picture (PNG, SVG), for readers that show neither, and for print.
"""

from __future__ import annotations

import base64
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import numpy as np

from g4lab.widgets.linking import Selection
from g4lab.widgets.pack import pack
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.static_page import figure, page, shown_as, stand_in
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.widgets.live import Live

STATIC_LIMIT = 2_000_000
"""Bytes of static HTML that an output may carry beside the live view."""


class View:
    """A picture of a trace; the subclasses say what it holds and answer what its page asks."""

    module: ClassVar[str]
    """The ES module in `static/` that draws it."""
    hosted = False
    """Whether it stands inside another view that has the prompt box."""
    room: int | None = None
    """Characters that its static HTML may take in a page that it shares, for views that can hold less; None: any."""
    pictured: ClassVar[bool] = True
    """Whether its page offers the still picture for saving; views inside it may do that themselves."""
    _joined: Selection | None = None

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws: a header that JSON can hold, and arrays by name."""
        raise NotImplementedError

    def sentence(self) -> str:
        """The view in words."""
        raise NotImplementedError

    def height(self) -> int:
        """About how tall the view is, in CSS pixels, before its page has measured it."""
        raise NotImplementedError

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks. Raises: G4LabError, which the page shows."""
        raise NotImplementedError

    def selection(self) -> Selection | None:
        """What is pointed at, shared with all views of the same tokens, or of the same model; None for neither."""
        return None

    def to_csv(self) -> str:
        """The numbers behind the picture."""
        raise NotImplementedError

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """A still picture that has room for what is selected, not yet outlined nor in any format."""
        raise NotImplementedError

    def pointed(self) -> Pointed:
        """What is selected now: in the live view, if it was made, else in the views that share the selection."""
        if "widget" in self.__dict__ and self.widget.selection:
            return Pointed.of(self.widget.selection)
        selection = self.selection()
        return NOTHING if selection is None else Pointed.of(selection.value)

    def to_png(self) -> bytes:
        """The still picture as a PNG file, with what is selected outlined."""
        return self._outlined(self.pointed()).png()

    def to_svg(self) -> str:
        """The still picture as an SVG file, with what is selected outlined, and the words as its description."""
        return self._outlined(self.pointed()).svg()

    def static(self) -> str:
        """Self-contained HTML of the view as it is now: save it as a file, or show it where there is no kernel."""
        header, arrays = self._packed(live=False)
        title = f"{type(self).__name__}: {header['model']['name']}"
        return figure(page(self.module, header, arrays, title), title, self.sentence(), self.height())

    @cached_property
    def widget(self) -> Live:
        """The live view, for layouts and links: ipywidgets.HBox([a.widget, b.widget])."""
        from g4lab.widgets.live import live_class

        header, arrays = self._packed(live=True)
        live = live_class(self.module)(
            self._answer,
            kind=(self.module, header["link"], header["model"]["name"]),
            closed=self._forget_widget,
            content={"header": header, "arrays": arrays},
        )
        self._link(live)
        return live

    def close(self) -> None:
        """Let the live view go; another is made when it is asked for."""
        if "widget" in self.__dict__:
            self.widget.close()

    def _forget_widget(self) -> None:
        self.__dict__.pop("widget", None)
        self._joined = None

    @property
    def shown(self):
        """What a notebook shows live."""
        return self.widget

    def refresh(self) -> None:
        """Send what has changed to the live view, if it is on show."""
        if "widget" in self.__dict__:
            header, arrays = self._packed(live=True)
            self.widget.content = {"header": header, "arrays": arrays}
            self._link(self.widget)

    def working(self, doing: str) -> None:
        """Tell the live view, if it is on show, what is being computed."""
        if "widget" in self.__dict__:
            self.widget.working(doing)

    def _packed(self, live: bool) -> tuple[dict[str, Any], bytes]:
        header, arrays = self.content(live)
        if self.pictured and not live:  # a live page asks for it; this one marks what is selected by itself
            still = self.still()
            header = header | {"places": still.places}
            arrays = arrays | {"still": np.frombuffer(still.svg().encode(), np.uint8)}
        index, raw = pack(arrays)
        selection = self.selection()
        links = {} if selection is None else {"link": selection.key, "family": selection.family}
        own = {"hosted": self.hosted, "pictured": self.pictured} | ({"id": self._page_id} if live else {})
        return {"link": None, **header, **links, **own, "arrays": index}, raw

    def _answer(self, message: dict[str, Any]) -> None:
        """What every page may ask, and what the subclass answers."""
        if message.get("kind") == "still":
            shown = message.get("shown")
            pointed = self.pointed() if shown is None else Pointed.of(shown, message.get("words"))
            self.widget.send({"kind": "still"}, [self._outlined(pointed).svg().encode()])
        else:
            self.handle(message)

    def _outlined(self, pointed: Pointed) -> Still:
        still = self.still(pointed)
        still.outline(pointed)
        return still

    def _link(self, live: Live) -> None:
        """Take part in the selection of the tokens on show, and in no other."""
        selection = self.selection()
        if selection is self._joined:
            return
        if self._joined is not None:
            self._joined.leave(live)
        self._joined = selection
        if selection is not None:
            selection.join(live)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every form that this environment can show; the reader's program picks the richest that it knows."""
        bundle: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        if find_spec("PIL"):
            bundle["image/png"] = base64.b64encode(self.to_png()).decode()
        html = shown_as(self._page_id, self.static())
        if len(html) <= STATIC_LIMIT:
            bundle["text/html"] = html
        if find_spec("anywidget"):
            made = self.shown._repr_mimebundle_()
            # an anywidget gives its metadata as well, a layout of ipywidgets does not
            live, metadata = made if isinstance(made, tuple) else (made, {})
            bundle |= live
        return bundle | {"text/plain": self.sentence()}, metadata

    def _ipython_display_(self) -> None:
        """Two outputs: the view, and a picture that is seen only where the view is not.

        A saved notebook that is opened without its kernel has a live view that cannot be drawn, and the program that
        shows it does not go on to the next form in the same output.
        """
        from IPython.display import display

        bundle, metadata = self._repr_mimebundle_()
        picture = bundle.pop("image/png", None)
        display(bundle, metadata=metadata, raw=True)
        if picture is not None:
            display({"text/html": stand_in(self._page_id, picture, self.sentence()), "text/plain": ""}, raw=True)

    @cached_property
    def _page_id(self) -> str:
        """What tells this view from all others on a page."""
        return uuid4().hex[:12]
