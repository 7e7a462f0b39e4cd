"""The live wrapper: a view as an anywidget, for JupyterLab, VS Code, Colab and marimo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from g4lab.errors import G4LabError
from g4lab.widgets import assets


class Live(anywidget.AnyWidget):
    """What the notebook shows: the arrays, how the work stands, and what is selected."""

    content = traitlets.Dict().tag(sync=True)
    """{"header": ..., "arrays": bytes}, set together so that a page never sees half of it."""
    status = traitlets.Dict({"state": "ready"}).tag(sync=True)
    """{"state": "ready"}, {"state": "busy", "doing": ...} or {"state": "error", "what", "where", "next"}.

    An answer to the page also has its number: a status equal to the last one would not be sent, and a page that
    asked twice for the same impossible thing would wait for ever.
    """
    selection = traitlets.Dict().tag(sync=True)
    """{"token", "layer", "expert"}: what the reader points at; link it with another view's."""

    def __init__(self, handle: Callable[[dict[str, Any]], None], **traits):
        super().__init__(**traits)
        self._handle = handle
        self._answers = 0
        self.on_msg(lambda _, message, buffers: self._answer(message))

    def working(self, doing: str) -> None:
        """Show that something is being computed."""
        self.status = {"state": "busy", "doing": doing}

    def _answer(self, message: dict[str, Any]) -> None:
        """Do what the page asks; the page is told of every outcome, so it never waits for nothing."""
        self._answers += 1
        answer = {"answer": self._answers}
        try:
            self._handle(message)
            self.status = {"state": "ready", **answer}
        except G4LabError as error:
            self.status = {"state": "error", "what": error.what, "where": error.where, "next": error.next, **answer}
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            advice = "this is a fault in g4lab: please report it with the traceback from the notebook's log"
            self.status = {"state": "error", "what": what, "where": message.get("kind"), "next": advice, **answer}
            raise


def live_class(module: str) -> type[Live]:
    """A class of its own for each view: anywidget tells style sheets apart by class."""
    name = "".join(part.title() for part in module.split("_"))
    body = {
        "__module__": sys.modules[__name__].__name__,
        "_esm": assets.script(module, "live_host"),
        "_css": assets.style("theme", module),
    }
    return type(name, (Live,), body)
