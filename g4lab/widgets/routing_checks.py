"""What RoutingExplorer refuses, and what it advises instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from g4lab.errors import InputError
from g4lab.models.switching import BRANCHES
from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_sound import require_sound

if TYPE_CHECKING:
    from g4lab.lab import Lab
    from g4lab.models.rerouting import Reroute


def trace_with_routing(trace: Trace, sites: Sequence[str]) -> Trace:
    """The trace, if the routing of some layer was recorded in it, and is that of a router."""
    if require_sound(trace).routed_layers:
        return trace
    if any(row["experts"] for row in trace.plan):
        advice = f"record it: model.trace(prompt, sites={list(sites)})"
        raise InputError("the trace holds no routing", repr(trace), advice)
    raise _no_router(trace.model["name"])


def model_with_router(model: Lab) -> Lab:
    """The model, if it is a mixture of experts."""
    if not model.config.experts:
        raise _no_router(model.name)
    return model


def experts_exist(trace: Trace, layer: int, experts: Iterable[int]) -> None:
    """Refuse a layer without a router, and experts that it does not have."""
    if layer not in trace.routed_layers:
        choices = ", ".join(map(str, trace.routed_layers))
        raise InputError(f"layer {layer} has no router", trace.model["name"], f"choose one of {choices}")
    last = trace.model["experts"] - 1
    for expert in experts:
        if not 0 <= expert <= last:
            raise InputError(f"there is no expert {expert}", f"layer {layer}", f"give a number from 0 to {last}")


def branch_exists(trace: Trace, layer: int, branch: str) -> None:
    """Refuse a layer that is not a mixture, and a branch that it does not have."""
    experts_exist(trace, layer, ())
    if branch not in BRANCHES:
        raise InputError(f"there is no branch {branch!r}", f"layer {layer}", f"choose one of {', '.join(BRANCHES)}")


def token_exists(trace: Trace, token: int) -> None:
    """Refuse a place that the trace does not have."""
    if not 0 <= token < len(trace):
        raise InputError(f"there is no token {token}", repr(trace), f"give a number from 0 to {len(trace) - 1}")


def comparable(trace: Trace, other: Trace) -> Trace:
    """The other trace, if its experts are those of the first."""
    here, there = ((t.model["experts"], t.model["chosen"], t.routed_layers) for t in (trace, other))
    if here != there:
        raise InputError(
            "the two traces have other experts, or other layers",
            f"{trace.model['name']} and {other.model['name']}",
            "record the same layers of both texts with one model",
        )
    return other


def enough_experts_are_on(trace: Trace, changes: Iterable[Reroute]) -> None:
    """Refuse to switch off so many experts of a layer that its router could not choose C of them."""
    experts, chosen = trace.model["experts"], trace.model["chosen"]
    off = [change.layer for change in changes if change.action == "off"]
    for layer in set(off):
        if experts - off.count(layer) < chosen:
            raise InputError(
                f"a router must have {chosen} experts to choose from",
                f"layer {layer}, where {off.count(layer)} of {experts} would be off",
                "switch one on again, or reset",
            )


def _no_router(name: str) -> InputError:
    return InputError(
        "this model has no router: every token goes through the same dense feed-forward part",
        name,
        'load a mixture of experts, such as g4lab.load("tiny-moe")',
    )
