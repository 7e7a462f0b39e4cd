"""ArchitectureMap: the layer plan of any config, whose K/V a layer reads, and what each part costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.models.plan import cache_bytes, parameter_counts, plan
from g4lab.widgets import architecture_content as content
from g4lab.widgets.architecture_picture import picture
from g4lab.widgets.base import View
from g4lab.widgets.configs import config_of
from g4lab.widgets.linking import Selection, layers_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab


class ArchitectureMap(View):
    """One row a layer: local or global, heads, widths, K/V owner or borrower, parameters and cache bytes by part.

    Give it a config, the name of a released size, or a model: it needs no weights.

        widgets.ArchitectureMap("26b-a4b")

    Raises: ConfigError for a name that is no released size.
    """

    module = "architecture_map"

    def __init__(self, source: TextConfig | str | Lab):
        self.config, self.model = config_of(source, "ArchitectureMap")

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws; all numbers are few and whole, so they stand in the header."""
        return {"model": self.model, "live": live, **content.header(self.config)}, {}

    def sentence(self) -> str:
        """The plan in words, with the cache beside what it would be without windows and sharing."""
        config, rows = self.config, plan(self.config)
        local = sum(layer.window is not None for layer in rows)
        borrowers = sum(layer.borrows for layer in rows)
        tokens = min(32_768, config.max_positions)
        kept = cache_bytes(config, tokens, content.BYTES_PER_VALUE)
        alone = tokens * sum(row["alone_per_token"] for row in content.layer_rows(config))
        total = sum(parameter_counts(config).values())
        return (
            f"{self.model['name']} ({self.model['label']}): {len(rows)} layers of width {config.width:,}, "
            f"{local} local with a window of {config.window:,} and {len(rows) - local} global; {borrowers} borrow K/V. "
            f"{total:,} parameters. After {tokens:,} tokens the cache holds {kept:,} bytes; "
            f"without windows and sharing it would hold {alone:,}, {alone / kept:.1f} times as many."
        )

    def selection(self) -> Selection:
        """The layer that is pointed at, in every view of this model."""
        return layers_of(self.model["name"], self.config.layers)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 430 + min(22 * self.config.layers, 540)

    def handle(self, message: dict[str, Any]) -> None:
        """Raises: InputError; the page has all it needs and asks for nothing."""
        raise InputError(f"ArchitectureMap answers no {message.get('kind')!r}", "ArchitectureMap")

    def to_csv(self) -> str:
        """One line for each layer: the plan, parameters by part, and cache bytes at three lengths."""
        return content.table(self.config)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """A still picture of the plan."""
        return picture(self.config, self.model, self.sentence(), pointed)
