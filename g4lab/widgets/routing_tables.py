"""The panels of RoutingExplorer as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace
from g4lab.widgets import routing_branches, routing_contexts, routing_statistics, routing_together
from g4lab.widgets.routing_branches import Contribution


def table(panel: str, runs: Mapping[str, Trace], other: Trace | None, found: dict[int, Contribution]) -> str:
    """The numbers of one panel, in every layer. Raises: InputError for an unknown panel."""
    before = runs["before"]
    tables = {
        "statistics": (("run", "layer", *routing_statistics.COLUMNS), lambda: _statistics(runs)),
        "together": (("run", "layer", *routing_together.COLUMNS), lambda: _together(runs)),
        "contexts": (routing_contexts.COLUMNS, lambda: routing_contexts.csv_rows(before, other)),
        "contributions": (routing_branches.COLUMNS, lambda: routing_branches.csv_rows(before, found)),
    }
    if panel not in tables:
        raise InputError(f"there is no panel {panel!r}", "RoutingExplorer", f"choose one of {', '.join(tables)}")
    columns, rows = tables[panel]
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(columns)
    lines.writerows(rows())
    return out.getvalue()


def _statistics(runs: Mapping[str, Trace]) -> Iterator[list[Any]]:
    for run, trace in runs.items():
        for layer in trace.routed_layers:
            for measure in routing_statistics.layer_measures(trace, layer):
                yield from ([run, layer, *row] for row in routing_statistics.csv_rows(measure))


def _together(runs: Mapping[str, Trace]) -> Iterator[list[Any]]:
    for run, trace in runs.items():
        for layer in trace.routed_layers:
            yield from ([run, layer, *row] for row in routing_together.csv_rows(trace, layer))
