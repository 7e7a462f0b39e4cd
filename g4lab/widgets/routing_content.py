"""What the page of RoutingExplorer draws, as a header and arrays; and the same numbers as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from g4lab.tracing import routing
from g4lab.tracing.trace import Trace
from g4lab.widgets.pack import smallest_uint

EXACT_LIMIT = 1_000_000
"""Bytes up to which a run's arrays keep all their digits; above it they travel as float16."""

SHOWN = 5
"""Next tokens listed of each run."""


def counted(trace: Trace) -> np.ndarray:
    """The positions that count toward load and means: every token that is not a control token."""
    return np.flatnonzero([token.kind != "control" for token in trace.tokens])


def expert_loads(trace: Trace, layer: int) -> np.ndarray:
    """How many counted tokens chose each expert of a layer. Shapes: -> int [E]."""
    routed = trace.routing(layer)
    return routing.expert_counts(routed.experts[counted(trace)], routed.expert_count)


def run_arrays(trace: Trace) -> dict[str, np.ndarray]:
    """One run's routing in all its routed layers.

    Shapes: experts, weights [L,T,C]; probabilities [L,T,E], left out when even float16 is too large for a page;
    entropy [L,T] in bits; counts, mean_weight, mean_probability [L,E], over the counted tokens.
    """
    layers = [trace.routing(layer) for layer in trace.routed_layers]
    real, positions = _real(layers), counted(trace)
    divisor = max(len(positions), 1)
    probabilities = np.stack([layer.probabilities for layer in layers]).astype(np.float32)
    counts = np.stack([expert_loads(trace, layer) for layer in trace.routed_layers])
    arrays = {
        **run_choices(trace),
        "entropy": routing.token_entropy(probabilities).astype(real),
        "counts": smallest_uint(counts, below=len(trace) + 1),
        "mean_weight": np.stack([layer.dense_weights()[positions].sum(0) / divisor for layer in layers]),
        "mean_probability": probabilities[:, positions].sum(1) / divisor,
    }
    if probabilities.astype(real).nbytes <= EXACT_LIMIT:
        arrays["probabilities"] = probabilities.astype(real)
    return arrays


def without_large(arrays: dict[str, np.ndarray], most: int) -> dict[str, np.ndarray]:
    """The arrays, without the runs' probabilities where these take more than so many bytes together."""
    every = [name for name in arrays if name.endswith(".probabilities")]
    fit = sum(arrays[name].nbytes for name in every) <= most
    return {name: array for name, array in arrays.items() if fit or name not in every}


def run_choices(trace: Trace) -> dict[str, np.ndarray]:
    """The chosen experts and their weights in all routed layers. Shapes: experts, weights [L,T,C]."""
    layers = [trace.routing(layer) for layer in trace.routed_layers]
    return {
        "experts": smallest_uint(np.stack([layer.experts for layer in layers]), below=layers[0].expert_count),
        "weights": np.stack([layer.weights for layer in layers]).astype(_real(layers)),
    }


def _real(layers: Sequence[routing.Routing]) -> type:
    """All digits where every probability of the run would fit with them, half of them where not."""
    return np.float32 if len(layers) * layers[0].probabilities.size * 4 <= EXACT_LIMIT else np.float16


def described_tokens(trace: Trace) -> list[dict[str, Any]]:
    """The tokens for the page."""
    return [{"id": token.id, "text": token.text, "kind": token.kind} for token in trace.tokens]


def describe(trace: Trace) -> dict[str, Any]:
    """The part of the header that belongs to the model and its tokens."""
    routed = [trace.plan[layer] for layer in trace.routed_layers]
    return {
        "model": {key: trace.model[key] for key in ("name", "label", "experts", "chosen")},
        "layers": [{key: row[key] for key in ("index", "kind", "window", "owner")} for row in routed],
        "tokens": described_tokens(trace),
    }


def null(trace: Trace) -> dict[str, Any]:
    """What chance would give for as many tokens: `low` to `high` tokens hold all E experts at once, in 99 of 100."""
    tokens, experts, chosen = len(counted(trace)), trace.model["experts"], trace.model["chosen"]
    low, high = routing.chance_band(tokens, experts, chosen, level=0.99, at_once=experts)
    return {
        "tokens": tokens,
        "load": routing.chance_load(experts, chosen),
        "low": low,
        "high": high,
        "needed": routing.minimum_tokens(experts, chosen),
        "unused": routing.chance_unused(tokens, experts, chosen),
    }


def next_tokens(before: Trace, after: Trace | None) -> dict[str, Any] | None:
    """The likeliest next tokens of both runs, and what became of the first run's favourite.

    Units: probabilities; `change` is a difference of log-probabilities in nats.
    """
    if "logits" not in before and "next.logits" not in before:
        return None
    first = before.log_probabilities()
    second = None if after is None else after.log_probabilities()
    listed = [candidate.id for candidate in before.next_token(SHOWN)]
    if after is not None:
        listed += [candidate.id for candidate in after.next_token(SHOWN) if candidate.id not in listed]
    texts = {id: before.text_of(id) for id in listed}
    if after is not None:
        texts |= {id: after.text_of(id) for id in listed if texts[id] == f"#{id}"}
    rows = [
        {
            "id": id,
            "text": texts[id],
            "before": float(np.exp(first[id])),
            "after": None if second is None else float(np.exp(second[id])),
        }
        for id in listed
    ]
    change = None if second is None else float(second[listed[0]] - first[listed[0]])
    return {"rows": rows, "favourite": texts[listed[0]], "change": change}


def table(runs: Mapping[str, Trace]) -> str:
    """CSV with one line for each chosen expert of each token in each layer."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow("run layer position id text entropy_bits rank expert weight probability".split())
    for name, trace in runs.items():
        for layer in trace.routed_layers:
            routed = trace.routing(layer)
            entropy = routing.token_entropy(routed.probabilities)
            for position, token in enumerate(trace.tokens):
                start = (name, layer, position, token.id, token.text, repr(float(entropy[position])))
                for rank, expert in enumerate(routed.experts[position]):
                    weight, probability = routed.weights[position, rank], routed.probabilities[position, expert]
                    lines.writerow([*start, rank, int(expert), repr(float(weight)), repr(float(probability))])
    return out.getvalue()
