"""Every view, made from the trained tiny models: what the promises that hold for all of them are tested on.

A notebook makes the same views: `from tests.widgets.every_view import make` and `make("lens")`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import g4lab
from g4lab import widgets
from tests.models import seeing

HOSTILE = "<img src=x onerror=alert(1)>"
PROMPT = f"The red {HOSTILE} ball is in the"


class Row(NamedTuple):
    """One view: how to make it, the class of its root, and what it has."""

    make: Callable[[], widgets.View]
    root: str
    tokens: bool = True
    prompt: bool = True


@cache
def model(name: str):
    return g4lab.load(name)


VIEWS = {
    "strip": Row(lambda: widgets.TokenStrip(model("tiny-moe"), PROMPT, surprisal=True), ".g4-strip"),
    "routing": Row(lambda: widgets.RoutingExplorer(model("tiny-moe"), PROMPT), ".g4-routing"),
    "attention": Row(lambda: widgets.AttentionExplorer(model("tiny-moe"), PROMPT), ".g4-attention"),
    "lens": Row(lambda: widgets.LogitLens(model("tiny-moe"), PROMPT), ".g4-lens"),
    "ple": Row(lambda: widgets.PerLayerEmbeddings(model("tiny-e"), PROMPT, shuffles=2), ".g4-ple"),
    "atlas": Row(lambda: atlas(), ".g4-atlas"),
    "map": Row(lambda: widgets.ArchitectureMap(model("tiny-moe")), ".g4-map", tokens=False, prompt=False),
    "rope": Row(lambda: widgets.RopeDial(model("tiny-moe")), ".g4-rope", tokens=False, prompt=False),
    "scope": Row(lambda: widgets.Microscope(model("tiny-moe"), PROMPT), ".g4-scope"),
}


def atlas() -> widgets.SoftTokenAtlas:
    """A picture, a film and a sound before the prompt, and an answer that is given."""
    media = {"images": [seeing.picture()], "video": [seeing.film(2)], "audio": [seeing.sound(0.4)]}
    return widgets.SoftTokenAtlas(seeing.lab(), PROMPT, **media, answer=" box")


def make(name: str) -> widgets.View:
    """A new view of that name."""
    return VIEWS[name].make()
