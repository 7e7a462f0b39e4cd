"""A model without weights whose routing reacts to edits, so that views can be tried without a backend's compile."""

from __future__ import annotations

import re
import zlib
from types import SimpleNamespace

import numpy as np

from g4lab.tracing.trace import Trace
from tests.tracing.traces import VOCABULARY, describe, route, tokens

WIDTH = 8


class FakeModel:
    """Every word has its own router logits; the next token depends on all that were chosen so far."""

    def __init__(self, layers=6, experts=32, chosen=2, name="fake-moe"):
        self.name, self.label = name, "made up for a test"
        self.layers, self.experts, self.chosen = layers, experts, chosen
        self.config = SimpleNamespace(experts=experts, chosen=chosen, width=WIDTH)
        self.runs: list[tuple[str, dict | None]] = []
        rng = np.random.default_rng(7)
        self.votes = rng.normal(size=(layers, max(experts, 1), len(VOCABULARY)))
        self.writes = rng.normal(size=(layers, max(experts, 1), WIDTH))
        self.reads = rng.normal(size=(WIDTH, len(VOCABULARY)))

    def trace(self, x, sites=None, layers=None, edits=None) -> Trace:
        self.runs.append((x, edits))
        words = ["<bos>", *re.findall(r"\s?[^\s]+|\s", x)]
        recorded, score = {}, np.zeros((len(words), len(VOCABULARY)))
        for layer in range(self.layers):
            logits = np.stack([self._logits(word, layer) for word in words])
            name = f"layers.{layer}.router.logits"
            if edits and name in edits:
                logits = _apply(edits[name], logits)
            routed = route(logits, self.chosen, np.linspace(0.9, 1.1, self.experts))
            recorded |= {f"layers.{layer}.{key}": value for key, value in routed.items()}
            dense = np.zeros_like(logits)
            np.put_along_axis(dense, routed["router.experts"], routed["experts.weights"], axis=1)
            score += np.cumsum(dense, axis=0) @ self.votes[layer]
            branches, moved = self._branches(words, layer, dense, edits or {})
            score += np.cumsum(moved, axis=0) @ self.reads
            if sites and "layers.*.dense.output" in sites and (layers is None or layer in layers):
                recorded |= branches
        return Trace(
            tokens=tokens(words),
            model=describe(self.layers, self.experts, self.chosen, window=8, name=self.name) | {"label": self.label},
            sites={**recorded, "next.logits": score[-1]},
            pieces=dict(enumerate(VOCABULARY)),
        )

    def _branches(self, words, layer, weights, edits) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """The three sites of both branches, and by how much edits of them moved what the layer writes."""
        dense = np.stack(
            [np.random.default_rng([layer, zlib.crc32(word.encode())]).normal(size=WIDTH) for word in words]
        )
        parts = {"dense": dense, "experts": weights @ self.writes[layer]}
        plain = _normed(parts["dense"] + parts["experts"])
        for branch, part in parts.items():
            site = f"layers.{layer}.{branch}.output"
            parts[branch] = _apply(edits[site], part) if site in edits else part
        written = _normed(parts["dense"] + parts["experts"])
        sites = {f"layers.{layer}.{branch}.output": part for branch, part in parts.items()}
        return sites | {f"layers.{layer}.feedforward.output": written}, written - plain

    def _logits(self, word: str, layer: int) -> np.ndarray:
        seed = zlib.crc32(f"{word} {layer}".encode())
        return 2 * np.random.default_rng(seed).normal(size=self.experts)


def _normed(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6) * np.linspace(0.5, 1.5, WIDTH)


def _apply(edit, logits: np.ndarray) -> np.ndarray:
    from g4lab import runtime

    runtime.choose_backend()
    from keras import ops

    return np.asarray(ops.convert_to_numpy(edit.fn(ops.convert_to_tensor(logits, "float32"), *edit.operands)))
