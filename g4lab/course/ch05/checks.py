"""Chapter 5: what a router must keep to, and a sum over the chosen ones that equals the sum over all."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch05 import solutions
from g4lab.course.exercise import Exercise, expect, same, shown

_draw = np.random.default_rng(0)
LOGITS = _draw.normal(size=(5, 8)) * 2
EXPERTS, WEIGHTS = solutions.route(LOGITS, 2)
SCALE = 1 + 0.5 * _draw.random(8)
X = _draw.normal(size=(5, 3))
MATRICES = _draw.normal(size=(8, 3, 3))
DENSE = _draw.normal(size=(3, 3))


def dense(x):
    """The network that reads every token. Shapes: [...,D] -> [...,D]."""
    return np.tanh(x @ DENSE)


def expert(e, x):
    """One expert, not linear, as Gemma's are not. Shapes: x [...,D] -> [...,D]."""
    return np.tanh(x @ MATRICES[e])


def nothing(x):
    """A dense branch that writes nothing."""
    return np.zeros_like(x)


route = Exercise(
    name="route",
    call="route(logits, chosen)",
    solution=solutions.route,
    probes=[(LOGITS, 2), (LOGITS[:1], 1), (LOGITS, 8), (LOGITS * 3, 3)],
    hints=[
        "Softmax along the experts: exp(logits), divided by its sum over the last axis. Take the maximum off first.",
        "np.argsort(-probabilities, axis=-1)[:, :chosen] are the likeliest; np.take_along_axis fetches their numbers.",
        "Divide what you fetched by its own sum: weights / weights.sum(-1, keepdims=True). Return experts, weights.",
    ],
)

SUM = "the weights of a token sum to 1"


def _routed(answer, logits, chosen):
    got = answer(logits, chosen)
    expect(
        isinstance(got, tuple | list) and len(got) == 2, f"give two arrays, experts and weights; you gave {shown(got)}"
    )
    experts, weights = map(np.asarray, got)
    wanted = (len(logits), chosen)
    expect(
        experts.shape == wanted and weights.shape == wanted,
        f"{wanted[0]} tokens with {chosen} experts each need two arrays of shape {wanted}; "
        f"yours are {experts.shape} and {weights.shape}",
    )
    return experts, weights


@route.invariant("each token gets as many different experts as are chosen")
def _(answer):
    experts, _ = _routed(answer, LOGITS, 3)
    expect(experts.dtype.kind in "iu", f"experts are numbers of places, such as 0 or 5; you gave {shown(experts)}")
    for token, row in enumerate(experts):
        expect(len(set(row.tolist())) == 3, f"token {token} got {row.tolist()}: the same expert twice")


@route.invariant(SUM)
def _(answer):
    _, weights = _routed(answer, LOGITS, 2)
    sums = weights.sum(-1)
    expect(np.allclose(sums, 1), f"two of eight were chosen, and the weights of the five tokens sum to {shown(sums)}")


@route.invariant("a token's routing does not depend on its neighbours")
def _(answer):
    experts, weights = _routed(answer, LOGITS, 2)
    order = [3, 0, 4, 1, 2]
    moved = _routed(answer, LOGITS[order], 2)
    expect(
        same(moved[0], experts[order]) and same(moved[1], weights[order]),
        "with the tokens in another order, they got other experts or weights",
    )
    alone = _routed(answer, LOGITS[:1], 2)
    expect(
        same(alone[1], weights[:1]), f"token 0 alone has weights {shown(alone[1])}, among others {shown(weights[:1])}"
    )


@route.value("logits log 6, log 3, log 1: two experts, with weights 2/3 and 1/3")
def _(answer):
    experts, weights = _routed(answer, np.log([[6.0, 3.0, 1.0]]), 2)
    expect(experts.tolist() == [[0, 1]], f"the likeliest are 0 and then 1; you chose {experts.tolist()[0]}")
    expect(np.allclose(weights, [[2 / 3, 1 / 3]]), f"the weights are 6/9 and 3/9; you gave {shown(weights)}")


scaled = Exercise(
    name="scaled",
    call="scaled(experts, weights, expert_scale)",
    solution=solutions.scaled,
    probes=[(EXPERTS, WEIGHTS, SCALE), (EXPERTS[:2], WEIGHTS[:2], SCALE[::-1].copy())],
    hints=[
        "expert_scale has one number for each of the E experts; which ones are needed here?",
        "expert_scale[experts] fetches them, in the shape of `experts`.",
        "weights * expert_scale[experts]",
    ],
)


@scaled.invariant("with all scales 1 nothing changes")
def _(answer):
    got = answer(EXPERTS, WEIGHTS, np.ones(8))
    expect(same(got, WEIGHTS), f"you gave {shown(got)} for {shown(WEIGHTS)}")


@scaled.value("scales (1, 2, 3, 4): expert 3 with 0.75 and expert 1 with 0.25 become 3 and 0.5")
def _(answer):
    got = answer(np.array([[3, 1]]), np.array([[0.75, 0.25]]), np.array([1.0, 2, 3, 4]))
    expect(same(got, np.array([[3.0, 0.5]])), f"you gave {shown(got)}")


feedforward = Exercise(
    name="feedforward",
    call="feedforward(x, dense, expert, experts, weights)",
    solution=solutions.feedforward,
    probes=[(X, dense, expert, EXPERTS, WEIGHTS), (X, nothing, expert, EXPERTS, 1.5 * WEIGHTS)],
    hints=[
        "`dense(x)` is what the dense branch writes, for all tokens. Begin with it: out = dense(x).",
        "`expert(e, x[t])` is what expert e writes for token t. Weights multiply what comes out, not what goes in.",
        "for t in range(len(x)): for e, w in zip(experts[t], weights[t]): out[t] += w * expert(e, x[t])",
    ],
)

ALL = "the sum over the chosen equals the sum over all experts, with weight 0 for the others"


@feedforward.invariant("without experts' weights only the dense branch is left")
def _(answer):
    got = np.asarray(answer(X, dense, expert, EXPERTS, np.zeros_like(WEIGHTS)))
    expect(got.shape == X.shape, f"for x of shape {X.shape} you gave shape {got.shape}")
    expect(same(got, dense(X)), "with all weights 0, it should be dense(x)")


@feedforward.invariant("tokens in another order give the same outputs in that order")
def _(answer):
    order = [2, 4, 0, 3, 1]
    got, moved = (answer(X[i], dense, expert, EXPERTS[i], WEIGHTS[i]) for i in (np.arange(5), order))
    expect(same(np.asarray(moved), np.asarray(got)[order]), "a token's output changed when the others changed places")


@feedforward.invariant(ALL)
def _(answer):
    share = np.zeros((5, 8))
    np.put_along_axis(share, EXPERTS, WEIGHTS, axis=1)
    every = np.stack([expert(e, X) for e in range(8)], axis=1)
    wanted = np.einsum("te,ted->td", share, every)
    got = np.asarray(answer(X, nothing, expert, EXPERTS, WEIGHTS))
    expect(same(got, wanted), f"for token 0 the sum over all is {shown(wanted[0])}; you gave {shown(got[0])}")


unused_by_chance = Exercise(
    name="unused_by_chance",
    call="unused_by_chance(tokens, experts, chosen)",
    solution=solutions.unused_by_chance,
    probes=[(20, 128, 8), (1, 32, 2), (40, 32, 2), (3, 4, 1), (5, 4, 4)],
    hints=[
        "One token misses a certain expert with probability 1 - C/E.",
        "All of T tokens miss it only if each one does; they draw independently.",
        "(1 - chosen / experts) ** tokens",
    ],
)


@unused_by_chance.invariant("it is a share from 0 to 1 that falls with every token")
def _(answer):
    found = [answer(tokens, 32, 2) for tokens in (1, 2, 10, 100)]
    expect(all(0 <= share <= 1 for share in found), f"for 1, 2, 10 and 100 tokens you gave {shown(found)}")
    expect(
        all(a > b for a, b in zip(found, found[1:], strict=False)),
        f"more tokens leave fewer unused; you gave {shown(found)}",
    )


@unused_by_chance.invariant("when every expert is chosen, none is left")
def _(answer):
    got = answer(5, 4, 4)
    expect(got == 0, f"4 of 4 chosen: none is unused; you gave {shown(got)}")


@unused_by_chance.value("one token with 2 of 32 leaves 30 of 32")
def _(answer):
    got = answer(1, 32, 2)
    expect(same(got, 30 / 32), f"30/32 is 0.9375; you gave {shown(got)}")


@unused_by_chance.value("Gemma 4 26B-A4B: 20 tokens with 8 of 128 leave 27.5 %")
def _(answer):
    got = answer(20, 128, 8)
    expect(abs(got - 0.27505) < 1e-4, f"you gave {shown(got)}")
