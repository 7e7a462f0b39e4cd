"""Edits of the routers: switch an expert off, force it, exchange two. Made to be tried by the dozen.

Every routed layer gets the same function, with neutral operands where nothing changes: so one compiled function
serves every layer, expert and combination.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from g4lab.models.sites import Edit

OFF = -1e9
"""Added to the logit of an expert that must not be chosen; its probability becomes exactly 0."""

LEAD = 1.0
"""How far above the token's favourite a forced expert's logit is put, in nats."""


@dataclass(frozen=True)
class Reroute:
    """One change of one layer's router, for every token: off, force, or swap (with `other`)."""

    action: Literal["off", "force", "swap"]
    layer: int
    expert: int
    other: int | None = None


def reroute(logits, order, bias, force):
    """An edit's function: exchange experts, add a bias, then put forced experts above the token's favourite.

    Shapes: logits [B,T,E]; order [E] int, the expert whose logit each takes; bias [E]; force [E], 1 where forced.
    """
    from keras import ops

    logits = ops.take(logits, order, axis=-1) + bias
    return logits + force * (ops.max(logits, axis=-1, keepdims=True) - logits + LEAD)


def edits(changes: Iterable[Reroute], layers: Iterable[int], experts: int) -> dict[str, Edit]:
    """The edits of all routed `layers` that carry out `changes`, in the form that Lab.trace takes."""
    operands = {
        layer: (np.arange(experts, dtype=np.int32), np.zeros(experts, np.float32), np.zeros(experts, np.float32))
        for layer in layers
    }
    for change in changes:
        order, bias, force = operands[change.layer]
        if change.action == "off":
            bias[change.expert] = OFF
        elif change.action == "force":
            force[change.expert] = 1
        else:
            order[[change.expert, change.other]] = order[[change.other, change.expert]]
    return {f"layers.{layer}.router.logits": Edit(reroute, *arrays) for layer, arrays in operands.items()}
