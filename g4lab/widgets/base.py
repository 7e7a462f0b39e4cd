"""View: what all views share. One ES module, and three wrappers around it.

* live: an anywidget, which can ask Python to run the model again;
* static: `.static()`, self-contained HTML with the arrays inside, for exported notebooks and pages without a kernel;
* still: a sentence in plain text and a PNG, for readers that show neither.
"""

from __future__ import annotations

import base64
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from g4lab.widgets.pack import pack
from g4lab.widgets.static_page import figure, page

if TYPE_CHECKING:
    from g4lab.widgets.live import Live

STATIC_LIMIT = 2_000_000
"""Bytes of static HTML that an output may carry beside the live view."""


class View:
    """A picture of a trace; the subclasses say what it holds and answer what its page asks."""

    module: ClassVar[str]
    """The ES module in `static/` that draws it."""

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

    def to_csv(self) -> str:
        """The numbers behind the picture."""
        raise NotImplementedError

    def to_png(self) -> bytes:
        """A still picture."""
        raise NotImplementedError

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
        return live_class(self.module)(self.handle, content={"header": header, "arrays": arrays})

    def refresh(self) -> None:
        """Send what has changed to the live view, if it is on show."""
        if "widget" in self.__dict__:
            header, arrays = self._packed(live=True)
            self.widget.content = {"header": header, "arrays": arrays}

    def working(self, doing: str) -> None:
        """Tell the live view, if it is on show, what is being computed."""
        if "widget" in self.__dict__:
            self.widget.working(doing)

    def _packed(self, live: bool) -> tuple[dict[str, Any], bytes]:
        header, arrays = self.content(live)
        index, raw = pack(arrays)
        return {**header, "arrays": index}, raw

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every form that this environment can show; the reader's program picks the richest that it knows."""
        bundle: dict[str, Any] = {}
        metadata: dict[str, Any] = {}
        if find_spec("PIL"):
            bundle["image/png"] = base64.b64encode(self.to_png()).decode()
        html = self.static()
        if len(html) <= STATIC_LIMIT:
            bundle["text/html"] = html
        if find_spec("anywidget"):
            live, metadata = self.widget._repr_mimebundle_()
            bundle |= live
        return bundle | {"text/plain": self.sentence()}, metadata
