"""Decoding a token at a time: text comes out as soon as its characters are whole."""

from __future__ import annotations

import codecs
from typing import Protocol


class _HasBytes(Protocol):
    def bytes_of(self, id: int, control: bool = True) -> bytes: ...


class Detokenizer:
    """Turns ids into text one by one; all that it gives out, joined, is what `Tokenizer.decode` gives.

    A character may be spread over several byte pieces: `push` keeps its bytes until the last has come.
    """

    def __init__(self, tokenizer: _HasBytes, control: bool = True):
        self._tokenizer = tokenizer
        self._control = control
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, id: int) -> str:
        """The text that is certain once this id has come, maybe none. Raises: InputError for no such id."""
        return self._decoder.decode(self._tokenizer.bytes_of(id, self._control))

    def flush(self) -> str:
        """What is left at the end: nothing, or U+FFFD for a character whose last bytes never came."""
        return self._decoder.decode(b"", final=True)
