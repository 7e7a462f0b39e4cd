"""What a lens and an attribution take from a network: readings of its residual streams, and its last weights.

The scores of the whole vocabulary are made for a few positions at a time and never leave the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial

import numpy as np

from g4lab import runtime
from g4lab.errors import InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.lens import read_rows, read_surprisal
from g4lab.models.watched import Watched
from g4lab.tracing.lens import Lens, as_targets, assembled, streams
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Trace

SCORES = 1 << 22
"""Scores that are computed at a time: 16 MB in float32."""

TABLE_ROWS = 1 << 14
"""Rows of the embedding table that are copied at a time."""


def lens(watched: Watched, trace: Trace, targets: int | np.ndarray | None, k: int) -> Lens:
    """As `Lab.lens`."""
    config = watched.network.text
    size, depths = config.vocab_size, streams(trace)
    if (len(depths), depths.shape[-1]) != (config.layers + 1, config.width):
        what = f"the trace is of {len(depths) - 1} layers of width {depths.shape[-1]}"
        raise InputError(what, config.name, "give a trace that this model made")
    targets = as_targets(trace, targets, size)
    rows, goals = depths.reshape(-1, config.width), np.tile(targets, len(depths))
    blocks = list(_blocks(watched, ("lens", k), partial(read_rows, watched.network, k=min(k, size)), rows, goals))
    return assembled(depths.shape[:2], targets, size, blocks)


def surprisal(watched: Watched, hidden: np.ndarray, ids: Iterable[int]) -> np.ndarray:
    """-log p of each token after those before it, NaN for the first.

    Shapes: hidden [T,D], the stream after the final norm; ids int [T] -> float32 [T]. Units: nats.
    """
    goals = np.array([*ids][1:], np.int32)
    blocks = _blocks(watched, "surprisal", partial(read_surprisal, watched.network), hidden[:-1], goals)
    return np.concatenate([[np.nan], *(values for (values,) in blocks)]).astype(np.float32)


def _blocks(
    watched: Watched, key: Hashable, read: Callable, rows: np.ndarray, goals: np.ndarray
) -> Iterator[list[np.ndarray]]:
    """read(rows, goals) of as many rows as are scored at a time; the last block is filled up, so one size is compiled.

    Shapes: rows [R,D], goals int [R] -> arrays [up to R,...].
    """
    at_once = min(max(SCORES // watched.network.text.vocab_size, 8), 256)
    for start in range(0, len(rows), at_once):
        block = rows[start : start + at_once].astype("float32")
        missing = at_once - len(block)
        goal = np.pad(goals[start : start + at_once].astype("int32"), (0, missing))
        found, _ = watched.run(key, read, np.pad(block, ((0, missing), (0, 0))), goal)
        yield [runtime.to_numpy(part)[: len(block)] for part in found]


def readout(network: Gemma4, ids: Iterable[int] | None) -> Readout:
    """As `Lab.readout`: the table is copied a block at a time, and only the wanted rows are kept."""
    config, variables = network.text, network.named_variables()
    kept = None if ids is None else np.unique(np.asarray([*ids], np.int64))
    rows, total = [], np.zeros(config.width)
    for start in range(0, config.vocab_size, TABLE_ROWS):
        block = runtime.to_numpy(runtime.value_of(variables["embed.table"])[start : start + TABLE_ROWS])
        total += block.sum(0, dtype=np.float64)
        inside = slice(None) if kept is None else kept[(kept >= start) & (kept < start + len(block))] - start
        rows.append(block[inside].astype(np.float32))
    table = np.concatenate(rows)
    if kept is not None and len(table) != len(kept):
        raise InputError("a token id does not exist", config.name, f"ids go up to {config.vocab_size - 1}")
    scalars = [_array(variables[f"layers.{i}.layer_scalar"])[0] for i in range(config.layers)]
    return Readout(
        scale=_array(variables["final_norm.scale"]),
        table=table,
        average=(total / config.vocab_size).astype(np.float32),
        layer_scalars=np.array(scalars, np.float32),
        eps=config.norm_eps,
        softcap=config.softcap,
        ids=kept,
    )


def attention_output(network: Gemma4, layer: int) -> np.ndarray:
    """As `Lab.attention_output`."""
    if not 0 <= layer < network.text.layers:
        last = network.text.layers - 1
        raise InputError(f"there is no layer {layer}", network.text.name, f"give a number from 0 to {last}")
    variables = network.named_variables()
    names = ("attention.output.kernel", "attention_post_norm.scale")
    kernel, scale = (_array(variables[f"layers.{layer}.{name}"]) for name in names)
    return kernel * scale


def _array(variable) -> np.ndarray:
    return runtime.to_numpy(runtime.value_of(variable)).astype(np.float32)
