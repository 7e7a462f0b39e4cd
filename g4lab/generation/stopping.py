"""Ends a text at a stop string, also when the string arrives in pieces."""

from __future__ import annotations

from collections.abc import Sequence


class StopStrings:
    """Passes text through up to the first of some strings."""

    def __init__(self, strings: Sequence[str]):
        self.strings = list(strings)
        self.found = False
        self._held = ""

    def push(self, piece: str) -> str:
        """The text that is certain by now: what might be the beginning of a stop string is held back."""
        text = self._held + piece
        cuts = [at for string in self.strings if (at := text.find(string)) >= 0]
        if cuts:
            self.found, self._held = True, ""
            return text[: min(cuts)]
        keep = max((_overlap(text, string) for string in self.strings), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """What was held back, once no more text comes."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, string: str) -> int:
    """The length of the longest end of `text` that begins `string`."""
    return next((n for n in range(min(len(string) - 1, len(text)), 0, -1) if text.endswith(string[:n])), 0)
