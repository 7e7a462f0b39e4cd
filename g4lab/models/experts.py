"""Sparse experts: only the chosen experts' weights are read, and no token is dropped.

Three forms of the same sum over a token's chosen experts of weight * down(gelu(gate x) * (up x)):

* `dense` computes every expert for every token. It is the reference that the tests compare with.
* `one_by_one` serves few tokens (decoding): a loop over (token, choice) pairs that reads one expert a step.
* `grouped` serves many tokens: sorted by expert and padded to blocks, so that a step of the loop multiplies one
  block of tokens with one expert. The shapes are static; the loop runs over the live blocks only.
"""

from __future__ import annotations

from keras import ops

from g4lab.config import TextConfig
from g4lab.models.blocks import block_outputs
from g4lab.models.feedforward import gated
from g4lab.models.part import Part
from g4lab.models.projection import normal_weight
from g4lab.runtime import accumulate, value_of

SMALLEST_BLOCK, LARGEST_BLOCK = 16, 128


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

    def call(self, x, experts, weights):
        """The weighted sum over each token's chosen experts.

        Shapes: x [B,T,D], experts int [B,T,C], weights [B,T,C] -> [B,T,D].
        """
        width, chosen = x.shape[-1], experts.shape[-1]
        tokens = ops.reshape(x, (-1, width))
        experts, weights = ops.reshape(experts, (-1, chosen)), ops.reshape(weights, (-1, chosen))
        banks = self.gate(), self.up(), self.down()
        few = tokens.shape[0] is not None and tokens.shape[0] * chosen <= SMALLEST_BLOCK
        if few:
            out = one_by_one(tokens, experts, weights, *banks)
        else:
            out = grouped(tokens, experts, weights, *banks, frozen=not self.trainable)
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
        x = tokens[token][None]
        y = ops.matmul(gated(ops.matmul(x, gate[expert]), ops.matmul(x, up[expert])), down[expert])[0]
        return accumulate(total, token, weights[i] * ops.cast(y, "float32"))

    return ops.fori_loop(0, experts.shape[0], step, ops.zeros(tokens.shape, "float32"))


def grouped(tokens, experts, weights, gate, up, down, frozen: bool = False):
    """As `dense`, one block of tokens of the same expert at a time; `frozen` banks get no gradient."""
    # TensorFlow may leave the number of tokens open until the function runs.
    count, chosen = ops.shape(experts)
    total, width = gate.shape[0], tokens.shape[1]
    block = LARGEST_BLOCK if experts.shape[0] is None else block_size(count * chosen, total)
    blocks = count * chosen // block + total
    slot_of_pair, pair_of_slot, expert_of_block, live = place(ops.reshape(experts, (-1,)), total, block, blocks)

    # Slot value 0 means "no token": row 0 of `rows` is a row of zeros.
    rows = ops.concatenate([ops.zeros((1, width), tokens.dtype), tokens], axis=0)
    token_of_slot = ops.where(pair_of_slot > 0, (pair_of_slot - 1) // chosen + 1, 0)
    slots = ops.reshape(ops.take(rows, token_of_slot, axis=0), (blocks, block, width))
    outputs = ops.reshape(block_outputs(slots, gate, up, down, expert_of_block, live, frozen), (-1, width))
    outputs = ops.reshape(ops.take(outputs, slot_of_pair, axis=0), (count, chosen, width))
    return ops.sum(ops.cast(outputs, "float32") * weights[..., None], axis=1)


def block_size(pairs: int, experts: int) -> int:
    """The power of two nearest above a balanced expert's share, within bounds that keep padding small."""
    size = SMALLEST_BLOCK
    while size < LARGEST_BLOCK and size * experts < pairs:
        size *= 2
    return size


def place(experts, total: int, block: int, blocks: int):
    """Give every (token, choice) pair a slot such that a block holds pairs of one expert only.

    Shapes: experts int [pairs] -> slot of each pair [pairs]; 1 + the pair in each slot, or 0 [blocks * block];
    the expert of each block [blocks]; how many blocks are in use, a scalar.
    """
    order = ops.argsort(experts)
    ordered = ops.take(experts, order)
    first = ops.cast(ops.searchsorted(ordered, ops.arange(total, dtype=ordered.dtype)), "int32")
    count = ops.shape(experts)[0]
    pairs = ops.concatenate([first[1:], ops.full((1,), count, "int32")]) - first
    blocks_of = (pairs + block - 1) // block
    last_block = ops.cumsum(blocks_of)
    first_slot = (last_block - blocks_of) * block
    slot = ops.take(first_slot - first, ordered) + ops.arange(count, dtype="int32")
    slot_of_pair = ops.take(slot, ops.argsort(order))
    pair_of_slot = ops.scatter(slot[:, None], order + 1, (blocks * block,))
    numbers = ops.arange(blocks, dtype=last_block.dtype)
    expert_of_block = ops.minimum(ops.cast(ops.searchsorted(last_block, numbers, side="right"), "int32"), total - 1)
    return slot_of_pair, pair_of_slot, expert_of_block, last_block[-1]
