"""The numbers of RoutingExplorer's panels that are too many, or too slow, for all layers at once.

A live page asks for one layer at a time. A static page carries as many layers as fit, the upper ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_statistics import layer_measures, measure_row
from g4lab.widgets.routing_together import layer_pairs

Numbers = tuple[dict[str, Any], dict[str, np.ndarray]]
"""What JSON can hold, and arrays by name."""

PAGE_BYTES = 450_000
"""Arrays of a panel that a static page carries, before they are packed; an output stays under 2 MB."""

PAGE_PROBABILITIES = 2_000_000
"""Probabilities (L x T x E) that are measured for a static page, about a second's work."""


def _statistics(trace: Trace, layer: int) -> Numbers:
    return {"rows": [measure_row(measure) for measure in layer_measures(trace, layer)]}, {}


PANELS: dict[str, Callable[[Trace, int], Numbers]] = {"statistics": _statistics, "together": layer_pairs}


class PanelNumbers:
    """The panels' numbers of one or two runs, each computed once."""

    def __init__(self):
        self._found: dict[tuple[str, str, int], Numbers] = {}

    def forget(self, run: str | None = None) -> None:
        """Let go of what belongs to a run that is not shown any more, or of everything."""
        self._found = {key: numbers for key, numbers in self._found.items() if run is not None and key[1] != run}

    def of(self, panel: str, run: str, layer: int, trace: Trace) -> Numbers:
        """One panel's numbers of one layer. Raises: InputError for an unknown panel."""
        if panel not in PANELS:
            raise InputError(f"there is no panel {panel!r}", "RoutingExplorer", f"choose one of {', '.join(PANELS)}")
        key = panel, run, layer
        if key not in self._found:
            self._found[key] = PANELS[panel](trace, layer)
        return self._found[key]

    def for_page(
        self, runs: Mapping[str, Trace], most: int | None = None
    ) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
        """What a page without a kernel carries, at most `most` bytes of it (None: as much as a page of its own)."""
        header, arrays = [], {}
        for panel, run, layer in self._that_fit(runs, PAGE_BYTES if most is None else min(most, PAGE_BYTES)):
            said, found = self.of(panel, run, layer, runs[run])
            header.append({"panel": panel, "run": run, "layer": layer, **said})
            arrays |= {f"{panel}.{run}.{layer}.{name}": array for name, array in found.items()}
        return header, arrays

    def _that_fit(self, runs: Mapping[str, Trace], bytes_left: int) -> Iterator[tuple[str, str, int]]:
        work_left = PAGE_PROBABILITIES
        # a layer of the run that is looked at first is worth more than one of the run before it
        for run, trace in reversed(runs.items()):
            experts = trace.model["experts"]
            for layer in reversed(trace.routed_layers):
                work_left -= len(trace) * experts
                if work_left >= 0:
                    yield "statistics", run, layer
                # chance takes eight bytes, the counts at least three
                bytes_left -= 14 * experts**2
                if bytes_left >= 0:
                    yield "together", run, layer
