"""Three ways to compute the same sum over experts, their gradients, and the bookkeeping between them."""

import numpy as np
import pytest
from keras import backend, ops

from g4lab.models import experts as forms
from g4lab.models.experts import block_size, dense, grouped, one_by_one, place
from g4lab.runtime import to_numpy
from tests.backends.gradients import gradients
from tests.models.networks import MIXTURE
from tests.models.routings import MORE_ROUTINGS, ROUTINGS

FORMS = pytest.mark.parametrize("form", [grouped, one_by_one], ids=lambda form: form.__name__)
WITH_GRADIENTS = pytest.mark.parametrize("name", ["some more popular than others", "all tokens to one expert"])


def run(form, routing):
    return to_numpy(form(*map(ops.convert_to_tensor, routing)))


def by_hand(routing):
    out = np.zeros_like(routing.tokens)
    for t, x in enumerate(routing.tokens):
        for e, weight in zip(routing.experts[t], routing.weights[t], strict=True):
            gate = x @ routing.gate[e]
            gelu = 0.5 * gate * (1 + np.tanh(np.sqrt(2 / np.pi) * (gate + 0.044715 * gate**3)))
            out[t] += weight * ((gelu * (x @ routing.up[e])) @ routing.down[e])
    return out


@pytest.mark.parametrize("form", [dense, one_by_one, grouped], ids=lambda form: form.__name__)
@pytest.mark.parametrize("routing", ROUTINGS.values(), ids=ROUTINGS)
def test_every_form_gives_the_sum(form, routing):
    np.testing.assert_allclose(run(form, routing), by_hand(routing), atol=2e-5)


@WITH_GRADIENTS
@FORMS
def test_gradients_are_those_of_the_definition(form, name):
    routing = ROUTINGS[name]
    upstream = ops.convert_to_tensor(np.random.default_rng(2).standard_normal(routing.tokens.shape).astype("float32"))

    def loss(form):
        return lambda x, weights, *banks: ops.sum(
            form(x, ops.convert_to_tensor(routing.experts), weights, *banks) * upstream
        )

    arrays = [routing.tokens, routing.weights, *routing[3:]]
    for ours, exact in zip(gradients(loss(form), arrays), gradients(loss(dense), arrays), strict=True):
        np.testing.assert_allclose(ours, exact, atol=1e-4 * max(1, np.abs(exact).max()))


@WITH_GRADIENTS
def test_frozen_experts_pass_the_gradient_on(name):
    routing = ROUTINGS[name]
    upstream = ops.convert_to_tensor(np.random.default_rng(2).standard_normal(routing.tokens.shape).astype("float32"))

    def loss(form, **options):
        experts, *banks = map(ops.convert_to_tensor, (routing.experts, *routing[3:]))
        return lambda x, weights: ops.sum(form(x, experts, weights, *banks, **options) * upstream)

    arrays = [routing.tokens, routing.weights]
    for ours, exact in zip(gradients(loss(grouped, frozen=True), arrays), gradients(loss(dense), arrays), strict=True):
        np.testing.assert_allclose(ours, exact, atol=1e-4 * max(1, np.abs(exact).max()))


def test_experts_that_nobody_chose_get_no_gradient():
    routing = MORE_ROUTINGS["all tokens to the same two"]
    by_gate, by_up, by_down = gradients(
        lambda *banks: ops.sum(grouped(*map(ops.convert_to_tensor, routing[:3]), *banks)),
        [routing.gate, routing.up, routing.down],
    )
    for gradient in (by_gate, by_up, by_down):
        used = np.abs(gradient).sum((1, 2)) > 0
        np.testing.assert_array_equal(used, [False, True, False, False, True])


@FORMS
def test_permuted_tokens_give_permuted_outputs(form):
    routing = ROUTINGS["some more popular than others"]
    order = np.random.default_rng(3).permutation(len(routing.tokens))
    permuted = routing._replace(**{name: getattr(routing, name)[order] for name in ("tokens", "experts", "weights")})
    np.testing.assert_allclose(run(form, permuted), run(form, routing)[order], atol=1e-6)


def test_the_order_of_the_choices_does_not_matter():
    routing = ROUTINGS["some more popular than others"]
    turned = routing._replace(experts=routing.experts[:, ::-1].copy(), weights=routing.weights[:, ::-1].copy())
    np.testing.assert_allclose(run(grouped, turned), run(grouped, routing), atol=1e-5)


def test_bfloat16_adds_up_in_float32():
    routing = ROUTINGS["every expert chosen"]
    low = [ops.cast(array, "bfloat16") for array in (routing.tokens, *routing[3:])]
    out = grouped(low[0], *map(ops.convert_to_tensor, (routing.experts, routing.weights)), *low[1:])
    assert backend.standardize_dtype(out.dtype) == "float32"
    spread = by_hand(routing).std()
    np.testing.assert_allclose(to_numpy(out), by_hand(routing), atol=0.05 * spread)


@pytest.mark.parametrize("routing", MORE_ROUTINGS.values(), ids=MORE_ROUTINGS)
def test_every_pair_has_a_slot_in_a_block_of_its_expert(routing):
    flat, total = routing.experts.reshape(-1), len(routing.gate)
    block = block_size(len(flat), total)
    blocks = len(flat) // block + total
    slot_of_pair, pair_of_slot, expert_of_block, live = (
        to_numpy(x) for x in place(ops.convert_to_tensor(flat), total, block, blocks)
    )
    assert len(set(slot_of_pair)) == len(flat)
    np.testing.assert_array_equal(pair_of_slot[slot_of_pair], np.arange(len(flat)) + 1)
    np.testing.assert_array_equal(expert_of_block[slot_of_pair // block], flat)
    assert (pair_of_slot > 0).sum() == len(flat)
    assert slot_of_pair.max() // block < live <= blocks
    assert live == sum(-(-count // block) for count in np.bincount(flat))


def test_block_sizes():
    assert block_size(8, 128) == 16
    assert block_size(256, 8) == 32
    assert block_size(257, 8) == 64
    assert block_size(10**6, 8) == 128


def test_few_tokens_go_one_by_one(monkeypatch):
    called = []
    for name in ("one_by_one", "grouped"):
        monkeypatch.setattr(forms, name, lambda x, *_, name=name, **__: called.append(name) or x)
    part = forms.Experts(MIXTURE)
    for length in (5, 6):  # 3 choices each: 15 and 18 pairs
        choice = ops.zeros((1, length, MIXTURE.chosen), "int32")
        out = part(ops.ones((1, length, MIXTURE.width)), choice, ops.cast(choice, "float32"))
        assert out.shape == (1, length, MIXTURE.width)
    assert called == ["one_by_one", "grouped"]
