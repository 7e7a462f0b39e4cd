"""Several ways to compute the same sum over experts, their gradients, and the bookkeeping between them."""

import numpy as np
import pytest
from keras import backend, ops

from g4lab.errors import InputError
from g4lab.models import experts as forms
from g4lab.models.experts import block_size, dense, one_by_one, place, spread
from g4lab.models.sites import Tap, watching
from g4lab.runtime import to_numpy
from tests.backends.gradients import gradients
from tests.models.networks import MIXTURE
from tests.models.routings import MORE_ROUTINGS, ROUTINGS, by_banks, by_blocks

FORMS = pytest.mark.parametrize("form", [by_blocks, by_banks, one_by_one], ids=lambda form: form.__name__)
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


@pytest.mark.parametrize("form", [dense, one_by_one, by_blocks, by_banks], ids=lambda form: form.__name__)
@pytest.mark.parametrize("routing", ROUTINGS.values(), ids=ROUTINGS)
def test_every_form_gives_the_sum(form, routing):
    np.testing.assert_allclose(run(form, routing), by_hand(routing), atol=2e-5)


@WITH_GRADIENTS
@pytest.mark.parametrize("form", [by_blocks, one_by_one], ids=lambda form: form.__name__)
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
    for ours, exact in zip(
        gradients(loss(by_blocks, frozen=True), arrays), gradients(loss(dense), arrays), strict=True
    ):
        np.testing.assert_allclose(ours, exact, atol=1e-4 * max(1, np.abs(exact).max()))


def test_experts_that_nobody_chose_get_no_gradient():
    routing = MORE_ROUTINGS["all tokens to the same two"]
    by_gate, by_up, by_down = gradients(
        lambda *banks: ops.sum(by_blocks(*map(ops.convert_to_tensor, routing[:3]), *banks)),
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
    np.testing.assert_allclose(run(by_blocks, turned), run(by_blocks, routing), atol=1e-5)


def test_bfloat16_adds_up_in_float32():
    routing = ROUTINGS["every expert chosen"]
    low = [ops.cast(array, "bfloat16") for array in (routing.tokens, *routing[3:])]
    out = by_blocks(low[0], *map(ops.convert_to_tensor, (routing.experts, routing.weights)), *low[1:])
    assert backend.standardize_dtype(out.dtype) == "float32"
    spread = by_hand(routing).std()
    np.testing.assert_allclose(to_numpy(out), by_hand(routing), atol=0.05 * spread)


@pytest.mark.parametrize("routing", MORE_ROUTINGS.values(), ids=MORE_ROUTINGS)
def test_every_pair_has_a_slot_in_a_block_of_its_expert(routing):
    flat, total = routing.experts.reshape(-1), len(routing.gate)
    block = block_size(len(flat), total)
    blocks = len(flat) // block + total
    placed = place(ops.convert_to_tensor(flat), total, block, blocks)
    order, slot, pair, expert_of_block, live = (to_numpy(x) for x in placed)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(flat)))
    assert len(set(slot)) == len(flat)
    np.testing.assert_array_equal(expert_of_block[slot // block], flat[order])
    assert slot.max() // block < live <= blocks
    assert live == sum(-(-count // block) for count in np.bincount(flat))
    # the other way round: each slot knows its pair, and that it has none
    expected = np.full(blocks * block, len(flat))
    expected[slot] = np.arange(len(flat))
    np.testing.assert_array_equal(pair.reshape(-1), expected)


def test_slots_without_a_pair_hold_zeros():
    tokens, order = np.arange(1, 7, dtype="float32").reshape(3, 2), np.int32([2, 0, 5, 3, 1, 4])  # two choices each
    pair = np.int32([[0, 1, 6, 6], [2, 6, 3, 6]])
    found = spread(*(ops.convert_to_tensor(x) for x in (tokens, order, pair)))
    np.testing.assert_array_equal(to_numpy(found), [[[3, 4], [1, 2], [0, 0], [0, 0]], [[5, 6], [0, 0], [3, 4], [0, 0]]])


def test_block_sizes():
    assert block_size(8, 128) == 16
    assert block_size(256, 8) == 32
    assert block_size(257, 8) == 64
    assert block_size(10**6, 8) == 128


def test_few_tokens_go_one_by_one(monkeypatch):
    called = []
    for name, shape in (("one_by_one", (MIXTURE.width,)), ("many", (MIXTURE.chosen, MIXTURE.width))):
        monkeypatch.setattr(forms, name, lambda x, *_, n=name, s=shape: called.append(n) or ops.zeros((len(x), *s)))
    part = forms.Experts(MIXTURE)
    for length in (5, 6):  # 3 choices each: 15 and 18 pairs
        choice = ops.zeros((1, length, MIXTURE.chosen), "int32")
        out = part(ops.ones((1, length, MIXTURE.width)), choice, ops.cast(choice, "float32"), "layers.0")
        assert out.shape == (1, length, MIXTURE.width)
    assert called == ["one_by_one", "many"]


@pytest.fixture(scope="module")
def part():
    made = forms.Experts(MIXTURE)
    rng = np.random.default_rng(3)
    for bank in (made.gate, made.up, made.down):
        bank.kernel.assign(rng.standard_normal(bank.kernel.shape).astype("float32") / 4)
    return made


@pytest.fixture(params=[2, 9], ids=["few tokens", "many tokens"])
def read(request, part):
    """What the part reads: x, experts, weights, for as few tokens as go one by one and for more."""
    rng, length = np.random.default_rng(request.param), request.param
    x = rng.standard_normal((2, length, MIXTURE.width)).astype("float32")
    experts = np.argsort(rng.random((2, length, MIXTURE.experts)), -1)[..., : MIXTURE.chosen].astype("int32")
    return [ops.convert_to_tensor(each) for each in (x, experts, rng.random(experts.shape).astype("float32"))]


def test_terms_are_each_experts_part_of_the_sum(part, read):
    x, experts, weights = map(to_numpy, read)
    with watching(Tap(record=["layers.0.experts.terms"])) as tap:
        out = part(*read, "layers.0")
    terms = to_numpy(tap.values["layers.0.experts.terms"])
    assert terms.shape == (*experts.shape, MIXTURE.width)
    np.testing.assert_allclose(terms.sum(2), to_numpy(out), atol=1e-5)
    for c in range(MIXTURE.chosen):
        alone = part(read[0], read[1][..., c : c + 1], read[2][..., c : c + 1], "layers.0")
        np.testing.assert_allclose(terms[:, :, c], to_numpy(alone), atol=1e-5)


def test_watching_terms_or_not_gives_the_same_sum(part, read):
    unwatched = to_numpy(part(*read, "layers.0"))
    with watching(Tap(record=["layers.1.*", "layers.0.experts.weights"])) as tap:
        np.testing.assert_array_equal(to_numpy(part(*read, "layers.0")), unwatched)
    assert tap.values == {}
    with watching(Tap(record=["*"])):
        np.testing.assert_allclose(to_numpy(part(*read, "layers.0")), unwatched, atol=1e-5)


def test_an_edited_term_is_what_is_added_up(part, read):
    kept = ops.convert_to_tensor(np.array([1.0] * (MIXTURE.chosen - 1) + [0.0], np.float32)[:, None])
    with watching(Tap(edits=[("layers.0.experts.terms", lambda terms: terms * kept)])):
        out = to_numpy(part(*read, "layers.0"))
    without = part(read[0], read[1][..., :-1], read[2][..., :-1], "layers.0")
    np.testing.assert_allclose(out, to_numpy(without), atol=1e-5)


def test_a_misspelled_term_is_suggested(part, read):
    with watching(Tap(record=["layers.0.experts.term"])) as tap:
        part(*read, "layers.0")
    with pytest.raises(InputError, match=r"did you mean layers\.0\.experts\.terms\?"):
        tap.check()


@pytest.mark.parametrize(
    ("loads", "little", "chosen"),
    [
        ((4, 4, 4, 4), 0, "batched"),  # even: as many places as pairs
        ((16, 0, 0, 0), 0, "batched"),  # all to one of four: four times as many places, no more than SPARE allows
        ((16, 0, 0, 0, 0), 0, "grouped"),  # all to one of five: five times as many
        ((16, 0, 0, 0, 0), 1 << 30, "batched"),  # wasteful, but of little work
    ],
)
def test_the_form_is_chosen_by_places_and_work(monkeypatch, loads, little, chosen):
    """Stand-ins for both forms say which was taken; what each computes is tested above."""
    count = sum(loads)
    experts = np.repeat(np.arange(len(loads)), loads)[:, None].astype("int32")
    banks = [np.zeros((len(loads), *shape), "float32") for shape in ((2, 3), (2, 3), (3, 2))]
    arguments = [np.zeros((count, 2), "float32"), experts, np.ones((count, 1), "float32"), *banks]
    monkeypatch.setattr(forms, "shapes_may_follow_data", lambda: True)
    monkeypatch.setattr(forms, "LITTLE_WORK", little)
    for value, name in enumerate(("grouped", "batched")):
        monkeypatch.setattr(forms, name, lambda *_, value=value: value * ops.ones((count, 1, 2), "float32"))
    found = to_numpy(forms.many(*map(ops.convert_to_tensor, arguments)))
    assert (found == ("grouped", "batched").index(chosen)).all()
