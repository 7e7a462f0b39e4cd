"""What LogitLens draws: lens and attribution for each target, gathered from the model or from what a trace carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.attribution import Attribution, attribute
from g4lab.tracing.lens import Lens, turned
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Trace

if TYPE_CHECKING:
    from g4lab.lab import Lab

NONE = -1
"""In place of an id: the last token of a sequence has no true next one."""

PARTS = {"feedforward": "dense MLP", "dense": "dense MLP", "ple": "PLE"}


@dataclass(frozen=True, eq=False)
class Target:
    """How one token a position fares, and what the parts add to its score, beside the average token's.

    Shapes: ids, logit (before the soft cap), capped, rest [T]; rank (from 1), probability [R,T]; parts, average [T,X].
    """

    ids: np.ndarray
    rank: np.ndarray
    probability: np.ndarray
    parts: np.ndarray
    average: np.ndarray
    logit: np.ndarray
    capped: np.ndarray
    rest: np.ndarray


@dataclass(frozen=True, eq=False)
class Reading:
    """What the lens reads at the positions from `start` on, in R rows: the embedding and each layer.

    `components` names the X parts: {"layer": None or index, "part"}; none where their outputs were not recorded.
    Shapes: top_ids, top_probability [R,T,k]; null_first [R], how often another position's target comes first, None
    without a model.
    """

    start: int
    rows: list[dict[str, Any]]
    components: list[dict[str, Any]]
    top_ids: np.ndarray
    top_probability: np.ndarray
    targets: dict[str, Target]
    null_first: np.ndarray | None
    vocabulary: int
    softcap: float | None


def read(trace: Trace, model: Lab | None, positions: int, k: int, chosen: int | None) -> Reading:
    """Read the last `positions` positions; without a model, all that the trace carries a lens of.

    Raises: InputError when something needed was not recorded.
    """
    start = 0 if model is None else max(0, len(trace) - positions)
    part = trace if start == 0 else _tail(trace, start)
    lenses, first = _recorded(part) if model is None else _asked(part, model, k, chosen)
    readout = _readout(part, model, lenses)
    known = {name: lens.targets for name, lens in lenses.items()}
    split = {name: _attributed(part, readout, ids) for name, ids in known.items()}
    names = next(iter(split.values()))
    top = next(iter(lenses.values()))
    return Reading(
        start=start,
        rows=[{"name": "embedding", "index": None, "kind": None}, *map(_row, trace.plan)],
        components=[] if names is None else [_component(name) for name in names.names],
        top_ids=top.ids,
        top_probability=np.exp(top.log_probabilities),
        targets={name: _target(lens, split[name], part if name == "true" else None) for name, lens in lenses.items()},
        null_first=first,
        vocabulary=int(top.vocabulary),
        softcap=None if readout is None else readout.softcap,
    )


def _asked(trace: Trace, model: Lab, k: int, chosen: int | None) -> tuple[dict[str, Lens], np.ndarray]:
    true = model.lens(trace, k=k)
    lenses = {"true": true, "predicted": model.lens(trace, true.ids[-1, :, 0], k=1)}
    if chosen is not None:
        lenses["chosen"] = model.lens(trace, chosen, k=1)
    elsewhere = model.lens(trace, turned(true.targets), k=1)
    return lenses, (elsewhere.target_ranks[:, :-1] == 1).mean(1) if len(trace) > 1 else np.zeros(len(true.ids))


def _recorded(trace: Trace) -> tuple[dict[str, Lens], None]:
    lens = Lens.of(trace)
    following = [token.id for token in trace.tokens[1:]]
    return {"true" if lens.targets[:-1].tolist() == following else "chosen": lens}, None


def _readout(trace: Trace, model: Lab | None, lenses: Mapping[str, Lens]) -> Readout | None:
    if "embedding" not in trace or "layers.0.attention.output" not in trace:
        return None
    if model is not None:
        return model.readout({int(id) for lens in lenses.values() for id in lens.targets})
    return Readout.of(trace) if "readout.table" in trace else None


def _attributed(trace: Trace, readout: Readout | None, targets: np.ndarray) -> Attribution | None:
    return None if readout is None else attribute(trace, readout, targets)


def _target(lens: Lens, split: Attribution | None, ends: Trace | None) -> Target:
    """One target's numbers; `ends` is the trace where the last position has no target."""
    nothing = np.full(len(lens.targets), np.nan)
    target = Target(
        ids=lens.targets.copy(),
        rank=lens.target_ranks.copy(),
        probability=np.exp(lens.target_log_probabilities),
        parts=np.zeros((len(nothing), 0)) if split is None else split.parts.T.copy(),
        average=np.zeros((len(nothing), 0)) if split is None else split.average.T.copy(),
        logit=nothing if split is None else split.scores,
        capped=nothing if split is None else split.logits,
        rest=nothing if split is None else split.residual,
    )
    if ends is not None:
        target.ids[-1], target.rank[:, -1], target.probability[:, -1] = NONE, 0, np.nan
    return target


def _tail(trace: Trace, start: int) -> Trace:
    """The positions from `start` on; each stands for itself, so that lens and attribution do not change."""
    own = {name for name in trace.sites if name == "embedding" or name.startswith("layers.")}
    sites = {name: value[start:] if name in own else value for name, value in trace.sites.items()}
    return replace(trace, tokens=trace.tokens[start:], sites=sites, segments=())


def _component(name: str) -> dict[str, Any]:
    if not name.startswith("layers."):
        return {"layer": None, "part": name}
    _, layer, part = name.split(".", 2)
    return {"layer": int(layer), "part": PARTS.get(part, part)}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": f"layer {row['index']}", "index": row["index"], "kind": row["kind"]}


def made_by(trace: Trace, model: Lab) -> Lab:
    """The model, if the trace can be of it. Raises: InputError."""
    if [row["kind"] for row in trace.plan] != [row.kind for row in model.plan]:
        raise InputError(f"the trace was not recorded with {model.name}", repr(trace), "give the model that made it")
    return model
