"""Which experts are chosen for the same token, one layer at a time, beside independent choices of the same loads."""

from __future__ import annotations

from typing import Any

import numpy as np

from g4lab.tracing.co_activation import chance_co_activation, even_co_activation, measure_co_activation, pair_counts
from g4lab.tracing.measure import LEVEL
from g4lab.tracing.routing import minimum_tokens
from g4lab.tracing.trace import Trace
from g4lab.widgets.pack import smallest_uint
from g4lab.widgets.routing_content import counted


def layer_pairs(trace: Trace, layer: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of one layer: P(j | i) is pairs[i,j] / pairs[i,i].

    Bands exist in the rows of experts that enough tokens chose; elsewhere nothing is claimed and they are 0.

    Shapes: pairs [E,E]; chance [E,E] float64, NaN on the diagonal and where nobody chose i; low, high [E,E] tokens.
    """
    routed = trace.routing(layer)
    experts, count = routed.experts[counted(trace)], routed.expert_count
    tokens, chosen = experts.shape
    if not 1 < chosen < count:
        why = "each token goes to one expert only" if chosen == 1 else "each token goes to every expert"
        return {"none": f"{why}: there are no pairs to count"}, {}
    pairs, below = pair_counts(experts, count), tokens + 1
    counts = np.diag(pairs)
    measure = measure_co_activation(experts, count)
    header = {
        "tokens": tokens,
        "needed": minimum_tokens(count - 1, chosen - 1),
        "even": even_co_activation(count, chosen),
        "level": LEVEL,
    }
    arrays = {"pairs": smallest_uint(pairs, below), "chance": chance_co_activation(counts / max(tokens, 1))}
    if measure.enough:
        bands = (np.nan_to_num(bound) * counts[:, None] for bound in (measure.null.low, measure.null.high))
        arrays |= {name: smallest_uint(np.rint(band), below) for name, band in zip(("low", "high"), bands, strict=True)}
    return header, arrays


COLUMNS = "expert other tokens_of_expert tokens_of_both share chance low high needed".split()


def csv_rows(trace: Trace, layer: int) -> list[list[Any]]:
    """One line for each ordered pair that some token chose, by COLUMNS; low and high are counts of tokens."""
    header, arrays = layer_pairs(trace, layer)
    if "none" in header:
        return []
    pairs, chance, needed = arrays["pairs"], arrays["chance"], header["needed"]
    lines = []
    for i, j in np.argwhere(pairs > 0):
        if i == j:
            continue
        of = int(pairs[i, i])
        band = [int(arrays[name][i, j]) if of >= needed else "" for name in ("low", "high")]
        share = repr(int(pairs[i, j]) / of)
        lines.append([int(i), int(j), of, int(pairs[i, j]), share, repr(float(chance[i, j])), *band, needed])
    return lines
