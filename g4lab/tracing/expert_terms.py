"""What each chosen expert adds to the experts' sum: weight times expert's scale times its output.

The sum is normed afterwards, so the size of a term matters only beside the other terms of the same token.
"""

from __future__ import annotations

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.binomial import binomial_bands
from g4lab.tracing.measure import LEVEL, MEAN_TOKENS, Measure, Null
from g4lab.tracing.trace import Trace

SITE = "layers.*.experts.terms"
"""What to record, for the layers in question: C numbers of width D a token are many."""


def term_norms(trace: Trace, layer: int) -> np.ndarray:
    """The size of each chosen expert's term, in the order of `router.experts`. Shapes: -> [T,C]."""
    return np.linalg.norm(_terms(trace, layer), axis=-1)


def term_shares(trace: Trace, layer: int) -> np.ndarray:
    """How much of the sum each term makes up, measured along the sum; negative where it pulls back.

    Shapes: -> [T,C], rows sum to 1.
    Raises: InputError when a token's terms add up to nothing.
    """
    terms = _terms(trace, layer)
    total = terms.sum(1, keepdims=True)
    size = np.sum(total**2, axis=-1)
    if np.any(size == 0):
        raise InputError("a token's terms add up to zero", f"layer {layer}", "measure a run whose experts are on")
    return np.sum(terms * total, axis=-1) / size


def favourite_is_largest(trace: Trace, layer: int, level: float = LEVEL) -> Measure:
    """The share of tokens whose most weighted expert also has the largest output before it is weighted.

    Shapes: -> a number.
    Source: Lo et al., A Closer Look into Mixture-of-Experts (arXiv 2406.18219): routers favour large outputs.
    Raises: InputError when a chosen expert has weight 0.
    """
    weights = np.abs(trace.routing(layer).weights.astype(np.float64))
    tokens, chosen = weights.shape
    name, convention = "the favourite's output is the largest", "share of tokens"
    if tokens < MEAN_TOKENS:
        return Measure(name, tokens, MEAN_TOKENS, convention=convention)
    if np.any(weights == 0):
        raise InputError("a chosen expert has weight 0", f"layer {layer}", "measure a run whose experts are on")
    outputs = term_norms(trace, layer) / weights
    value = float(np.mean(outputs.argmax(1) == weights.argmax(1)))
    low, high = (float(bound[0]) / tokens for bound in binomial_bands(tokens, np.array([1 / chosen]), level))
    null = Null(1 / chosen, "any of the chosen has the largest output (binomial)", low, high, level)
    return Measure(name, tokens, MEAN_TOKENS, value, null, convention=convention)


def _terms(trace: Trace, layer: int) -> np.ndarray:
    return trace[SITE.replace("*", str(layer))].astype(np.float64)
