"""What the dense MLP and the experts beside it write to the residual stream.

Each branch ends in an RMS norm of its own; their sum goes through a third norm, and that is added to the stream.
The third norm divides a token's sum by one number and multiplies each feature by a learned scale, so it passes on
each branch's part of the sum: the two parts add up to `feedforward.output` exactly.

Because each branch is normed first, its size is set by learned scales more than by the token: compare layers, and
tokens only with care. A large part is not an important part; switching the branch off is what tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.measure import DRAWS, LEVEL, Measure, Null
from g4lab.tracing.shuffles import arrangements_needed, count_rotations, rotations
from g4lab.tracing.trace import Trace

SITES = ("layers.*.dense.output", "layers.*.experts.output", "layers.*.feedforward.output")
"""What to record: model.trace(x, sites=SITES)."""


@dataclass(frozen=True, eq=False)
class Branches:
    """What the two branches of a layer write, token by token.

    Shapes: dense, experts [T,D] float64.
    """

    dense: np.ndarray
    experts: np.ndarray

    @property
    def dense_norm(self) -> np.ndarray:
        """Shapes: -> [T]."""
        return np.linalg.norm(self.dense, axis=-1)

    @property
    def experts_norm(self) -> np.ndarray:
        """Shapes: -> [T]."""
        return np.linalg.norm(self.experts, axis=-1)

    @property
    def cosine(self) -> np.ndarray:
        """1 where the branches push the same way, -1 where they cancel; 0 where one writes nothing. Shapes: -> [T]."""
        return np.sum(_directions(self.dense) * _directions(self.experts), axis=-1)


def branches(trace: Trace, layer: int, eps: float = 1e-6) -> Branches:
    """Split what a layer's feed-forward part wrote into its two branches.

    Raises: InputError when a site was not recorded, or an edit changed the sum so that there is nothing to split.
    """
    names = [site.replace("*", str(layer)) for site in SITES]
    dense, experts, written = (trace[name].astype(np.float64) for name in names)
    total = dense + experts
    per_token = 1 / np.sqrt(np.mean(total**2, axis=-1, keepdims=True) + eps)
    normed = total * per_token
    # the learned scale of each feature is read off by least squares: the sites hold rounded numbers
    size = np.sum(normed**2, axis=0)
    scale = np.divide(np.sum(normed * written, axis=0), size, where=size > 0, out=np.zeros_like(size))
    unexplained = np.abs(normed * scale - written).max() / max(np.abs(written).max(), 1e-30)
    if unexplained > ROUNDING:
        raise InputError(
            f"the branches do not add up to what layer {layer} wrote (off by {unexplained:.1%})",
            f"{names[2]}",
            "record the three sites in one run, without an edit of the last one",
        )
    return Branches(dense * per_token * scale, experts * per_token * scale)


ROUNDING = 0.05
"""How far the parts may be off, of the largest number written: bfloat16 keeps three digits."""


def norm_ratio(documents: Sequence[Branches], level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> Measure:
    """How many times larger the experts' part is than the dense one: the geometric mean over tokens.

    The null calls the branches equals and exchanges them in random documents; it needs eight documents.

    Raises: InputError when a branch wrote nothing.
    """
    name, convention = "experts-to-dense norm ratio", "geometric mean over tokens of the norms written to the stream"
    if any(np.any(norm == 0) for part in documents for norm in (part.dense_norm, part.experts_norm)):
        raise InputError(
            "a branch wrote nothing, so there is no ratio", name, "measure a run whose branches are switched on"
        )
    logs = [np.log(part.experts_norm) - np.log(part.dense_norm) for part in documents]
    ways, needed = 2 ** len(logs), arrangements_needed(level)
    fewest = int(np.ceil(np.log2(needed)))
    if ways < needed:
        return Measure(name, len(logs), fewest, of="documents", convention=convention)
    sums, tokens = np.array([each.sum() for each in logs]), sum(len(each) for each in logs)
    signs = _signs(len(logs), draws, seed)
    low, high = np.quantile(np.exp(signs @ sums / tokens), [(1 - level) / 2, (1 + level) / 2])
    drawn = f"{draws} draws, seed {seed}" if ways > draws else f"all {ways} ways"
    how = f"the branches exchanged in random documents, {drawn}"
    value = float(np.exp(sums.sum() / tokens))
    return Measure(
        name, len(logs), fewest, value, Null(1.0, how, float(low), float(high), level), "documents", convention
    )


def _signs(documents: int, draws: int, seed: int) -> np.ndarray:
    """1 or -1 for each document: every way, or `draws` of them where there are more. Shapes: -> [ways,documents]."""
    if 2**documents <= draws:
        return 1 - 2 * (np.arange(2**documents)[:, None] >> np.arange(documents) & 1)
    return np.random.default_rng(seed).choice([-1, 1], (draws, documents))


def branch_cosine(documents: Sequence[Branches], level: float = LEVEL, draws: int = DRAWS, seed: int = 0) -> Measure:
    """Whether the branches push a token the same way: the mean cosine, beside that with another token's experts.

    The null keeps the direction that all tokens share. `even` is 0, what unrelated directions give.
    """
    lengths = [len(part.dense) for part in documents]
    name, convention = "cosine of the branches", "mean over tokens"
    ways, needed = count_rotations(lengths), arrangements_needed(level)
    if ways < needed:
        return Measure(name, ways, needed, of="ways to turn the branches against each other", convention=convention)
    dense = _directions(np.concatenate([part.dense for part in documents]))
    experts = _directions(np.concatenate([part.experts for part in documents]))
    mean_cosine = _mean_cosine(dense, experts)
    found = [mean_cosine(turned) for turned in rotations(lengths, draws, seed)]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    how = f"dense part of a token, experts' part of another of its document, {draws} draws, seed {seed}"
    value = float(mean_cosine(np.arange(len(dense))))
    null = Null(float(np.mean(found)), how, float(low), float(high), level)
    return Measure(name, sum(lengths), 1, value, null, convention=convention, even=0.0)


def _mean_cosine(dense: np.ndarray, experts: np.ndarray) -> Callable[[np.ndarray], float]:
    """The mean cosine of each token's dense part and the experts' part of another, as a function of the others' places.

    Shapes: dense, experts [T,D], of length 1.
    """
    tokens = np.arange(len(dense))
    if len(tokens) > PAIRED_UP_TO:
        return lambda turned: np.einsum("td,td->t", dense, experts[turned]).mean()
    cosines = dense @ experts.T
    return lambda turned: cosines[tokens, turned].mean()


PAIRED_UP_TO = 4096
"""Tokens of which all pairs are multiplied once, for all draws; that many take 128 MB."""


def _directions(x: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(x, axis=-1, keepdims=True)
    return np.divide(x, norms, where=norms > 0, out=np.zeros_like(x))
