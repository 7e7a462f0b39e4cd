"""Logit lens: what the model would say next if it stopped after a layer.

The stream after each layer goes through the final norm, the unembedding and the soft cap, as the last one does. Lower
layers were not trained to be read so: a token that the lens does not show may well be there.
Source: nostalgebraist, interpreting GPT: the logit lens (2020).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Trace

SITES = ("embedding", "layers.*.residual")
"""What to record: model.trace(x, sites=SITES)."""

SITE = "lens"
AT_ONCE = 1 << 23
"""Scores held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Lens:
    """What is read at every depth and position: 0 is the embedding, i + 1 the stream after layer i.

    Rank 1 is the likeliest token. Chance gives a probability of 1/V and a rank of (V+1)/2, see `chance`; a fairer
    null reads the same streams for the targets of other positions, `turned(targets)`.

    Shapes: ids int, log_probabilities [L+1,T,k], best first; targets int [T]; target_ranks int,
    target_log_probabilities, entropies [L+1,T]; vocabulary int []. Units: nats.
    """

    ids: np.ndarray
    log_probabilities: np.ndarray
    targets: np.ndarray
    target_ranks: np.ndarray
    target_log_probabilities: np.ndarray
    entropies: np.ndarray
    vocabulary: np.ndarray

    @property
    def chance(self) -> tuple[float, float]:
        """Probability and mean rank of a token where all are alike."""
        size = int(self.vocabulary)
        return 1 / size, (size + 1) / 2

    def carried_by(self, trace: Trace) -> Trace:
        """The trace with what the lens read, so that it can be looked at without the model."""
        arrays = {f"{SITE}.{field.name}": np.asarray(getattr(self, field.name)) for field in fields(self)}
        return replace(trace, sites={**trace.sites, **arrays})

    @classmethod
    def of(cls, trace: Trace) -> Lens:
        """What the lens read when the trace was made.

        Raises: InputError when the trace carries nothing of the kind.
        """
        if f"{SITE}.ids" not in trace:
            raise InputError(
                "the trace carries no logit lens",
                repr(trace),
                "save it with one: model.lens(trace).carried_by(trace).save(path)",
            )
        return cls(**{field.name: trace[f"{SITE}.{field.name}"] for field in fields(cls)})


def streams(trace: Trace) -> np.ndarray:
    """The residual stream at every depth, the embedding first.

    Shapes: -> [L+1,T,D] float32.
    Raises: InputError when one was not recorded.
    """
    names = ["embedding", *(f"layers.{i}.residual" for i in range(len(trace.plan)))]
    return np.stack([trace[name].astype(np.float32) for name in names])


def next_ids(trace: Trace) -> np.ndarray:
    """The usual targets: the token that really comes next, and after the last one the model's favourite.

    Shapes: -> int [T].
    """
    following = [token.id for token in trace.tokens[1:]]
    return np.array([*following, trace.next_token(1)[0].id], np.int64)


def turned(targets: np.ndarray) -> np.ndarray:
    """Each position gets the target of the one half a text away: the null of ranks. Shapes: int [T] -> int [T]."""
    return np.roll(targets, max(len(targets) // 2, 1))


def as_targets(trace: Trace, targets: int | np.ndarray | None, vocabulary: int) -> np.ndarray:
    """One target a position, from one id for all, ids, or None for `next_ids`.

    Shapes: -> int [T].
    Raises: InputError for a wrong number of ids or an id that does not exist.
    """
    chosen = np.asarray(next_ids(trace) if targets is None else targets)
    whole = np.issubdtype(chosen.dtype, np.integer)
    if not whole or chosen.shape not in ((), (len(trace),)):
        raise InputError("targets are one token id, or one for each position", f"{chosen.shape}", f"{len(trace)} ids")
    if chosen.min() < 0 or chosen.max() >= vocabulary:
        raise InputError("a target is no token", f"{chosen.min()} to {chosen.max()}", f"ids go up to {vocabulary - 1}")
    return np.broadcast_to(chosen, len(trace)).astype(np.int64)


def logit_lens(trace: Trace, readout: Readout, targets: int | np.ndarray | None = None, k: int = 10) -> Lens:
    """Read every depth and position, in numpy: for vocabularies of some thousand tokens (`Lab.lens` takes any).

    Shapes: targets int [T], or one id for all positions, or None for `next_ids`.
    Raises: InputError when a stream was not recorded, a target does not exist, or the readout has not all tokens.
    """
    if readout.ids is not None:
        raise InputError(
            f"probabilities need the whole vocabulary; here are {len(readout.ids)} rows of it",
            "logit_lens",
            "give model.readout(), or open what was read before with Lens.of(trace)",
        )
    targets = as_targets(trace, targets, len(readout.table))
    depths = streams(trace)
    rows, goals = depths.reshape(-1, depths.shape[-1]), np.tile(targets, len(depths))
    size = max(1, AT_ONCE // len(readout.table))
    blocks = [read(readout, rows[i : i + size], goals[i : i + size], k) for i in range(0, len(rows), size)]
    return assembled(depths.shape[:2], targets, len(readout.table), blocks)


def read(readout: Readout, rows: np.ndarray, goals: np.ndarray, k: int) -> tuple[np.ndarray, ...]:
    """Likeliest ids with log-probabilities, rank and log-probability of the goals, entropies.

    Shapes: rows [R,D], goals int [R] -> [R,k], [R,k], [R], [R], [R].
    """
    scores = readout.scores(rows)
    logits = readout.capped(scores).astype(np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    # a stable sort of the negated scores keeps the smaller id first among equals
    best = np.argsort(-scores, axis=-1, kind="stable")[:, :k]
    goal = np.take_along_axis(scores, goals[:, None], axis=-1)
    return (
        best,
        np.take_along_axis(log_probabilities, best, axis=-1),
        1 + (scores > goal).sum(-1),
        np.take_along_axis(log_probabilities, goals[:, None], axis=-1)[:, 0],
        -(np.exp(log_probabilities) * log_probabilities).sum(-1),
    )


def assembled(shape: tuple[int, int], targets: np.ndarray, vocabulary: int, blocks: list[tuple]) -> Lens:
    """A Lens from what was read of blocks of rows, depth by depth. Shapes: `shape` is (L+1, T)."""
    ids, log_probabilities, ranks, of_target, entropies = (
        np.concatenate(part).reshape(*shape, *part[0].shape[1:]) for part in zip(*blocks, strict=True)
    )
    return Lens(
        ids=ids.astype(np.int32),
        log_probabilities=log_probabilities.astype(np.float32),
        targets=targets,
        target_ranks=ranks.astype(np.int32),
        target_log_probabilities=of_target.astype(np.float32),
        entropies=entropies.astype(np.float32),
        vocabulary=np.int64(vocabulary),
    )
