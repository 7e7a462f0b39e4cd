"""The live wrapper: a view as an anywidget, for JupyterLab, VS Code, Colab and marimo."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

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
    """What the reader points at: {"token", "layer", "pinned"}, what else the view knows, such as "expert", and the
    gesture's "stamp" in ms. `linking.Selection` carries the first three to all views of the same trace."""

    shown = traitlets.Int(0).tag(sync=True)
    """At how many places the view is on display; the page counts them."""

    def __init__(
        self,
        handle: Callable[[dict[str, Any]], None],
        kind: tuple | None = None,
        closed: Callable[[], None] = lambda: None,
        **traits,
    ):
        super().__init__(**traits)
        self._handle, self._kind, self._closed = handle, kind, closed
        self._was_shown, self._cell = False, _cell_that_runs()
        self.observe(self._comes, "shown")
        if kind is not None:
            _retire(self)
        self._answers = 0
        self.on_msg(lambda _, message, buffers: self._answer(message))

    def close(self) -> None:
        """End it, here and on every page."""
        if self.comm is not None:
            self.layout.close()
            super().close()
            self._closed()

    def _comes(self, change: Any) -> None:
        self._was_shown = self._was_shown or change.new > 0

    def working(self, doing: str) -> None:
        """Show that something is being computed."""
        self.status = {"state": "busy", "doing": doing}

    def failed(self, error: G4LabError) -> None:
        """Show what went wrong, where, and what to do next."""
        self.status = {"state": "error", "what": error.what, "where": error.where, "next": error.next}

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


_made: WeakSet[Live] = WeakSet()


def _retire(new: Live) -> None:
    """Close what stood where a new one is about to stand: a cell that is run again makes its view anew.

    ipywidgets keeps every live view for ever. Closed are those of the same kind and the same cell that were on display
    and no longer are; a view of another cell may only be scrolled out of sight, which takes it off the page where a
    notebook draws no more than what is seen. Should one be wanted after all, its view makes another.
    """
    for old in [*_made]:
        same = (old._kind, old._cell) == (new._kind, new._cell) and new._cell is not None
        if same and old._was_shown and not old.shown:
            old.close()
            _made.discard(old)
    _made.add(new)


def _cell_that_runs() -> str | None:
    """The id of the cell that is being run, "" where nobody tells it; None while a page's message is answered."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    if parent.get("header", {}).get("msg_type") == "comm_msg":
        return None
    return parent.get("metadata", {}).get("cellId", "")


def live_class(module: str) -> type[Live]:
    """A class of its own for each view: anywidget tells style sheets apart by class."""
    name = "".join(part.title() for part in module.split("_"))
    body = {
        "__module__": sys.modules[__name__].__name__,
        "_esm": assets.script(module, "live_host"),
        "_css": assets.style("theme", module),
    }
    return type(name, (Live,), body)
