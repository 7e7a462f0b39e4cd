"""Which numbers a view of a model's shape is to draw: from a config, a released size's name, or a loaded model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from g4lab.config import PRESETS, TextConfig
from g4lab.errors import ConfigError

if TYPE_CHECKING:
    from g4lab.lab import Lab


def config_of(source: TextConfig | str | Lab, view: str) -> tuple[TextConfig, dict[str, Any]]:
    """The config, and what the page says of its origin: {"name", "label"}. No weights are read.

    Raises: ConfigError for a name that is no released size, and for anything else.
    """
    if isinstance(source, TextConfig):
        released = PRESETS.get(source.name) == source
        return source, {"name": source.name, "label": _RELEASED if released else "a config, no weights"}
    if isinstance(source, str):
        if source in PRESETS:
            return PRESETS[source], {"name": source, "label": _RELEASED}
        advice = f"choose one of {', '.join(PRESETS)}, or give a loaded model: {view}(g4lab.load({source!r}))"
        raise ConfigError(f"there is no released size {source!r}", view, advice)
    config = getattr(source, "config", None)
    if not isinstance(config, TextConfig):
        advice = f"give a TextConfig, a loaded model, or a name: one of {', '.join(PRESETS)}"
        raise ConfigError(f"a {type(source).__name__} has no plan to draw", view, advice)
    return config, {"name": source.name, "label": source.label}


_RELEASED = "released size, from its config, no weights"
