"""What the two branches beside each other write, and what each expert adds."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import contributions as metrics
from g4lab.tracing.contributions import Branches
from g4lab.tracing.trace import Token, Trace


def trace_of(dense, experts, scale, written=None, eps=1e-6) -> Trace:
    total = dense + experts
    if written is None:
        written = total / np.sqrt((total**2).mean(-1, keepdims=True) + eps) * scale
    sites = {"dense.output": dense, "experts.output": experts, "feedforward.output": written}
    arrays = {f"layers.0.{name}": np.asarray(value, np.float32) for name, value in sites.items()}
    return Trace(tuple(Token(5, "a") for _ in dense), {"plan": []}, arrays)


def random_trace(seed=0, tokens=20, width=16, **parts) -> tuple[Trace, np.ndarray]:
    rng = np.random.default_rng(seed)
    scale = rng.normal(1, 0.5, width)
    dense, experts = rng.normal(size=(2, tokens, width))
    return trace_of(dense, experts, scale, **parts), scale


def test_by_hand():
    # sums (3,4) and (6,8): root mean squares sqrt(12.5) and sqrt(50); scales 1 and -2
    dense, experts = np.array([[3.0, 0], [6, 0]]), np.array([[0.0, 4], [0, 8]])
    found = metrics.branches(trace_of(dense, experts, np.array([1.0, -2])), 0, eps=0)
    np.testing.assert_allclose(found.dense, [[3 / 12.5**0.5, 0], [6 / 50**0.5, 0]], atol=1e-6)
    np.testing.assert_allclose(found.experts, [[0, -8 / 12.5**0.5], [0, -16 / 50**0.5]], atol=1e-6)
    np.testing.assert_allclose(found.experts_norm / found.dense_norm, [8 / 3, 8 / 3], rtol=1e-6)
    np.testing.assert_allclose(found.cosine, [0, 0])


def test_the_parts_add_up_to_what_was_written():
    trace, scale = random_trace()
    found = metrics.branches(trace, 0)
    np.testing.assert_allclose(found.dense + found.experts, trace["layers.0.feedforward.output"], atol=1e-6)
    # each is its own share of the sum, by the learned scale
    factor = found.dense / trace["layers.0.dense.output"] / scale
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), rtol=1e-4)


def test_numbers_of_three_digits_are_enough():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    trace, _ = random_trace()
    exact = metrics.branches(trace, 0)
    rounded = {name: array.astype(bfloat16).astype(np.float32) for name, array in trace.sites.items()}
    found = metrics.branches(Trace(trace.tokens, trace.model, rounded), 0)
    np.testing.assert_allclose(found.dense, exact.dense, atol=0.05)


def test_an_edited_sum_cannot_be_split():
    trace, _ = random_trace(written=np.ones((20, 16)))
    with pytest.raises(InputError, match="do not add up to what layer 0 wrote"):
        metrics.branches(trace, 0)


def test_a_missing_site_is_named():
    trace, _ = random_trace()
    with pytest.raises(InputError, match=r"layers\.3\.dense\.output"):
        metrics.branches(trace, 3)


def documents(count, larger=1.0, seed=0, shared=0.0, tokens=15, width=8) -> list[Branches]:
    rng = np.random.default_rng(seed)
    return [
        Branches(rng.normal(size=(tokens, width)), larger * rng.normal(size=(tokens, width)) + shared)
        for _ in range(count)
    ]


def test_ratio_by_hand_and_beyond_chance():
    pairs = [Branches(np.array([[3.0, 4], [1, 0]]), np.array([[0.0, 10], [8, 0]]))] * 8
    found = metrics.norm_ratio(pairs)  # ratios 2 and 8
    assert found.value == pytest.approx(4) and found.beyond == 1
    assert found.null.expected == 1
    # of all 256 ways one exchanges every document, and eight all but one: 4^(6/8)
    assert (found.null.low, found.null.high) == pytest.approx((4**-0.75, 4**0.75))
    assert "all 256 ways" in found.null.how


def test_equal_branches_are_within_the_band():
    alarms = [metrics.norm_ratio(documents(12, seed=seed)).beyond != 0 for seed in range(150)]
    assert np.mean(alarms) < 0.05


def test_a_branch_that_is_off_has_no_ratio():
    off = [Branches(np.ones((3, 4)), np.zeros((3, 4)))] * 8
    with pytest.raises(InputError, match="wrote nothing"):
        metrics.norm_ratio(off)
    assert off[0].cosine.tolist() == [0, 0, 0]


def test_too_few_documents_for_a_ratio_or_a_cosine():
    assert str(metrics.norm_ratio(documents(7))).endswith("too few documents for a claim (7; it needs at least 8)")
    few = metrics.branch_cosine(documents(1, tokens=199))
    assert (few.enough, few.sample, few.needed) == (False, 199, 200)


def test_branches_that_agree_and_a_direction_that_all_share():
    rng = np.random.default_rng(0)
    dense = [rng.normal(size=(20, 8)) for _ in range(3)]
    same = metrics.branch_cosine([Branches(each, 2 * each) for each in dense])
    assert same.value == pytest.approx(1) and same.beyond == 1
    constant = [Branches(each + 5, rng.normal(size=(20, 8)) + 5) for each in dense]
    found = metrics.branch_cosine(constant)
    assert found.value > 0.9 and found.even == 0 and found.beyond == 0


def test_the_cosine_by_all_pairs_is_the_one_by_each_draw(monkeypatch):
    parts = documents(3, shared=1.0)
    paired = metrics.branch_cosine(parts, draws=300)
    monkeypatch.setattr(metrics, "PAIRED_UP_TO", 0)
    drawn = metrics.branch_cosine(parts, draws=300)
    for name in ("expected", "low", "high"):
        assert getattr(paired.null, name) == pytest.approx(getattr(drawn.null, name), abs=1e-12)
    assert paired.value == pytest.approx(drawn.value, abs=1e-12)


def test_unrelated_branches_are_within_the_band():
    alarms = [metrics.branch_cosine(documents(3, seed=seed), draws=400).beyond != 0 for seed in range(120)]
    assert np.mean(alarms) < 0.05
