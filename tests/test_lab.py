"""A Lab end to end: a small network with random weights, and a real tokenizer."""

import threading

import numpy as np
import pytest
from keras import ops

import g4lab
from g4lab import runtime
from g4lab.errors import InputError
from g4lab.generation.sampling import Sampling
from g4lab.generation.texts import new_ids
from g4lab.lab import Lab
from g4lab.models.sites import Edit, add
from g4lab.prompt import Prompt
from g4lab.text.parse import Reply
from g4lab.text.tokenizer import Tokenizer
from tests.models.networks import DENSE, MIXTURE, SHARING, forward, network
from tests.text.training import train_json

TEXT = "The quick brown fox jumps over the lazy dog."
MESSAGES = [{"role": "user", "content": "What is the weather in Paris?"}]
GREEDY = {"max_new_tokens": 9, "temperature": 0}
WARM = {"max_new_tokens": 9, "temperature": 2.0, "top_k": 40, "top_p": 0.99}
EXPERTS = MIXTURE.experts
ROUTER = "layers.0.router.logits"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tokenizer")
    train_json(directory / "tokenizer.json")
    return Tokenizer.from_directory(directory)


@pytest.fixture(scope="module")
def lab(tokenizer):
    config = MIXTURE.replace(vocab_size=tokenizer.vocab_size)
    return Lab(network(config), tokenizer, "small", "small, with random weights")


@pytest.fixture(scope="module")
def ids(tokenizer):
    return [tokenizer.bos_id, *tokenizer.encode(TEXT)]


@pytest.fixture(scope="module")
def sharing():
    """Without a tokenizer, with layers that borrow."""
    return Lab(network(SHARING))


@pytest.fixture
def untouched(lab, ids):
    """Whatever a test does, logits and compiled functions are as before, to the last bit."""
    before = lab.logits(ids)
    yield before
    np.testing.assert_array_equal(lab.logits(ids), before)


def greedy(lab, ids, count):
    ids = list(ids)
    for _ in range(count):
        ids.append(int(lab.logits(ids)[0, -1].argmax()))
    return ids[-count:]


def quiet(expert):
    """A bias on a router's logits under which nobody chooses an expert."""
    bias = np.zeros(EXPERTS, np.float32)
    bias[expert] = -1e9
    return bias


# --- reading


def test_logits_are_those_of_the_network(lab, ids):
    expected = forward(lab.network, np.asarray([ids], np.int32))
    for x in (TEXT, ids, [ids]):
        logits = lab.logits(x)
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, expected, atol=2e-5)
    np.testing.assert_allclose(lab.logits([ids, ids])[1:], expected, atol=2e-5)


def test_a_prompt_longer_than_the_window(lab, tokenizer):
    ids = [tokenizer.bos_id, *tokenizer.encode(20 * TEXT)]
    assert len(ids) > 10 * lab.config.window
    long, short = lab.logits(ids), lab.logits(ids[:-1])
    np.testing.assert_allclose(long[:, :-1], short, atol=2e-5)


def test_unequal_rows_have_no_common_array(lab):
    with pytest.raises(InputError, match="differ in length"):
        lab.logits([[3, 4], [5]])


def test_ids_out_of_range(lab):
    with pytest.raises(InputError, match="token id 100000 is outside the vocabulary"):
        lab.logits([3, 100_000])


# --- generating


def test_greedy_text_is_the_likeliest_token_each_time(lab, tokenizer, ids):
    expected = greedy(lab, ids, 9)
    assert not set(expected) & set(lab.stop_ids)
    assert lab.generate(TEXT, **GREEDY) == tokenizer.decode(expected)
    assert lab.generate(TEXT, max_new_tokens=1, temperature=0) == tokenizer.decode(expected[:1])


def test_a_stream_gives_the_same_text(lab):
    for settings in (GREEDY, WARM | {"seed": 5}):
        pieces = list(lab.stream(TEXT, **settings))
        assert len(pieces) > 1 and all(pieces)
        assert "".join(pieces) == lab.generate(TEXT, **settings)


def test_a_seed_is_repeated(lab):
    texts = [lab.generate(TEXT, seed=seed, **WARM) for seed in (1, 1, 2, None, None)]
    assert texts[0] == texts[1]
    assert len(set(texts[1:])) == 4


def test_a_batch_is_read_as_one_by_one(lab):
    prompts = [TEXT, "Paris", "def area(width, height):"]
    assert lab.generate(prompts, **GREEDY) == [lab.generate(prompt, **GREEDY) for prompt in prompts]


def test_it_ends_before_a_stop(lab, tokenizer, ids):
    new = greedy(lab, ids, 9)
    text = tokenizer.decode(new)
    some = next(id for id in new[1:] if id != new[0])
    for stop in (some, [299, some], np.int64(some)):
        assert lab.generate(TEXT, stop=stop, **GREEDY) == tokenizer.decode(new[: new.index(some)])
    end = text[3:5]
    for stop in (end, ["not in there", end]):
        assert lab.generate(TEXT, stop=stop, **GREEDY) == text[: text.index(end)]
        assert "".join(lab.stream(TEXT, stop=stop, **GREEDY)) == text[: text.index(end)]
    assert lab.generate(TEXT, stop=new[0], **GREEDY) == ""


def test_it_ends_at_the_end_of_a_turn(lab, tokenizer):
    assert lab.stop_ids == sorted({1, tokenizer.turn_end_id})
    favourite = np.zeros(lab.config.vocab_size, np.float32)
    favourite[tokenizer.turn_end_id] = 100
    with lab.edit({"logits": Edit(add, favourite)}):
        assert lab.generate(TEXT, **GREEDY) == ""
        reply = lab.chat(MESSAGES, max_new_tokens=9, temperature=0)
    assert (reply.text, reply.usage.generated_tokens) == ("", 0)


def test_chat(lab, tokenizer):
    reply = lab.chat(MESSAGES, max_new_tokens=9, temperature=0)
    assert isinstance(reply, Reply)
    prompt = tokenizer.encode(g4lab.text.render(MESSAGES), control=True)
    assert (reply.usage.prompt_tokens, reply.usage.generated_tokens) == (len(prompt), 9)
    assert reply.text.strip() in tokenizer.decode(greedy(lab, prompt, 9))
    thinking = lab.chat(MESSAGES, thinking=True, max_new_tokens=1)
    assert thinking.usage.prompt_tokens > reply.usage.prompt_tokens


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens is 0"),
        ({"temperature": -1}, "temperature is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"stop": ""}, "cannot stop at"),
        ({"stop": [3.5]}, "cannot stop at"),
    ],
)
def test_settings_that_make_no_sense(lab, settings, message):
    with pytest.raises(InputError, match=message):
        lab.generate(TEXT, **settings)


def test_a_batch_cannot_be_streamed(lab):
    with pytest.raises(InputError, match="a batch cannot be streamed"):
        list(lab.stream([TEXT, TEXT]))


def test_no_tokenizer_no_text(sharing):
    for ask in (sharing.generate, sharing.chat, sharing.logits):
        with pytest.raises(InputError, match="without a tokenizer"):
            ask(TEXT if ask != sharing.chat else MESSAGES)
    with pytest.raises(InputError, match="without a tokenizer"):
        sharing.generate([3, 4])


# --- tracing


@pytest.fixture(scope="module")
def trace(lab):
    return lab.trace(TEXT)


def test_a_trace_holds_the_default_sites(lab, trace, ids):
    length, config = len(ids), lab.config
    assert [token.id for token in trace.tokens] == ids
    assert trace.tokens[0].text == "<bos>" and trace.tokens[0].kind == "control"
    shapes = {name: array.shape for name, array in trace.sites.items()}
    assert shapes.pop("embedding") == (length, config.width)
    assert shapes.pop("next.logits") == (config.vocab_size,)
    for row in lab.plan:
        layer = f"layers.{row.index}"
        assert shapes.pop(f"{layer}.attention.q") == (length, row.heads, row.head_dim)
        assert shapes.pop(f"{layer}.attention.k") == (length, row.kv_heads, row.head_dim)
        assert shapes.pop(f"{layer}.residual") == (length, config.width)
        assert shapes.pop(f"{layer}.router.logits") == (length, EXPERTS)
        assert shapes.pop(f"{layer}.router.probabilities") == (length, EXPERTS)
        assert shapes.pop(f"{layer}.router.experts") == (length, config.chosen)
        assert shapes.pop(f"{layer}.experts.weights") == (length, config.chosen)
    assert shapes == {}


def test_watching_changes_no_logits(lab, trace, untouched):
    np.testing.assert_allclose(trace["next.logits"], untouched[0, -1], atol=1e-5)
    assert trace.next_token(1)[0].id == untouched[0, -1].argmax()


def test_every_site_has_the_value_of_a_plain_run(lab, trace, ids):
    """The residual stream is the sum of what was written to it, and the logits are read from its end."""
    every = lab.trace(TEXT, sites="*")
    x = every["embedding"]
    for row in lab.plan:
        layer = f"layers.{row.index}"
        x = x + every[f"{layer}.attention.output"] + every[f"{layer}.feedforward.output"]
        x = x * float(lab.network.named_variables()[f"{layer}.layer_scalar"].numpy()[0])
        np.testing.assert_allclose(every[f"{layer}.residual"], x, atol=1e-4)
    np.testing.assert_allclose(every["logits"], lab.logits(ids)[0], atol=2e-5)
    for name in trace.sites:
        np.testing.assert_allclose(every[name], trace[name], atol=2e-5, err_msg=name)


def test_attention_and_routing_follow_from_a_trace(lab, trace, ids):
    pattern = trace.attention(0, 3)
    np.testing.assert_allclose(pattern.sum(-1), 1, atol=1e-5)
    seen = np.abs(pattern) > 0
    assert not np.triu(seen, 1).any() and not np.tril(seen, -lab.config.window).any()
    routing = trace.routing(1)
    best = np.argsort(-routing.probabilities, axis=-1)[:, : lab.config.chosen]
    np.testing.assert_array_equal(routing.experts, best)


def test_layers_and_sites_are_chosen(lab):
    chosen = lab.trace(TEXT, sites=["layers.*.residual", "final_norm.output"], layers=[1])
    assert set(chosen.sites) == {"layers.1.residual", "final_norm.output", "next.logits"}
    assert set(lab.trace(TEXT, sites=[]).sites) == {"next.logits"}


def test_a_layer_that_borrows_is_traced_with_its_owners_keys(sharing):
    trace = sharing.trace([3, 4, 5, 6], layers=[3])
    assert {name for name in trace.sites if "attention" in name} == {"layers.1.attention.k", "layers.3.attention.q"}
    np.testing.assert_allclose(trace.attention(3, 0).sum(-1), 1, atol=1e-5)
    assert not any("router" in name for name in trace.sites)
    assert [token.text for token in trace.tokens] == ["#3", "#4", "#5", "#6"]


def test_an_unknown_site_has_a_suggestion(lab, untouched):
    with pytest.raises(InputError) as error:
        lab.trace(TEXT, sites=["layers.0.router.logit"])
    assert "did you mean layers.0.router.logits" in error.value.next


@pytest.mark.parametrize("layers", [[2], [-1], [0, 7]])
def test_an_unknown_layer(lab, layers):
    with pytest.raises(InputError, match="there is no layer"):
        lab.trace(TEXT, layers=layers)


def test_a_trace_is_of_one_sequence(lab):
    with pytest.raises(InputError, match="a trace holds one sequence"):
        lab.trace([TEXT, TEXT])


def test_ids_that_the_tokenizer_lacks_are_shown_as_numbers(tokenizer):
    larger = Lab(network(DENSE.replace(vocab_size=tokenizer.vocab_size + 50)), tokenizer)
    unknown = tokenizer.vocab_size + 7
    favourite = np.zeros(larger.config.vocab_size, np.float32)
    favourite[unknown] = 100
    trace = larger.trace([5, unknown], sites=[], edits={"logits": Edit(add, favourite)})
    assert trace.tokens[1].text == trace.next_token(1)[0].text == f"#{unknown}"


def test_turns_are_segments(lab):
    trace = lab.trace(MESSAGES, sites=[])
    assert [segment.kind for segment in trace.segments] == ["user", "model"]
    assert trace.segments[-1].end == len(trace)


# --- editing


def test_an_edit_changes_the_output_and_leaves_the_model(lab, ids, untouched):
    with lab.edit({"layers.0.experts.weights": lambda x: x * 0}) as same:
        assert same is lab
        assert np.abs(lab.logits(ids) - untouched).max() > 0.1
    np.testing.assert_array_equal(lab.logits(ids), untouched)


def test_an_edit_that_changes_nothing_changes_nothing(lab, ids, untouched):
    with lab.edit({"layers.*.residual": lambda x: x}):
        np.testing.assert_allclose(lab.logits(ids), untouched, atol=1e-5)


def test_the_model_is_untouched_when_the_block_fails(lab, ids, untouched):
    with pytest.raises(KeyError), lab.edit({ROUTER: Edit(add, quiet(0))}):
        raise KeyError
    np.testing.assert_array_equal(lab.logits(ids), untouched)


def test_an_expert_that_is_switched_off_is_never_chosen(lab, trace):
    expert = int(np.bincount(trace[f"{ROUTER[:-6]}experts"].reshape(-1)).argmax())
    edited = lab.trace(TEXT, edits={ROUTER: Edit(add, quiet(expert))})
    assert expert in trace["layers.0.router.experts"]
    assert expert not in edited["layers.0.router.experts"]
    np.testing.assert_array_equal(edited["layers.0.router.probabilities"][:, expert], 0)
    # Nothing before the edit moves, everything after it may.
    np.testing.assert_allclose(edited["layers.0.attention.q"], trace["layers.0.attention.q"], atol=1e-5)
    assert np.abs(edited["layers.1.residual"] - trace["layers.1.residual"]).max() > 1e-3


@pytest.mark.skipif(not runtime.compiles(), reason="this backend compiles nothing")
def test_other_operands_compile_nothing(lab, monkeypatch):
    lab.trace(TEXT, edits={ROUTER: Edit(add, quiet(0))})
    traced = []
    hidden = lab.network.hidden
    monkeypatch.setattr(lab.network, "hidden", lambda *a: traced.append(a) or hidden(*a))
    for expert in range(EXPERTS):
        lab.trace(TEXT, edits={ROUTER: Edit(add, quiet(expert))})
    assert traced == []


def test_edits_reach_generation_and_end_with_the_block(lab):
    before = lab.generate(TEXT, **GREEDY)
    with lab.edit({"layers.*.residual": lambda x: -x}):
        during = lab.generate(TEXT, **GREEDY)
        assert "".join(lab.stream(TEXT, **GREEDY)) == during
    assert during != before
    assert lab.generate(TEXT, **GREEDY) == before


def test_nested_edits_follow_one_another(lab, ids, untouched):
    with lab.edit({"embedding": Edit(add, 1.0)}):
        once = lab.trace(ids)
        with lab.edit({"embedding": Edit(add, 2.0)}):
            both = lab.trace(ids)
        again = lab.trace(ids)
    plain = lab.trace(ids)
    np.testing.assert_allclose(once["embedding"], plain["embedding"] + 1, atol=1e-5)
    np.testing.assert_allclose(both["embedding"], plain["embedding"] + 3, atol=1e-5)
    np.testing.assert_array_equal(again["embedding"], once["embedding"])


def test_a_value_of_another_run_is_put_in_place(lab, ids, untouched):
    """Activation patching: all of the last residual brings all of the other run's output."""
    other = [*ids[:3], 90, *ids[4:]]
    theirs = lab.trace(other, sites=["layers.1.residual"])
    patched = lab.trace(ids, edits={"layers.1.residual": theirs["layers.1.residual"]})
    np.testing.assert_allclose(patched["next.logits"], theirs["next.logits"], atol=1e-5)
    last = lab.trace(ids, edits={"layers.1.residual": theirs["layers.1.residual"][-2:]})
    np.testing.assert_allclose(last["next.logits"], theirs["next.logits"], atol=1e-5)
    constant = lab.trace(ids, edits={"layers.1.residual": np.ones(lab.config.width)})
    np.testing.assert_array_equal(constant["layers.1.residual"], np.ones((len(ids), lab.config.width), np.float32))


def broken(x):
    raise RuntimeError("out of luck")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (broken, "the edit failed: RuntimeError: out of luck"),
        (lambda x: x[..., :2], "the edit changed the shape"),
        (np.ones(5), "the edit failed"),
        (np.ones((3, 9)), "the edit failed"),
    ],
)
def test_a_broken_edit_names_its_site(lab, untouched, edit, message):
    with lab.edit({ROUTER: edit}):
        for run in (lab.logits, lab.trace, lambda x: lab.generate(x, **GREEDY)):
            with pytest.raises(InputError, match=message) as error:
                run(TEXT)
            assert f"site {ROUTER}" in error.value.where


def test_an_edit_of_no_site(lab, untouched):
    with lab.edit({"layers.9.residual": lambda x: x}), pytest.raises(InputError, match="did you mean"):
        lab.logits(TEXT)


def test_an_edit_keeps_the_dtype(lab, ids):
    with lab.edit({"layers.0.router.experts": lambda x: ops.cast(x, "float32") * 0 + 3}):
        assert lab.trace(ids)["layers.0.router.experts"].dtype == np.int32


def test_threads_with_edits_of_their_own(lab, ids):
    alone = [lab.trace(ids, edits={ROUTER: Edit(add, quiet(i))})["next.logits"] for i in range(3)]
    found = {}
    threads = [
        threading.Thread(
            target=lambda i=i: found.update({i: lab.trace(ids, edits={ROUTER: Edit(add, quiet(i))})["next.logits"]})
        )
        for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(3):
        np.testing.assert_array_equal(found[i], alone[i])


# --- loading


def test_an_edit_holds_in_its_own_thread_only(lab, ids, untouched):
    seen = {}
    with lab.edit({ROUTER: Edit(add, np.float32(0.0) + np.eye(EXPERTS, dtype="float32")[0] * 9)}):
        other = threading.Thread(target=lambda: seen.update(other=lab.logits(ids)))
        other.start()
        other.join()
        seen["own"] = lab.logits(ids)
    np.testing.assert_array_equal(seen["other"], untouched)
    assert np.abs(seen["own"] - untouched).max() > 1e-3


def test_a_stream_keeps_the_edits_under_which_it_was_asked_for(lab):
    plain = lab.generate(TEXT, **GREEDY)
    with lab.edit({"layers.*.residual": lambda x: -x}):
        stream, edited = lab.stream(TEXT, **GREEDY), lab.generate(TEXT, **GREEDY)
    assert "".join(stream) == edited != plain


def test_a_stream_refuses_wrong_settings_before_its_first_piece(lab):
    with pytest.raises(InputError, match="max_new_tokens"):
        lab.stream(TEXT, max_new_tokens=0)


def test_the_last_position_ends_a_text(tokenizer):
    config = MIXTURE.replace(vocab_size=tokenizer.vocab_size, max_positions=12)
    short = Lab(network(config), tokenizer)
    ids = [tokenizer.bos_id] * 12
    assert short.logits(ids).shape[1] == 12
    with pytest.raises(InputError, match="13 tokens"):
        short.logits([*ids, 7])
    with pytest.raises(InputError, match="no token can follow"):
        short.generate(ids)
    request = short._request(Prompt([ids[:9]], True), 50, Sampling(0), 0)
    assert sum(len(piece[0]) for piece in new_ids(short._watched, request)) <= 3


def test_float16_is_refused():
    with pytest.raises(InputError, match="some sizes overflow"):
        g4lab.load("tiny-moe", dtype="float16")
    with pytest.raises(InputError, match="'int8' cannot be used"):
        g4lab.load("tiny-moe", dtype="int8")


def test_it_says_what_it_is(lab, sharing):
    assert repr(lab) == "Lab(small: small, with random weights, 2 layers, float32)"
    assert (sharing.name, sharing.label, sharing.tokenizer) == ("sharing", "sharing", None)


def test_an_unknown_format(lab, tmp_path):
    with pytest.raises(InputError, match="format 'gguf' is unknown"):
        lab.save(tmp_path, format="gguf")
