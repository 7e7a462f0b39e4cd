"""Sparse experts: only the chosen experts' weights are read, and no token is dropped.

Four forms of the same sum over a token's chosen experts of weight * down(gelu(gate x) * (up x)):

* `dense` computes every expert for every token. It is the reference that the tests compare with.
* `one_by_one` serves few tokens (decoding): a loop over (token, choice) pairs that reads one expert a step.
* `grouped` serves many tokens: sorted by expert and padded to blocks, so that a step of the loop multiplies one
  block of tokens with one expert. The shapes are static; the loop runs over the live blocks only.
* `batched` also serves many tokens: as many places for every expert as the busiest one needs, so that three batched
  products read each bank where it lies. Its shapes follow the tokens, and uneven loads waste it.
"""

from __future__ import annotations

from keras import ops

from g4lab.config import TextConfig
from g4lab.models.blocks import block_outputs
from g4lab.models.feedforward import gated
from g4lab.models.part import Part
from g4lab.models.projection import normal_weight
from g4lab.models.sites import observe, watched
from g4lab.runtime import accumulate, shapes_may_follow_data, size_of, value_of

SMALLEST_BLOCK, LARGEST_BLOCK = 16, 128

SPARE = 4
"""How many times more places than pairs `batched` may take."""

LITTLE_WORK = 1 << 30
"""Multiplications that cost no more than the steps of a loop: below them `batched` may waste what it likes."""


class Bank(Part):
    """One matrix per expert, stored as [E, in, out]."""

    def __init__(self, experts: int, fan_in: int, fan_out: int, dtype=None):
        super().__init__(dtype=dtype)
        self.kernel = normal_weight(self, (experts, fan_in, fan_out), fan_in, "kernel")

    def call(self):
        """All matrices, [E, in, out]."""
        return value_of(self.kernel)


class Experts(Part):
    """E gated MLPs, of which C read each token."""

    def __init__(self, config: TextConfig, dtype=None):
        super().__init__(dtype=dtype)
        width, hidden = config.width, config.expert_feedforward
        self.gate = Bank(config.experts, width, hidden, dtype)
        self.up = Bank(config.experts, width, hidden, dtype)
        self.down = Bank(config.experts, hidden, width, dtype)

    def call(self, x, experts, weights, site: str):
        """The weighted sum over each token's chosen experts; its terms are the site experts.terms, [B,T,C,D].

        Shapes: x [B,T,D], experts int [B,T,C], weights [B,T,C] -> [B,T,D].
        """
        name, shape = f"{site}.experts.terms", (*ops.shape(experts), x.shape[-1])

        def terms_seen(terms):
            return ops.reshape(observe(name, ops.reshape(terms, shape)), ops.shape(terms))

        width, chosen = x.shape[-1], experts.shape[-1]
        tokens = ops.reshape(x, (-1, width))
        experts, weights = ops.reshape(experts, (-1, chosen)), ops.reshape(weights, (-1, chosen))
        banks = self.gate(), self.up(), self.down()
        few = tokens.shape[0] is not None and tokens.shape[0] * chosen <= SMALLEST_BLOCK
        # Few tokens' terms are added up as they come; who watches them has them side by side.
        if few and not watched(name):
            out = one_by_one(tokens, experts, weights, *banks)
        else:
            terms = many(tokens, experts, weights, *banks, not self.trainable)
            out = ops.sum(terms_seen(terms) if watched(name) else terms, axis=1)
        return ops.reshape(ops.cast(out, x.dtype), ops.shape(x))


def dense(tokens, experts, weights, gate, up, down):
    """Every expert for every token, then the weighted sum: the definition, not the way to compute it.

    Shapes: tokens [T,D], experts and weights [T,C], gate and up [E,D,F], down [E,F,D] -> float32 [T,D].
    """
    hidden = gated(ops.einsum("td,edf->tef", tokens, gate), ops.einsum("td,edf->tef", tokens, up))
    every = ops.einsum("tef,efd->ted", hidden, down)
    share = ops.sum(ops.one_hot(experts, gate.shape[0], dtype=weights.dtype) * weights[..., None], axis=1)
    return ops.einsum("te,ted->td", share, ops.cast(every, "float32"))


def one_by_one(tokens, experts, weights, gate, up, down):
    """As `dense`, a loop over the (token, choice) pairs."""
    chosen = experts.shape[1]
    experts, weights = ops.reshape(experts, (-1,)), ops.reshape(weights, (-1,))

    def step(i, total):
        token, expert = i // chosen, experts[i]
        x = tokens[token]
        y = ops.matmul(gated(ops.matmul(x, gate[expert]), ops.matmul(x, up[expert])), down[expert])
        return accumulate(total, token, weights[i] * ops.cast(y, "float32"))

    return ops.fori_loop(0, experts.shape[0], step, ops.zeros(tokens.shape, "float32"))


def many(tokens, experts, weights, gate, up, down, frozen: bool = False):
    """The terms of the sum, by the form of many tokens that suits backend and loads; `grouped` says what `frozen` is.

    Shapes: as `dense` -> float32 [T,C,D].
    """
    total, pairs = gate.shape[0], ops.size(experts)
    arguments = tokens, experts, weights, gate, up, down
    if not shapes_may_follow_data():
        return grouped(*arguments, frozen)
    most = ops.max(ops.bincount(ops.reshape(experts, (-1,)), minlength=total))
    by_place = 3 * gate.shape[1] * gate.shape[2]
    wasteful = most * total > ops.maximum(SPARE * pairs, LITTLE_WORK // by_place)
    return ops.cond(wasteful, lambda: grouped(*arguments, frozen), lambda: batched(*arguments, most))


def batched(tokens, experts, weights, gate, up, down, most):
    """The terms of the sum, every expert having `most` places.

    Shapes: as `dense`, most int scalar -> float32 [T,C,D].
    """
    total, width = gate.shape[0], tokens.shape[1]
    most = size_of(most)
    order, ordered, first, pairs = by_expert(ops.reshape(experts, (-1,)), total)
    slot = (ordered * most - ops.take(first, ordered)) + ops.arange(ops.shape(order)[0], dtype="int32")
    slots = spread(tokens, order, pair_in(ops.arange(most, dtype="int32")[None], first[:, None], pairs[:, None], order))
    outputs = ops.matmul(gated(ops.matmul(slots, gate), ops.matmul(slots, up)), down)
    return collect(ops.reshape(outputs, (-1, width)), order, slot, weights)


def grouped(tokens, experts, weights, gate, up, down, frozen: bool = False):
    """The terms of the sum, one block of tokens of the same expert at a time; `frozen` banks get no gradient.

    Shapes: as `dense` -> float32 [T,C,D].
    """
    # TensorFlow may leave the number of tokens open until the function runs.
    count, chosen = ops.shape(experts)
    total, width = gate.shape[0], tokens.shape[1]
    block = LARGEST_BLOCK if experts.shape[0] is None else block_size(count * chosen, total)
    blocks = count * chosen // block + total
    order, slot, pair, expert_of_block, live = place(ops.reshape(experts, (-1,)), total, block, blocks)
    outputs = block_outputs(spread(tokens, order, pair), gate, up, down, expert_of_block, live, frozen)
    return collect(ops.reshape(outputs, (-1, width)), order, slot, weights)


def spread(tokens, order, pair):
    """Each slot's token, or zeros where it holds none. Only gathers: a scatter goes pair by pair on PyTorch.

    Shapes: tokens [T,D], order int [T * C], pair int [...] (T * C where there is none) -> [...,D].
    """
    chosen = ops.shape(order)[0] // ops.shape(tokens)[0]
    # Row 0 of `rows` is a row of zeros.
    rows = ops.concatenate([ops.zeros((1, tokens.shape[1]), tokens.dtype), tokens], axis=0)
    row_of_pair = ops.concatenate([order // chosen + 1, ops.zeros((1,), "int32")], axis=0)
    return ops.take(rows, ops.take(row_of_pair, pair), axis=0)


def pair_in(place, first, pairs, order):
    """The pair in a place of an expert whose `pairs` begin at `first`; past the last pair where the place is empty.

    Shapes: place, first, pairs int, broadcast against each other; order int [T * C] -> int of the same shape.
    """
    return ops.where(place < pairs, first + place, ops.shape(order)[0])


def collect(outputs, order, slot, weights):
    """Each pair's output, weighted.

    Shapes: outputs [slots,D], order and slot int [pairs], weights [T,C] -> float32 [T,C,D].
    """
    outputs = ops.take(outputs, ops.take(slot, ops.argsort(order)), axis=0)
    outputs = ops.reshape(outputs, (*ops.shape(weights), outputs.shape[1]))
    return ops.cast(outputs, "float32") * weights[..., None]


def block_size(pairs: int, experts: int) -> int:
    """The power of two nearest above a balanced expert's share, within bounds that keep padding small."""
    size = SMALLEST_BLOCK
    while size < LARGEST_BLOCK and size * experts < pairs:
        size *= 2
    return size


def by_expert(experts, total: int):
    """The pairs in the order of their experts: their numbers, their experts; where each expert's begin, and how many.

    Shapes: experts int [pairs] -> int32 [pairs], [pairs], [E], [E].
    """
    order = ops.argsort(experts)
    ordered = ops.take(experts, order)
    first = ops.cast(ops.searchsorted(ordered, ops.arange(total, dtype=ordered.dtype)), "int32")
    end = ops.concatenate([first[1:], ops.full((1,), ops.shape(experts)[0], "int32")])
    return ops.cast(order, "int32"), ordered, first, end - first


def place(experts, total: int, block: int, blocks: int):
    """Give every (token, choice) pair a slot such that a block holds pairs of one expert only.

    Shapes: experts int [pairs] -> the pairs by expert, and the slot of each in that order [pairs]; the pair of each
    slot [blocks,block], counted in that order; the expert of each block [blocks]; how many blocks are in use, a scalar.
    """
    order, ordered, first, pairs = by_expert(experts, total)
    blocks_of = (pairs + block - 1) // block
    last_block = ops.cumsum(blocks_of)
    first_slot = (last_block - blocks_of) * block
    slot = ops.take(first_slot - first, ordered) + ops.arange(ops.shape(experts)[0], dtype="int32")
    numbers = ops.arange(blocks, dtype=last_block.dtype)
    expert_of_block = ops.minimum(ops.cast(ops.searchsorted(last_block, numbers, side="right"), "int32"), total - 1)
    slots = ops.reshape(ops.arange(blocks * block, dtype="int32"), (blocks, block))
    start, begin, held = (ops.take(x, expert_of_block)[:, None] for x in (first_slot, first, pairs))
    pair = pair_in(slots - start, begin, held, order)
    return order, slot, pair, expert_of_block, last_block[-1]
