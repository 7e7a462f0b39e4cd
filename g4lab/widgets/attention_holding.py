"""Heads at full size inside a page: which fit, and in what form their exact numbers travel.

A head is held as its visible weights, or as the queries and keys that the page computes them from, whichever holds
more. Both are exact: the page sums in double precision and rounds once, as `tracing.attention` does. Of a head that
does not fit whole, the last rows are held, and the page says from which token on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from g4lab.tracing.trace import Trace

LEAST_ROWS = 16
"""Fewer rows of a head are not worth its place."""

INDEX_BYTES = 512
"""About what one more head adds to a page besides its numbers: its entry in the header and in the index."""

Place = tuple[int, int]


class Held(NamedTuple):
    """A head that is in the page, from its row `start` on."""

    layer: int
    head: int
    form: str
    """"weights" or "factors"."""
    start: int


def choose(
    trace: Trace, wanted: Iterable[Place], room: int, in_part: Iterable[Place] = (), lengths=False
) -> list[Held]:
    """The wanted heads that fit `room` bytes, the first of them first; those `in_part` with as many rows as fit.

    With `lengths` each also brings the length of every value.
    """
    chosen: list[Held] = []
    keys: set[str] = set()
    in_part = set(in_part)
    for layer, head in dict.fromkeys(wanted):
        aside = INDEX_BYTES + (8 * len(trace) if lengths else 0)
        rows = {form: _bytes_from(trace, layer, head, form, keys) for form in ("weights", "factors")}
        starts = {form: int((size + aside > room).sum()) for form, size in rows.items()}
        form = min(starts, key=lambda name: (starts[name], rows[name][0]))
        start = starts[form]
        if start and ((layer, head) not in in_part or len(trace) - start < LEAST_ROWS):
            continue
        chosen.append(Held(layer, head, form, start))
        room -= int(rows[form][start]) + aside
        if form == "factors":
            keys.add(key_name(trace, layer, head))
    return chosen


def arrays_of(trace: Trace, held: Held) -> dict[str, np.ndarray]:
    """What the page gets of a head: "head.l.h", or "q.l.h" and "k.l.g" of the layer that owns the keys.

    Shapes: head float32 [visible pairs of the rows]; q [T-start,H] and k [T,H], float32 or the upper halves of it.
    """
    layer, head = held.layer, held.head
    if held.form == "weights":
        return {f"head.{layer}.{head}": packed_rows(trace, layer, head, held.start)}
    queries, keys = _factors(trace, layer, head)
    return {f"q.{layer}.{head}": _shortest(queries[held.start :]), key_name(trace, layer, head): _shortest(keys)}


def packed_rows(trace: Trace, layer: int, head: int, start: int = 0, stop: int | None = None) -> np.ndarray:
    """The visible weights of some rows of a head, one row after the other. Shapes: -> float32 [visible pairs]."""
    first, end = trace.key_bounds(layer)
    parts = []
    for rows, keys, block in trace.attention_blocks(layer, head, start, stop):
        places = np.arange(keys.start, keys.stop)
        parts.append(block[0, (places >= first[rows, None]) & (places < end[rows, None])])
    return np.concatenate(parts)


def key_name(trace: Trace, layer: int, head: int) -> str:
    """The array of the keys that a head reads; heads of one group, and borrowers, share it."""
    row = trace.plan[layer]
    return f"k.{row['owner']}.{head // (row['heads'] // row['kv_heads'])}"


def _factors(trace: Trace, layer: int, head: int) -> tuple[np.ndarray, np.ndarray]:
    row = trace.plan[layer]
    queries = trace[f"layers.{layer}.attention.q"][:, head]
    return queries, trace[f"layers.{row['owner']}.attention.k"][:, head // (row["heads"] // row["kv_heads"])]


def _bytes_from(trace: Trace, layer: int, head: int, form: str, keys: set[str]) -> np.ndarray:
    """Bytes that a head takes when it is held from each row on. Shapes: -> int [T], falling."""
    if form == "weights":
        first, end = trace.key_bounds(layer)
        return 4 * np.cumsum((end - first)[::-1], dtype=np.int64)[::-1]
    queries, owned = _factors(trace, layer, head)
    rows = _width(queries) * queries.shape[-1] * np.arange(len(queries), 0, -1, dtype=np.int64)
    return rows + (0 if key_name(trace, layer, head) in keys else _width(owned) * owned.size)


def _width(array: np.ndarray) -> int:
    return _shortest(array).itemsize


def _shortest(array: np.ndarray) -> np.ndarray:
    """The same numbers in fewest bytes: what a bfloat16 model computed has zeros in the lower half of a float32."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    return (bits >> 16).astype(np.uint16) if not (bits & 0xFFFF).any() else bits.view(np.float32)
