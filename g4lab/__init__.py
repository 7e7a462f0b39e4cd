"""Open Gemma 4, look at every number inside it, change one, and see what happens.

Importing g4lab imports no backend: each public name is looked up when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from g4lab import media, text, widgets
    from g4lab.errors import G4LabError
    from g4lab.lab import Lab, load
    from g4lab.tracing.trace import Trace

_HOMES = {
    "load": "g4lab.lab",
    "Lab": "g4lab.lab",
    "Trace": "g4lab.tracing.trace",
    "G4LabError": "g4lab.errors",
}
_SUBPACKAGES = ("media", "text", "widgets")

__all__ = ["G4LabError", "Lab", "Trace", "__version__", "load", "media", "text", "widgets"]


def __getattr__(name: str):
    if name in _HOMES:
        if _HOMES[name] == "g4lab.lab":
            # Keras settles its backend at its first import, so ours is chosen before that.
            import_module("g4lab.runtime").choose_backend()
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _SUBPACKAGES:
        value = import_module(f"g4lab.{name}")
    else:
        raise AttributeError(f"module 'g4lab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
