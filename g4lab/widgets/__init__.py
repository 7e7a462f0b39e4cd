"""Views of what a model is and did: live in a notebook, or as self-contained HTML."""

from g4lab.widgets.architecture import ArchitectureMap
from g4lab.widgets.atlas import SoftTokenAtlas
from g4lab.widgets.attention import AttentionExplorer
from g4lab.widgets.base import View
from g4lab.widgets.lens import LogitLens
from g4lab.widgets.microscope import Microscope
from g4lab.widgets.per_layer import PerLayerEmbeddings
from g4lab.widgets.rope_dial import RopeDial
from g4lab.widgets.routing import RoutingExplorer
from g4lab.widgets.token_strip import TokenStrip
from g4lab.widgets.token_strip_content import Score

__all__ = [
    "ArchitectureMap",
    "AttentionExplorer",
    "LogitLens",
    "Microscope",
    "PerLayerEmbeddings",
    "RopeDial",
    "RoutingExplorer",
    "Score",
    "SoftTokenAtlas",
    "TokenStrip",
    "View",
]
