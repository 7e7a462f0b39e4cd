"""Rows of tokens from documents: what a step reads depends on the seed and the step's number, on nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from g4lab.training.corpus import tiny_world
from g4lab.training.recipe import Recipe

_PER_ROW = 64  # room for the documents of one row in the numbering of documents


class Rows:
    """Rows of tokens: what should be said next, and where that is an answer.

    Shapes: tokens int32 [B,T+1]; weights float32 [B,T], what each next token counts in the loss.
    """

    tokens: np.ndarray
    weights: np.ndarray

    @property
    def targets(self) -> np.ndarray:
        """What the model should say next, [B,T]."""
        return self.tokens[:, 1:]

    @property
    def answers(self) -> np.ndarray:
        """Where the next token belongs to an answer, bool [B,T]."""
        return self.weights >= tiny_world().ANSWER


@dataclass(frozen=True)
class Batch(Rows):
    """Rows of one domain each.

    Shapes: tokens int32 [B,T+1]; weights float32 [B,T], what each next token counts in the loss; domains [B].
    """

    tokens: np.ndarray
    weights: np.ndarray
    domains: tuple[str, ...]

    @property
    def inputs(self) -> np.ndarray:
        """What the model reads, [B,T]."""
        return self.tokens[:, :-1]


class Batches:
    """The batches of a run; `tokenizer` is one of the tokenizers library, whose offsets carry the weights over."""

    def __init__(self, recipe: Recipe, tokenizer, seed: int):
        self.recipe = recipe
        self.tokenizer = tokenizer
        self.seed = seed
        self.begin, self.end, self.pad = (tokenizer.token_to_id(name) for name in ("<bos>", "<eos>", "<pad>"))

    def training(self, step: int) -> Batch:
        """The batch of a step: each row draws its domain from the mixture."""
        mixture = self.recipe.phase(step).mixture
        rng = np.random.default_rng([self.seed, step])
        domains = rng.choice(list(mixture), self.recipe.batch, p=list(mixture.values()))
        first = step * self.recipe.batch
        difficulty = self.recipe.difficulty(step)
        return self._batch([(str(domain), first + row) for row, domain in enumerate(domains)], "train", difficulty)

    def held_out(self, domain: str, rows: int) -> Batch:
        """Rows of one domain that share nothing with the training rows."""
        return self._batch([(domain, row) for row in range(rows)], "held-out", 1.0)

    def _batch(self, rows: list[tuple[str, int]], split: str, difficulty: float) -> Batch:
        filled = [self._row(domain, row, split, difficulty) for domain, row in rows]
        tokens, weights = (np.stack(arrays) for arrays in zip(*filled, strict=True))
        return Batch(tokens, weights, tuple(domain for domain, _ in rows))

    def _row(self, domain: str, row: int, split: str, difficulty: float) -> tuple[np.ndarray, np.ndarray]:
        """Documents one after the other, each between <bos> and <eos>; the last one is cut."""
        length = self.recipe.length + 1
        tokens: list[int] = []
        weights: list[float] = []
        number = row * _PER_ROW
        while len(tokens) < length:
            document = tiny_world().document(domain, self.seed, number, split, difficulty)
            ids, counts = self.encode(document)
            tokens += [self.begin, *ids, self.end]
            weights += [0.0, *counts, 1.0]
            number += 1
        return np.array(tokens[:length], "int32"), np.array(weights[1:length], "float32")

    def encode(self, document) -> tuple[list[int], list[float]]:
        """Tokens of a document and what each counts: the weight of its first character."""
        encoded = self.tokenizer.encode(document.text)
        weights = np.ones(len(document.text), "float32")
        for start, end, weight in document.spans:
            weights[start:end] = weight
        return encoded.ids, weights[[start for start, _ in encoded.offsets]].tolist()
