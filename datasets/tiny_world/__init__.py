"""Tiny world: the generated corpus on which g4lab's small models are trained."""

from . import functions
from .corpus import DOMAINS, document, documents
from .document import ANSWER, Document, is_held_out

__all__ = ["ANSWER", "DOMAINS", "Document", "document", "documents", "functions", "is_held_out"]
