"""Every metric that one prompt allows of one layer's routing, each beside its null."""

from __future__ import annotations

from typing import Any

import numpy as np

from g4lab.tracing.balance import balance
from g4lab.tracing.decisiveness import decisiveness
from g4lab.tracing.measure import MEAN_TOKENS, Measure
from g4lab.tracing.repetition import consecutive_repetition
from g4lab.tracing.router_losses import measure_load_balancing_loss, measure_z_loss
from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_content import counted

AGAINST = {
    "token routing entropy": "a router without preference",
    "top-k mass": "a router without preference",
    "top-k margin": "a router without preference",
    "router z-loss": "logits that are all 0",
    "experts-to-dense norm ratio": "equal branches",
}
"""What the null of a metric stands for, where it is not chance."""

COLUMNS = "metric value null low high level even sample of needed convention null_is".split()


def layer_measures(trace: Trace, layer: int) -> list[Measure]:
    """The load of the experts first, which is an array [E]; then one number each.

    Control tokens do not count, and neighbours have none between them.

    Raises: InputError when the layer was not recorded.
    """
    routed, positions = trace.routing(layer), counted(trace)
    experts, probabilities = routed.experts[positions], routed.probabilities[positions]
    count, chosen = routed.expert_count, experts.shape[1]
    even = balance(experts, count)
    found = [even.load, even.cv, even.max_violation, even.entropy, even.effective]
    if chosen < count:  # a router that chooses all of them decides nothing
        decided = decisiveness(probabilities, experts)
        found += [decided.entropy, decided.mass, decided.margin]
        found += [_repetition(routed.experts, positions, count, kind) for kind in ("any", "first")]
    return [*found, measure_load_balancing_loss(probabilities, experts), measure_z_loss(routed.logits[positions])]


def _repetition(experts: np.ndarray, positions: np.ndarray, count: int, kind: str) -> Measure:
    if not len(positions):
        return Measure("consecutive repetition", 0, MEAN_TOKENS, of="pairs of neighbours")
    breaks = np.flatnonzero(np.diff(positions) > 1) + 1
    return consecutive_repetition(np.split(experts[positions], breaks), count, kind)


def measure_row(measure: Measure) -> dict[str, Any]:
    """A measure as JSON can hold it. Of an array only the entries beyond the band are listed, by their places."""
    row = {name: getattr(measure, name) for name in ("name", "sample", "needed", "of", "convention", "even")}
    row |= {"enough": measure.enough, "against": AGAINST.get(measure.name, "chance")}
    if not measure.enough:
        return row
    whole = np.ndim(measure.value) == 0
    beyond = measure.beyond
    row |= {
        "value": float(measure.value) if whole else None,
        "beyond": beyond if whole or beyond is None else np.flatnonzero(beyond).tolist(),
    }
    if measure.null is not None:
        null = measure.null
        row |= {"expected": float(null.expected), "how": null.how, "level": null.level}
        # JSON knows no infinity: a band that is open below has no low end
        row |= {name: _finite(getattr(null, name)) for name in ("low", "high")}
    return row


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def csv_rows(measure: Measure) -> list[list[Any]]:
    """The same for a table, by COLUMNS: one line, or one for each expert."""
    null = measure.null
    band = [None] * 4 if null is None else [null.expected, null.low, null.high, null.level]
    tail = [measure.even, measure.sample, measure.of, measure.needed, measure.convention, null.how if null else ""]
    head = "" if not measure.enough else measure.value
    if np.ndim(head) == 0:
        return [[measure.name, *map(_cell, [head, *band]), *map(_cell, tail)]]
    return [[f"{measure.name} {i}", *map(_cell, [value, *band]), *map(_cell, tail)] for i, value in enumerate(head)]


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return repr(float(value)) if isinstance(value, float | np.floating) else value
