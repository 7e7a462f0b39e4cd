"""Reading residual streams as the last one is read: what the logit lens, and surprisal, ask of a network."""

from __future__ import annotations

import numpy as np
from keras import ops


def read_rows(network, rows, goals, k: int):
    """Likeliest ids with log-probabilities, rank (1 the likeliest) and log-probability of the goals, entropies.

    Shapes: rows [R,D], goals int [R] -> [R,k], [R,k], [R], [R], [R]. Units: nats.
    """
    normed = network.decoder.final_norm(ops.cast(rows, network.compute_dtype)[None])
    logits = network.embed.logits(normed)[0]
    log_probabilities = ops.log_softmax(logits, axis=-1)
    best, ids = ops.top_k(logits, k)
    goals = goals[:, None]
    goal = ops.take_along_axis(logits, goals, axis=-1)
    return (
        ids,
        best - ops.logsumexp(logits, axis=-1, keepdims=True),
        1 + ops.sum(ops.cast(logits > goal, "int32"), axis=-1),
        ops.take_along_axis(log_probabilities, goals, axis=-1)[:, 0],
        -ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1),
    )


def read_surprisal(network, rows, goals):
    """-log p of the goals, also where p is nearly 1: from the odds against them, which lose no digits there.

    Shapes: rows [R,D] after the final norm, goals int [R] -> ([R],). Units: nats.
    """
    logits = network.embed.logits(ops.cast(rows, network.compute_dtype)[None])[0]
    goals = goals[:, None]
    own = ops.arange(logits.shape[-1], dtype=goals.dtype)[None] == goals
    others = ops.logsumexp(ops.where(own, -np.inf, logits), axis=-1)
    return (ops.softplus(others - ops.take_along_axis(logits, goals, axis=-1)[:, 0]),)
