"""What the dense MLP and the experts of a layer write to the stream: two norms and a cosine for each token."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.contributions import SITES, Branches, branch_cosine, branches, norm_ratio
from g4lab.tracing.measure import Measure
from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_content import counted
from g4lab.widgets.routing_statistics import measure_row

HELD_BYTES = 64_000_000
"""Recorded values that one run may hold: the three sites, [T,D] float32 each, of as many layers as fit."""


@dataclass(frozen=True, eq=False)
class Contribution:
    """One layer's branches, token by token; the two measures leave control tokens out.

    Shapes: dense_norm, experts_norm, cosine [T].
    """

    dense_norm: np.ndarray
    experts_norm: np.ndarray
    cosine: np.ndarray
    norm_ratio: Measure
    branch_cosine: Measure


def contribution(trace: Trace, layer: int) -> Contribution:
    """Raises: InputError when a site is missing, the parts do not add up, or a branch wrote nothing."""
    found, text = branches(trace, layer), counted(trace)
    part = [Branches(found.dense[text], found.experts[text])]
    return Contribution(found.dense_norm, found.experts_norm, found.cosine, norm_ratio(part), branch_cosine(part))


def has_sites(trace: Trace, layer: int) -> bool:
    """Whether all three sites of a layer were recorded."""
    return all(site.replace("*", str(layer)) in trace for site in SITES)


def recorded(trace: Trace, known: dict[int, Contribution]) -> tuple[dict[int, Contribution], str | None]:
    """What is known, and what else the trace has the sites for; or why that cannot be told apart."""
    found = dict(known)
    try:
        for layer in trace.routed_layers:
            if layer not in found and has_sites(trace, layer):
                found[layer] = contribution(trace, layer)
    except InputError as error:
        return found, f"What the branches write cannot be told: {error.what}."
    return dict(sorted(found.items())), None


def groups(layers: Sequence[int], tokens: int, width: int) -> list[tuple[int, ...]]:
    """The layers, as many at a time as may be held; always the same groups, so that each compiles once."""
    size = max(1, HELD_BYTES // (4 * len(SITES) * tokens * width))
    return [tuple(layers[start : start + size]) for start in range(0, len(layers), size)]


def page_header(found: dict[int, Contribution]) -> list[dict[str, Any]]:
    """Each measured layer's two measures."""
    return [
        {"layer": layer, "rows": [measure_row(part.norm_ratio), measure_row(part.branch_cosine)]}
        for layer, part in found.items()
    ]


def page_arrays(found: dict[int, Contribution]) -> dict[str, np.ndarray]:
    """Shapes: branches.i [3,T]: norm of the dense part, of the experts' part, and their cosine."""
    return {
        f"branches.{layer}": np.stack([part.dense_norm, part.experts_norm, part.cosine]).astype(np.float32)
        for layer, part in found.items()
    }


COLUMNS = "layer position id text dense_norm experts_norm ratio cosine".split()


def csv_rows(trace: Trace, found: dict[int, Contribution]) -> Iterable[list[Any]]:
    """One line for each layer and token, by COLUMNS."""
    for layer, part in found.items():
        ratio = part.experts_norm / part.dense_norm
        for place, token in enumerate(trace.tokens):
            numbers = (part.dense_norm[place], part.experts_norm[place], ratio[place], part.cosine[place])
            yield [layer, place, token.id, token.text, *(repr(float(number)) for number in numbers)]
