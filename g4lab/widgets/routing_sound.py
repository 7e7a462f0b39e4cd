"""Whether a trace's routing is made of numbers that a router gives: a file may be whole, fit together, and be wrong.

That its parts fit each other is seen to when it is read (tracing.header).
"""

from __future__ import annotations

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.trace import Trace


def require_sound(trace: Trace) -> Trace:
    """The trace, if its routing can be drawn. Raises: InputError that names the first thing that is wrong."""
    problem = _in_model(trace) or _in_logits(trace)
    for layer in () if problem else trace.routed_layers:
        problem = problem or _in_layer(trace, layer)
    if problem:
        advice = "the trace was changed after it was recorded: record and save it again"
        raise InputError(f"the trace contradicts itself: {problem}", repr(trace), advice)
    return trace


def _in_model(trace: Trace) -> str | None:
    for name in ("experts", "chosen"):
        said = trace.model.get(name)
        if type(said) is not int:
            return f"the model's number of {name} is {said!r}"
        for row in trace.plan:
            if row["experts"] and row[name] != said:
                return f"layer {row['index']} has {row[name]} {name}, the model {said}"
    return None


def _in_layer(trace: Trace, layer: int) -> str | None:
    routed, experts, chosen = trace.routing(layer), trace.model["experts"], trace.model["chosen"]
    widths = {"logits": experts, "probabilities": experts, "experts": chosen, "weights": chosen}
    for name, width in widths.items():
        array = getattr(routed, name)
        if array.shape != (len(trace), width):
            return f"layer {layer} has {name} of shape {array.shape}, not {(len(trace), width)}"
        if not np.isfinite(array).all():
            return f"layer {layer} has {name} that are not numbers"
    if routed.experts.dtype.kind not in "iu":
        return f"layer {layer} names experts by {routed.experts.dtype}"
    return None


def _in_logits(trace: Trace) -> str | None:
    for name in ("next.logits", "logits"):
        if name in trace and not np.isfinite(trace[name]).all():
            return f'the site "{name}" is not made of numbers'
    return None
