"""Chapter 5, one right answer to each exercise."""

import numpy as np


def route(logits, chosen):
    """The experts of each token, the likeliest first, and their weights, which sum to 1."""
    probabilities = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities /= probabilities.sum(-1, keepdims=True)
    experts = np.argsort(-probabilities, axis=-1, kind="stable")[:, :chosen]
    weights = np.take_along_axis(probabilities, experts, axis=-1)
    return experts, weights / weights.sum(-1, keepdims=True)


def scaled(experts, weights, expert_scale):
    """Each weight times the learned scale of its expert."""
    return weights * expert_scale[experts]


def feedforward(x, dense, expert, experts, weights):
    """The dense branch and, beside it, the weighted sum of the chosen experts' outputs."""
    out = dense(x)
    for token, (chosen, weight) in enumerate(zip(experts, weights)):  # noqa: B905
        for e, w in zip(chosen, weight):  # noqa: B905
            out[token] += w * expert(e, x[token])
    return out


def unused_by_chance(tokens, experts, chosen):
    """The share of experts that nobody reads when each token draws its experts at random."""
    return (1 - chosen / experts) ** tokens
