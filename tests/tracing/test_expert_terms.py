"""What each chosen expert adds to the experts' sum."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import expert_terms as metrics
from g4lab.tracing.trace import Token, Trace
from tests.tracing.traces import describe, route


def trace_of(terms, logits=None, chosen=2) -> Trace:
    logits = np.zeros((len(terms), 4)) if logits is None else logits
    routing = {f"layers.0.{name}": value for name, value in route(logits, chosen).items()}
    sites = {"layers.0.experts.terms": np.asarray(terms, np.float32), **routing}
    return Trace(tuple(Token(5, "a") for _ in terms), describe(1, 4, chosen), sites)


def test_norms_and_shares_by_hand():
    # 3 and 4 at right angles: along their sum (3,4) they make up 9/25 and 16/25; then one that pulls back
    trace = trace_of([[[3, 0], [0, 4]], [[0, 6], [0, -2]]])
    np.testing.assert_allclose(metrics.term_norms(trace, 0), [[3, 4], [6, 2]])
    np.testing.assert_allclose(metrics.term_shares(trace, 0), [[9 / 25, 16 / 25], [1.5, -0.5]])


def test_terms_that_cancel_have_no_shares():
    with pytest.raises(InputError, match="add up to zero"):
        metrics.term_shares(trace_of([[[1, 0], [-1, 0]]]), 0)


def planted(larger: float, tokens=60):
    """The first choice has weight 3/4, the second 1/4; the first one's output is so many times larger."""
    logits = np.tile(np.log([6, 2, 1, 1]), (tokens, 1))
    terms = np.zeros((tokens, 2, 3))
    terms[:, 0, 0], terms[:, 1, 0] = 0.75 * larger, 0.25
    return trace_of(terms, logits)


def test_the_weight_is_taken_out_before_outputs_are_compared():
    assert metrics.favourite_is_largest(planted(1.1), 0).value == 1
    smaller = metrics.favourite_is_largest(planted(0.9), 0)  # its term is still the larger one
    assert smaller.value == 0 and smaller.beyond == -1 and smaller.null.expected == 0.5


def test_outputs_that_know_no_weight_are_within_the_band():
    rng = np.random.default_rng(0)
    beyond = []
    for _ in range(200):
        trace = trace_of(np.zeros((60, 2, 3)), rng.normal(size=(60, 4)))
        terms = trace["layers.0.experts.weights"][..., None] * rng.normal(size=(60, 2, 3))
        trace = Trace(trace.tokens, trace.model, {**trace.sites, "layers.0.experts.terms": terms})
        beyond.append(metrics.favourite_is_largest(trace, 0).beyond != 0)
    assert np.mean(beyond) < 0.05


def test_too_few_tokens():
    assert "too few tokens for a claim (29; it needs at least 30)" in str(
        metrics.favourite_is_largest(planted(1.1, 29), 0)
    )
