"""Direct logit attribution: how much each component's part of the stream adds to a token's score.

The final norm divides a position by its root mean square. With that number held as it was, the score before the soft
cap is linear in the stream, so the parts add up to it; what is missing is reported. It is the direct effect only: what
a component does by way of later ones counts as theirs. The soft cap bends the sum, not the order.

The null is the average token: what raises all scores alike changes no probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.components import components
from g4lab.tracing.lens import next_ids
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Trace


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each component adds to the score of a target, by position.

    Shapes: names X; parts, average (the null: what it adds to the average token) [X,T]; targets int [T]; scores
    (before the cap), logits (after it) [T]; all float64.
    """

    names: tuple[str, ...]
    parts: np.ndarray
    average: np.ndarray
    targets: np.ndarray
    scores: np.ndarray
    logits: np.ndarray

    @property
    def above_average(self) -> np.ndarray:
        """How much more a component adds to the target than to the average token. Shapes: -> [X,T]."""
        return self.parts - self.average

    @property
    def residual(self) -> np.ndarray:
        """What the parts leave unexplained of the score. Shapes: -> [T]."""
        return self.scores - self.parts.sum(0)

    @property
    def relative_residual(self) -> float:
        """The largest unexplained part, of the largest score: rounding, unless the stream itself was edited."""
        return float(np.abs(self.residual).max() / max(np.abs(self.scores).max(), 1e-30))


def attribute(
    trace: Trace,
    readout: Readout,
    targets: int | np.ndarray | None = None,
    against: int | np.ndarray | None = None,
    layer: int | None = None,
    outputs: Mapping[int, np.ndarray] | None = None,
) -> Attribution:
    """Split the score of a target at every position, read after `layer` (None: the last).

    With `against` it is the difference of two tokens' scores, and `logits` that of their logits. Layers in `outputs`
    have their attention split by head (`Lab.attention_output`). Record `components.sites_of(model.config)`, and
    `components.OF_HEADS` for that.

    Shapes: targets, against int [T], or one id for all positions; targets None: `lens.next_ids`.
    Raises: InputError when a site was not recorded, a token is not in the readout, or a sum cannot be split.
    """
    targets = _ids(trace, next_ids(trace) if targets is None else targets)
    others = None if against is None else _ids(trace, against)
    last = len(trace.plan) - 1 if layer is None else layer
    found = dict(components(trace, readout.layer_scalars, last, outputs, readout.eps))
    stream = trace[f"layers.{last}.residual"].astype(np.float64)
    # the norm of a position, held, times the scale of each feature: a linear map from the stream to a score
    linear = readout.per_position(stream) * readout.scale
    vectors = readout.vectors(targets).astype(np.float64)
    logits = readout.capped(np.sum(stream * linear * vectors, axis=-1))
    average = readout.average.astype(np.float64)
    if others is not None:
        second = readout.vectors(others).astype(np.float64)
        logits = logits - readout.capped(np.sum(stream * linear * second, axis=-1))
        # two tokens' difference has no average left in it
        vectors, average = vectors - second, np.zeros_like(average)
    direction, even = linear * vectors, linear * average
    return Attribution(
        names=tuple(found),
        parts=np.stack([np.sum(part * direction, axis=-1) for part in found.values()]),
        average=np.stack([np.sum(part * even, axis=-1) for part in found.values()]),
        targets=targets,
        scores=np.sum(stream * direction, axis=-1),
        logits=logits,
    )


def _ids(trace: Trace, ids: int | np.ndarray) -> np.ndarray:
    ids = np.asarray(ids)
    if not np.issubdtype(ids.dtype, np.integer) or ids.shape not in ((), (len(trace),)):
        raise InputError(
            "targets are one token id, or one for each position", f"shape {ids.shape}", f"give {len(trace)} ids"
        )
    return np.broadcast_to(ids, len(trace))
