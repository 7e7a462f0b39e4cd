"""Views of what a model did: live in a notebook, or as self-contained HTML."""

from g4lab.widgets.base import View
from g4lab.widgets.routing import RoutingExplorer

__all__ = ["RoutingExplorer", "View"]
