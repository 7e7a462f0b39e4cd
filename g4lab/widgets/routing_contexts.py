"""The same token in two contexts: a second text beside the first, or two places of one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from g4lab.tracing.overlap import overlap_chances, same_tokens, token_overlap
from g4lab.tracing.trace import Trace
from g4lab.widgets.routing_content import described_tokens, run_choices


def chances(trace: Trace) -> list[float]:
    """The probability that two random choices of C experts share 0, 1, ... C of them."""
    return overlap_chances(trace.model["experts"], trace.model["chosen"]).tolist()


def second_text(other: Trace, prompt: str | None) -> dict[str, Any]:
    """The part of the header that belongs to the second text."""
    return {"prompt": prompt, "tokens": described_tokens(other)}


def second_arrays(other: Trace) -> dict[str, np.ndarray]:
    """Shapes: other.experts, other.weights [L,T,C]."""
    return {f"other.{name}": array for name, array in run_choices(other).items()}


def pairs(trace: Trace, other: Trace | None) -> np.ndarray:
    """The places that are compared: tokens that two texts share in order, or each token and its next occurrence.

    Shapes: -> int [n,2].
    """
    ids = [token.id for token in trace.tokens]
    if other is not None:
        return same_tokens(ids, [token.id for token in other.tokens])
    last: dict[int, int] = {}
    found = []
    for place, id in enumerate(ids):
        if id in last:
            found.append((last[id], place))
        last[id] = place
    return np.array(found, int).reshape(-1, 2)


def first_that_recurs(trace: Trace) -> int:
    """The token that is compared when none was chosen: the first that comes again, or the last."""
    ids = [token.id for token in trace.tokens]
    again = (i for i, token in enumerate(trace.tokens) if token.kind != "control" and ids.count(token.id) > 1)
    return next(again, len(ids) - 1)


def next_same(trace: Trace, token_id: int, after: int) -> int | None:
    """The next place after one with the same token, else the first one before it, else None."""
    places = [i for i, token in enumerate(trace.tokens) if token.id == token_id and i != after]
    return next((i for i in places if i > after), places[0] if places else None)


@dataclass(frozen=True)
class Shared:
    """One layer's choices for both tokens: pairs of expert and effective weight, and how many are in both.

    `chance` is how often two random choices share as many.
    """

    layer: int
    first: list[tuple[int, float]]
    second: list[tuple[int, float]]
    shared: set[int]
    chance: float


def compared(one: Trace, first: int, two: Trace, second: int) -> list[Shared]:
    """Both tokens in every routed layer, from the input upward."""
    shares = chances(one)
    rows = []
    for layer in one.routed_layers:
        sides = [(one.routing(layer), first), (two.routing(layer), second)]
        picked = [list(zip(side.experts[at].tolist(), side.weights[at].tolist(), strict=True)) for side, at in sides]
        both = {expert for expert, _ in picked[0]} & {expert for expert, _ in picked[1]}
        rows.append(Shared(layer, *picked, both, min(sum(shares[len(both) :]), 1.0)))
    return rows


COLUMNS = "layer first second id text experts weights second_experts second_weights shared chance_shared".split()


def csv_rows(trace: Trace, other: Trace | None) -> list[list[Any]]:
    """One line for each layer and pair of places, by COLUMNS."""
    places = pairs(trace, other)
    experts, chosen = trace.model["experts"], trace.model["chosen"]
    lines = []
    for layer in trace.routed_layers:
        one, two = trace.routing(layer), (other or trace).routing(layer)
        shared = np.rint(token_overlap(one.experts[places[:, 0]], two.experts[places[:, 1]]) * chosen).astype(int)
        for (a, b), count in zip(places, shared, strict=True):
            token = trace.tokens[a]
            choices = [
                _joined(part) for side, at in ((one, a), (two, b)) for part in (side.experts[at], side.weights[at])
            ]
            lines.append([layer, int(a), int(b), token.id, token.text, *choices, int(count), repr(chosen**2 / experts)])
    return lines


def _joined(values: np.ndarray) -> str:
    return " ".join(repr(value.item()) for value in values)
