"""Chapter 5: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch05 import solutions
from g4lab.course.ch05.checks import ALL, SUM, feedforward, route, scaled, unused_by_chance

LOGS = "logits log 6, log 3, log 1: two experts, with weights 2/3 and 1/3"
SCALES = "scales (1, 2, 3, 4): expert 3 with 0.75 and expert 1 with 0.25 become 3 and 0.5"
FALLS = "it is a share from 0 to 1 that falls with every token"


def _softmax(logits, axis=-1):
    powers = np.exp(logits - logits.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


@route.mutant(SUM, "the chosen probabilities are not divided by their sum. Without that the mixture shrinks.")
def not_renormalised(logits, chosen):
    probabilities = _softmax(logits)
    experts = np.argsort(-probabilities, axis=-1, kind="stable")[:, :chosen]
    return experts, np.take_along_axis(probabilities, experts, axis=-1)


@route.mutant(
    "a token's routing does not depend on its neighbours",
    "the softmax runs over the tokens (axis 0). It runs over the experts, the last axis: each token decides alone.",
)
def over_tokens(logits, chosen):
    probabilities = _softmax(logits, axis=0)
    experts = np.argsort(-probabilities, axis=-1, kind="stable")[:, :chosen]
    weights = np.take_along_axis(probabilities, experts, axis=-1)
    return experts, weights / weights.sum(-1, keepdims=True)


@route.mutant(LOGS, "this takes the least likely experts: argsort goes upward.")
def least_likely(logits, chosen):
    experts = np.argsort(logits, axis=-1, kind="stable")[:, :chosen]
    weights = np.take_along_axis(_softmax(logits), experts, axis=-1)
    return experts, weights / weights.sum(-1, keepdims=True)


@route.mutant(LOGS, "experts and weights stand in different orders: a weight belongs to the expert at its place.")
def orders_differ(logits, chosen):
    experts, weights = solutions.route(logits, chosen)
    return experts, weights[:, ::-1]


@route.mutant(LOGS, "every chosen expert gets the same weight. The router also says how much of each.")
def equal_weights(logits, chosen):
    experts, weights = solutions.route(logits, chosen)
    return experts, np.full_like(weights, 1 / chosen)


@scaled.mutant(
    SCALES,
    "this takes the first C scales for everyone. Each expert brings its own: look them up with expert_scale[experts].",
)
def first_scales(experts, weights, expert_scale):
    return weights * expert_scale[: weights.shape[-1]]


@scaled.mutant(SCALES, "this divides by the sum again. The scales come last: effective weights need not sum to 1.")
def sums_to_one(experts, weights, expert_scale):
    found = weights * expert_scale[experts]
    return found / found.sum(-1, keepdims=True)


@scaled.mutant(SCALES, "this divides by the scale. It multiplies.")
def divided(experts, weights, expert_scale):
    return weights / expert_scale[experts]


@feedforward.mutant(
    "without experts' weights only the dense branch is left",
    "the dense branch is missing. It reads every token, beside the experts.",
)
def no_dense(x, dense, expert, experts, weights):
    return solutions.feedforward(x, np.zeros_like, expert, experts, weights)


@feedforward.mutant(
    ALL, "the weight multiplies what goes in. An expert is not linear, so it must multiply what comes out."
)
def weighted_input(x, dense, expert, experts, weights):
    out = dense(x)
    for t in range(len(x)):
        # what an expert makes of nothing is taken off, so that weight 0 is nothing
        out[t] += sum(expert(e, w * x[t]) for e, w in zip(experts[t], weights[t], strict=True))
    return out


@feedforward.mutant(ALL, "this is the mean over the chosen experts. It is a sum: the weights already share it out.")
def mean_of_experts(x, dense, expert, experts, weights):
    return solutions.feedforward(x, dense, expert, experts, weights / experts.shape[1])


@feedforward.mutant(ALL, "only the first chosen expert is used. All C of them add to the output.")
def first_expert(x, dense, expert, experts, weights):
    return solutions.feedforward(x, dense, expert, experts[:, :1], weights[:, :1])


@unused_by_chance.mutant(
    "when every expert is chosen, none is left",
    "this lets a token draw the same expert twice. A token's experts are different: it misses one with 1 - C/E.",
)
def with_replacement(tokens, experts, chosen):
    return (1 - 1 / experts) ** (tokens * chosen)


@unused_by_chance.mutant(FALLS, "this is the share that is used. The question is about the rest.")
def used_share(tokens, experts, chosen):
    return 1 - (1 - chosen / experts) ** tokens


@unused_by_chance.mutant(
    FALLS,
    "this takes off C/E for every token. Tokens may draw the same expert: what is left shrinks by a factor each time.",
)
def straight_line(tokens, experts, chosen):
    return 1 - tokens * chosen / experts


@unused_by_chance.mutant(
    "when every expert is chosen, none is left", "this forgets that a token chooses C experts, not one."
)
def one_choice(tokens, experts, chosen):
    return (1 - 1 / experts) ** tokens
