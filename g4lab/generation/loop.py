"""The generation loop: read the prompt once, then one token a step, all steps inside one compiled function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from keras import ops

from g4lab import runtime
from g4lab.generation.sampling import Sampling, choose
from g4lab.models import cache as caches
from g4lab.models.embeddings import SoftTokens
from g4lab.models.masks import EMPTY
from g4lab.models.memory import CallMemory
from g4lab.models.sites import Edit
from g4lab.models.watched import Watched

STEPS = 64
"""The most tokens that one call of the compiled loop makes."""


def generate(
    watched: Watched,
    rows: Sequence[Sequence[int]],
    max_new_tokens: int,
    sampling: Sampling,
    stop_ids: Sequence[int] = (),
    seed: int = 0,
    edits: Sequence[tuple[str, Edit]] = (),
    steps: int = STEPS,
    least: int = 16,
    soft: Callable[[np.ndarray, np.ndarray], SoftTokens] | None = None,
) -> Iterator[np.ndarray]:
    """New tokens in pieces of up to `steps` columns; a row that has ended goes on with the pad id.

    Rows may differ in length. Prompts and caches are padded to few sizes, at least `least`, where sizes are compiled.
    `soft` places the soft tokens of media, once it is given the padded tokens and positions.

    Shapes: yields int32 [B, up to steps].
    """
    network, config = watched.network, watched.network.text
    length = max(len(row) for row in rows)
    if runtime.compiles():
        length = bucket(length, least)
    # What pads the prompt takes up slots of the cache too.
    capacity = length + max_new_tokens
    if runtime.compiles():
        capacity = bucket(capacity, least)
    tokens, positions = pad_left(rows, length, config.pad_id)
    uniforms = np.random.default_rng(seed).random((max_new_tokens, len(rows)), np.float32)
    settings = sampling.numbers(), _padded(stop_ids)
    drawn = dict(greedy=sampling.greedy, top_k=sampling.top_k)

    read = partial(_read, network, capacity=capacity, **drawn)
    (token, ended, state), _ = watched.run(
        ("read", capacity, *drawn.values()),
        read,
        *(tokens, positions, uniforms[0], *settings, *([] if soft is None else [soft(tokens, positions)])),
        edits=edits,
    )
    yield runtime.to_numpy(token)[:, None]
    continued = partial(_continue, network, **drawn)
    position = np.asarray([len(row) for row in rows], np.int32)
    made = 1
    while made < max_new_tokens and not runtime.to_numpy(ended).all():
        draws = np.zeros((steps, len(rows)), np.float32)
        count = min(steps, max_new_tokens - made)
        draws[:count] = uniforms[made : made + count]
        (new, token, ended, state, ran), _ = watched.run(
            ("continue", *drawn.values()),
            continued,
            *(token, position, ended, state, draws, np.asarray(count, np.int32), *settings),
            edits=edits,
            donate=(3,),  # the old cache: the new one takes its memory
        )
        ran = int(ran)
        yield runtime.to_numpy(new)[:, :ran]
        made += ran
        position = position + np.int32(ran)


def pad_left(rows: Sequence[Sequence[int]], length: int, pad_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens and positions of rows that all end in the last column; padding has the position EMPTY.

    Shapes: -> int32 [B,T], int32 [B,T].
    """
    tokens = np.full((len(rows), length), pad_id, np.int32)
    positions = np.full((len(rows), length), EMPTY, np.int32)
    for b, row in enumerate(rows):
        tokens[b, length - len(row) :] = row
        positions[b, length - len(row) :] = np.arange(len(row))
    return tokens, positions


def bucket(length: int, least: int) -> int:
    """The size that a sequence of `length` is padded to: powers of two, from 1,024 on multiples of it."""
    size = least
    while size < length:
        size = size * 2 if size < 1024 else size + 1024
    return size


def _padded(stop_ids: Sequence[int]) -> np.ndarray:
    """Ids filled up with -1, which is none, to a size that seldom changes."""
    return np.asarray([*stop_ids, *[-1] * (bucket(len(stop_ids), 8) - len(stop_ids))], np.int32)


def _read(network, tokens, positions, uniform, numbers, stops, soft=None, *, capacity, greedy, top_k):
    """The prompt in one go: the first new token, and the cache that holds the prompt."""
    memory = CallMemory(positions)
    hidden = network.hidden(tokens, positions, memory, soft)
    token = choose(network.logits(hidden[:, -1:])[:, 0], uniform, numbers, greedy, top_k)
    state = caches.after_prompt(network.text, memory, positions, capacity)
    return token, _is_stop(token, stops), state


def _continue(network, token, position, ended, state, draws, count, numbers, stops, *, greedy, top_k):
    """Up to `count` more tokens, fewer when every row has ended.

    Shapes: token, position, ended [B], draws [steps,B] -> new [B,steps], token, ended, state, the steps made.
    """
    pad = ops.full_like(token, network.text.pad_id)

    def more(i, token, ended, state, new):
        return ops.logical_and(i < count, ops.logical_not(ops.all(ended)))

    def step(i, token, ended, state, new):
        positions = (position + i)[:, None]
        memory = caches.Cache(state, positions)
        hidden = network.hidden(token[:, None], positions, memory)
        token = choose(network.logits(hidden)[:, 0], draws[i], numbers, greedy, top_k)
        token = ops.where(ended, pad, token)
        ended = ops.logical_or(ended, _is_stop(token, stops))
        return i + 1, token, ended, memory.state, runtime.put(new, i, token[:, None], axis=1)

    new = ops.full((token.shape[0], draws.shape[0]), network.text.pad_id, "int32")
    i, token, ended, state, new = ops.while_loop(more, step, (ops.zeros((), "int32"), token, ended, state, new))
    return new, token, ended, state, i


def _is_stop(token, stops):
    return ops.any(token[:, None] == stops[None, :], axis=-1)
