"""The loop over blocks of tokens, one expert a step, with a gradient written by hand.

Automatic differentiation through the loop would keep every step's weights and scatter into the whole bank each
time; here the backward pass is a second loop that recomputes a block's hidden features.
"""

from __future__ import annotations

from keras import ops

from g4lab.models.feedforward import gated
from g4lab.runtime import accumulate, put

ROOT_2_OVER_PI = 0.7978845608028654


def block_outputs(slots, gate, up, down, expert_of_block, live, frozen: bool = False):
    """Each block through the MLP of its expert; of `frozen` experts only the input has a gradient.

    Shapes: slots [blocks, block, D], gate and up [E,D,F], down [E,F,D], expert_of_block int [blocks], live int
    scalar -> [blocks, block, D]; blocks from `live` on stay zero.
    """

    def forward(slots, gate, up, down):
        def step(i, outputs):
            e, x = expert_of_block[i], slots[i]
            y = ops.matmul(gated(ops.matmul(x, gate[e]), ops.matmul(x, up[e])), down[e])
            return put(outputs, i, y[None])

        return _loop(live, step, ops.zeros_like(slots))

    @ops.custom_gradient
    def of_slots(slots):
        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return backward(upstream, slots, gate, up, down, banks=())[0]

        return forward(slots, gate, up, down), gradient

    @ops.custom_gradient
    def of_all(slots, gate, up, down):
        def gradients(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            return backward(upstream, slots, gate, up, down, banks=(gate, up, down))

        return forward(slots, gate, up, down), gradients

    def backward(upstream, slots, gate, up, down, banks):
        def step(i, state):
            d_slots, *d_banks = state
            e, x, d_y = expert_of_block[i], slots[i], upstream[i]
            g, u = ops.matmul(x, gate[e]), ops.matmul(x, up[e])
            d_hidden = ops.matmul(d_y, ops.transpose(down[e]))
            activated, slope = _gelu_and_slope(g)
            d_g, d_u = d_hidden * u * slope, d_hidden * activated
            d_x = ops.matmul(d_g, ops.transpose(gate[e])) + ops.matmul(d_u, ops.transpose(up[e]))
            pairs = ((x, d_g), (x, d_u), (activated * u, d_y))
            added = [
                accumulate(bank, e, ops.matmul(ops.transpose(into), out))
                for bank, (into, out) in zip(d_banks, pairs, strict=False)
            ]
            return put(d_slots, i, d_x[None]), *added

        return _loop(live, step, tuple(ops.zeros_like(array) for array in (slots, *banks)))

    return of_slots(slots) if frozen else of_all(slots, gate, up, down)


def _loop(count, step, state):
    """state = step(i, state) for i below `count`, which only the running program knows."""
    nested = isinstance(state, tuple)
    body = (lambda i, *s: (i + 1, *step(i, s))) if nested else (lambda i, s: (i + 1, step(i, s)))
    start = (ops.zeros((), "int32"), *(state if nested else (state,)))
    _, *final = ops.while_loop(lambda i, *_: i < count, body, start)
    return tuple(final) if nested else final[0]


def _gelu_and_slope(x):
    """tanh-GELU and its derivative."""
    t = ops.tanh(ROOT_2_OVER_PI * (x + 0.044715 * x * x * x))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * ROOT_2_OVER_PI * (1 + 3 * 0.044715 * x * x)
    return 0.5 * x * (1 + t), slope
