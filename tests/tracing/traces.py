"""Small consistent traces, made without a model."""

from __future__ import annotations

import numpy as np

from g4lab.tracing.trace import Token, Trace

WORDS = ["<bos>", "the", " red", " ball", " is", " in", " the", " box", ".", "\n", " It", " rolls"]
VOCABULARY = ["<pad>", "<eos>", "<bos>", *sorted({*WORDS} - {"<bos>"}), " blue", " green", " a", " two"]


def softmax(x: np.ndarray) -> np.ndarray:
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def plan(layers: int = 4, experts: int = 8, chosen: int = 2, window: int = 4) -> list[dict]:
    """Local layers with a global one on top, two query heads to a key/value head."""
    return [
        {
            "index": i,
            "kind": "global" if i == layers - 1 else "local",
            "window": None if i == layers - 1 else window,
            "heads": 4,
            "kv_heads": 2,
            "head_dim": 6,
            "owner": i,
            "key_is_value": i == layers - 1,
            "experts": experts,
            "chosen": chosen,
        }
        for i in range(layers)
    ]


def describe(layers=4, experts=8, chosen=2, window=4, name="fake-moe") -> dict:
    return {
        "name": name,
        "label": "made up for a test",
        "plan": plan(layers, experts, chosen, window),
        "experts": experts,
        "chosen": chosen,
        "window": window,
        "bidirectional_images": False,
    }


def route(logits: np.ndarray, chosen: int, expert_scale: np.ndarray | float = 1.0) -> dict[str, np.ndarray]:
    """The routing that follows from router logits [T,E], by the rules of the model."""
    probabilities = softmax(logits)
    experts = np.argsort(-probabilities, axis=-1, kind="stable")[:, :chosen]
    picked = np.take_along_axis(probabilities, experts, axis=-1)
    scale = np.broadcast_to(expert_scale, probabilities.shape)
    weights = picked / picked.sum(-1, keepdims=True) * np.take_along_axis(scale, experts, axis=-1)
    return {
        "router.logits": logits.astype(np.float32),
        "router.probabilities": probabilities.astype(np.float32),
        "router.experts": experts.astype(np.int32),
        "experts.weights": weights.astype(np.float32),
    }


def tokens(words=None) -> tuple[Token, ...]:
    words = WORDS if words is None else words
    return tuple(
        Token(VOCABULARY.index(w) if w in VOCABULARY else 3, w, "control" if w.startswith("<bos") else "text")
        for w in words
    )


def make_trace(words=None, layers=4, experts=8, chosen=2, seed=0, **described) -> Trace:
    """A trace of random numbers that obey the rules of routing and attention."""
    rng = np.random.default_rng(seed)
    sequence = tokens(words)
    sites: dict[str, np.ndarray] = {}
    for i in range(layers):
        sites[f"layers.{i}.attention.q"] = rng.normal(size=(len(sequence), 4, 6)).astype(np.float32)
        sites[f"layers.{i}.attention.k"] = rng.normal(size=(len(sequence), 2, 6)).astype(np.float32)
        for name, value in route(2 * rng.normal(size=(len(sequence), experts)), chosen).items():
            sites[f"layers.{i}.{name}"] = value
    sites["logits"] = 3 * rng.normal(size=(len(sequence), len(VOCABULARY))).astype(np.float32)
    return Trace(
        tokens=sequence,
        model=describe(layers, experts, chosen, **described),
        sites=sites,
        pieces=dict(enumerate(VOCABULARY)),
    )
