"""Tiny world: the generated corpus on which g4lab's small models are trained."""

from . import functions
from .corpus import DOMAINS, document, documents
from .covered import RANKS, WORDS_OF_CELLS, Cell, covered
from .document import ANSWER, GIVEN, Document, is_held_out
from .further import further
from .recordings import Recordings, record
from .seen import Seen, messages, written
from .senses import KINDS, seen, stream
from .words import FIRST

__all__ = [
    "ANSWER",
    "DOMAINS",
    "FIRST",
    "GIVEN",
    "KINDS",
    "RANKS",
    "WORDS_OF_CELLS",
    "Cell",
    "Document",
    "Recordings",
    "Seen",
    "covered",
    "document",
    "documents",
    "functions",
    "further",
    "is_held_out",
    "messages",
    "record",
    "seen",
    "stream",
    "written",
]
