"""What the reader has selected in a view, for the pictures that are saved of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 2_000
"""Characters that a picture takes of what the page says."""


@dataclass(frozen=True)
class Pointed:
    """A token, a layer, and what else a view knows (`own`, such as a head); None for nothing.

    `words` is what the page itself says of it, None where no page was asked.
    """

    token: int | None = None
    layer: int | None = None
    own: Mapping[str, Any] = field(default_factory=dict)
    words: str | None = None

    @classmethod
    def of(cls, selection: Any, words: Any = None) -> Pointed:
        """What a page, or a selection, says; whatever is no number where one belongs counts as nothing."""
        said = selection if isinstance(selection, Mapping) else {}
        own = {name: value for name, value in said.items() if name not in ("token", "layer", "pinned", "stamp")}
        heard = words[:LONGEST] if isinstance(words, str) else None
        return cls(_whole(said.get("token")), _whole(said.get("layer")), own, heard)

    def number(self, name: str, below: int) -> int | None:
        """A number of the view's own, if it lies from 0 up to `below`."""
        value = _whole(self.own.get(name))
        return value if value is not None and value < below else None

    def keys(self) -> list[str]:
        """The places of a picture that are outlined; `keysOf` in marked_still.js says the same."""
        own = {name: _whole(self.own.get(name)) for name in ("row", "head", "expert", "expert_layer", "pair", "kind")}
        found = {
            f"token.{self.token}": self.token is not None,
            f"layer.{self.layer}": self.layer is not None,
            f"row.{own['row']}": own["row"] is not None,
            f"head.{self.layer}.{own['head']}": None not in (self.layer, own["head"]),
            f"expert.{self.layer}.{own['expert']}": own["expert"] is not None and own["expert_layer"] == self.layer,
            f"pair.{own['kind']}.{own['pair']}": None not in (own["kind"], own["pair"]),
        }
        return [key for key, there in found.items() if there]

    def said(self) -> str:
        """The selection in words; nothing where nothing is selected."""
        if self.words is not None:
            return f"On the page: {self.words}" if self.words else ""
        parts = [
            f"{name} {value}" for name, value in (("token", self.token), ("layer", self.layer)) if value is not None
        ]
        return f"Selected: {', '.join(parts)}." if parts else ""


NOTHING = Pointed()


def first_of(count: int, most: int, token: int | None) -> int:
    """Where the `most` positions of a picture begin: the last of `count`, or those about a token before these."""
    last = max(0, count - most)
    if token is None or token >= last:
        return last
    return max(0, token - most // 2)


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None
