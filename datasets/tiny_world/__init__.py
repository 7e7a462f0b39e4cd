"""Tiny world: the generated corpus on which g4lab's small models are trained."""

from .corpus import DOMAINS, Document, document, documents

__all__ = ["DOMAINS", "Document", "document", "documents"]
