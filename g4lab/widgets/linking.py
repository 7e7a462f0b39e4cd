"""One selection for all views of one trace: what is pointed at in one of them lights up in the others.

Two views belong together when the same model read the same tokens, also when each was made by a call of its own, or
by another process. A view of the model itself, which shows no tokens, shares the layer with all of them. On a page the
views tell each other with a DOM event; here one object does the same for views that do not share a page, and for code
that wants to know, or to say, what is selected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, WeakValueDictionary

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace

if TYPE_CHECKING:
    from g4lab.widgets.live import Live

SHARED = ("token", "layer", "pinned")
"""What views have in common; a view may select more, such as an expert, which is its own."""

NOTHING: dict[str, Any] = {"token": None, "layer": None, "pinned": False}

_selections: WeakValueDictionary[str, Selection] = WeakValueDictionary()


def key_of(model: str, ids: Sequence[int]) -> str:
    """The name that all views of one model's reading of one sequence share."""
    return hashlib.sha256(json.dumps([model, list(map(int, ids))]).encode()).hexdigest()[:16]


def selection_of(trace: Trace) -> Selection:
    """The selection that all views of a trace share."""
    return selection_of_ids(trace.model["name"], [token.id for token in trace.tokens], len(trace.plan))


def selection_of_ids(model: str, ids: Sequence[int], layers: int) -> Selection:
    """The same for a view that has the tokens but no trace: a trace of this model's reading of them joins it."""
    return _shared(key_of(model, ids), len(ids), layers, layers_of(model, layers))


def layers_of(model: str, layers: int) -> Selection:
    """The selection of a layer, for views of the model that show no tokens."""
    return _shared(key_of(model, ()), 0, layers, None)


class Selection:
    """What the reader points at: `value` is {"token", "layer", "pinned"}, with None for nothing."""

    def __init__(self, key: str, tokens: int, layers: int, of_model: Selection | None):
        self.key, self.tokens, self.layers = key, tokens, layers
        self.value = dict(NOTHING)
        self._of_model = of_model
        self._members: WeakSet[Selection] = WeakSet()
        self._views: WeakSet[Live] = WeakSet()
        self._listeners: list[Callable[[dict[str, Any]], None]] = []
        self._spreading = False
        if of_model is not None:
            of_model._members.add(self)

    @property
    def family(self) -> str:
        """The key under which views of this model share the layer, whatever the tokens."""
        return self.key if self._of_model is None else self._of_model.key

    def select(self, token: int | None = None, layer: int | None = None, pinned: bool = True) -> None:
        """Point at a token, a layer, or both, in every view on show; nothing, to let go.

        Raises: InputError for a token or a layer that does not exist.
        """
        for name, index, count in (("token", token, self.tokens), ("layer", layer, self.layers)):
            if index is not None and not (isinstance(index, int) and 0 <= index < count):
                advice = f"give 0 to {count - 1}, or None" if count else "these views show no tokens"
                raise InputError(f"there is no {name} {index!r}", "Selection.select", advice)
        self._spread({"token": token, "layer": layer, "pinned": pinned and token is not None}, None)

    def observe(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call `listener(value)` whenever the selection changes; returns what stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def join(self, view: Live) -> None:
        """Let a live view take part."""
        self._views.add(view)
        view.observe(self._changed, "selection")
        view.observe(self._came, "shown")
        if view.shown:
            self._welcome(view)

    def leave(self, view: Live) -> None:
        """Let a live view go, when it shows another sequence."""
        self._views.discard(view)
        for listener, name in ((self._changed, "selection"), (self._came, "shown")):
            with suppress(ValueError):  # it was closed, which takes its listeners away
                view.unobserve(listener, name)
        if view.comm is not None:
            view.selection = {}

    def _changed(self, change: Any) -> None:
        if not self._spreading and change.new:
            self._spread({name: change.new.get(name) for name in (*SHARED, "stamp")}, change.owner)

    def _came(self, change: Any) -> None:
        if change.new and not change.old:
            self._welcome(change.owner)

    def _welcome(self, view: Live) -> None:
        """A view that comes on display shows what is selected in others on display, else what it knows itself.

        The views of a cell that was run again are gone from the page; what was pinned in them went with them.
        """
        if self._on_display(view):
            if self.value != NOTHING:
                self._set(view, self.value)
            return
        known = {name: view.selection.get(name, nothing) for name, nothing in NOTHING.items()}
        model = self._of_model
        if model is not None and model._on_display(view) and known["layer"] is None:
            known["layer"] = model.value["layer"]
        if known != self.value:
            self._take(known, None)

    def _on_display(self, but: Live) -> bool:
        """Whether the reader sees another of these views."""
        return any(view is not but and view.comm is not None and view.shown for view in self._views)

    def _spread(self, value: dict[str, Any], origin: Live | None) -> None:
        self._take(value, origin)
        if value["layer"] is None:
            return
        for other in [*self._members] if self._of_model is None else [self._of_model]:
            other._take({**other.value, "layer": value["layer"], "stamp": value.get("stamp")}, None)

    def _take(self, value: dict[str, Any], origin: Live | None) -> None:
        self.value = {name: value[name] for name in SHARED}
        for view in list(self._views):
            if view is not origin and view.comm is not None:
                self._set(view, value)
        for listener in list(self._listeners):
            listener(dict(self.value))

    def _set(self, view: Live, value: dict[str, Any]) -> None:
        self._spreading = True
        try:
            shared = {name: value[name] for name in (*SHARED, "stamp") if name in SHARED or value.get(name)}
            own = {name: what for name, what in view.selection.items() if name not in (*SHARED, "stamp")}
            view.selection = own | shared
        finally:
            self._spreading = False


def _shared(key: str, tokens: int, layers: int, of_model: Selection | None) -> Selection:
    found = _selections.get(key)
    if found is None:
        found = _selections[key] = Selection(key, tokens, layers, of_model)
    return found
