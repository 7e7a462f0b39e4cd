"""The solutions compute what the models compute, so an answer that passes is what Gemma 4 does."""

import numpy as np
import pytest

from g4lab.checkpoints.resolve import open_source
from g4lab.config import PRESETS, preset
from g4lab.course import merge_ranks
from g4lab.course.ch01 import solutions as ch01
from g4lab.course.ch02 import solutions as ch02
from g4lab.course.ch03 import solutions as ch03
from g4lab.course.ch04 import solutions as ch04
from g4lab.course.ch05 import solutions as ch05
from g4lab.course.ch06 import solutions as ch06
from g4lab.course.ch07 import checks as ch07_checks
from g4lab.course.ch07 import solutions as ch07
from g4lab.media import expand_parts, read_audio, read_image, read_video
from g4lab.media.mel import SHORTEST, log_mel
from g4lab.media.sizes import BUDGETS, fitted
from g4lab.models.plan import parameter_counts, plan
from g4lab.text.controls import IMAGE
from g4lab.tracing.attention import visible_keys
from g4lab.tracing.routing import chance_unused

rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def tokenizer():
    return open_source("tiny-moe").open_tokenizer()


@pytest.mark.parametrize("text", ["Once there was a little dog", "unbelievable", "37+50=87", "def add(a, b):"])
def test_tokens(tokenizer, text):
    pieces = ch01.encode(text.replace(" ", "\u2581"), merge_ranks(tokenizer))
    assert [piece.replace("\u2581", " ") for piece in pieces] == tokenizer.pieces(tokenizer.encode(text))


@pytest.mark.parametrize("name", PRESETS)
def test_parameters(name):
    config, counts = preset(name), parameter_counts(preset(name))
    assert ch02.table_parameters(config) == (counts["token embedding"], counts.get("PLE table", 0))
    layers = sum(ch02.layer_parameters(row, config.width) for row in plan(config))
    assert layers == counts["attention"] + counts["dense MLP"]


def test_embedding_and_ple():
    from g4lab import runtime
    from g4lab.course import load

    lab = load("random-e")
    ids = np.array([[5, 9, 300]])
    weights = {name: runtime.to_numpy(variable.value) for name, variable in lab.network.named_variables().items()}
    x = runtime.to_numpy(lab.network.embed(ids))
    np.testing.assert_allclose(ch02.embed(weights["embed.table"], ids[0]), x[0], rtol=1e-5)

    shape = (3, lab.config.layers, lab.config.ple_dim)
    context = (x[0] @ weights["ple.projection.kernel"] * lab.config.width**-0.5).reshape(shape)
    context = context / np.sqrt((context**2).mean(-1, keepdims=True) + lab.config.norm_eps)
    token = weights["ple.table"][ids[0]].reshape(shape)
    wanted = runtime.to_numpy(lab.network.ple(ids, x))[0]
    np.testing.assert_allclose(ch02.combine(token, context), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("fraction", [0.25, 0.5, 1.0])
def test_positions(fraction):
    from g4lab import runtime
    from g4lab.models.frequencies import inverse_frequencies
    from g4lab.models.rope import angles, rotate

    x, position = rng.normal(size=16).astype("float32"), 11
    turns = angles(np.array([[position]]), inverse_frequencies(16, 10_000.0, int(fraction * 8)))
    wanted = runtime.to_numpy(rotate(x[None, None, None], *turns))[0, 0, 0]
    np.testing.assert_allclose(ch03.p_rope(x, position, 10_000.0, fraction), wanted, atol=1e-5)
    if fraction == 1:
        np.testing.assert_allclose(ch03.rope(x, position, 10_000.0), wanted, atol=1e-5)


def test_masks():
    np.testing.assert_array_equal(ch04.causal(9), visible_keys(9, None))
    np.testing.assert_array_equal(ch04.sliding(9, 4), visible_keys(9, 4))
    spans = [(1, 4), (5, 9)]
    np.testing.assert_array_equal(ch04.with_pictures(9, 2, spans), visible_keys(9, 2, spans))


@pytest.mark.parametrize("name", PRESETS)
def test_owners(name):
    config = preset(name)
    assert ch04.owners(config.kinds, config.shared_layers) == [row.owner for row in plan(config)]


def test_experts():
    from keras import ops

    from g4lab import runtime
    from g4lab.models.experts import dense

    logits, x = rng.normal(size=(6, 5)).astype("float32"), rng.normal(size=(6, 4)).astype("float32")
    gate, up = rng.normal(size=(2, 5, 4, 3)).astype("float32")
    down = rng.normal(size=(5, 3, 4)).astype("float32")
    experts, weights = ch05.route(logits, 2)
    weights = ch05.scaled(experts, weights, 1 + rng.random(5))

    def gelu(z):
        return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))

    def expert(e, row):
        return (gelu(row @ gate[e]) * (row @ up[e])) @ down[e]

    got = ch05.feedforward(x, np.zeros_like, expert, experts, weights)
    arguments = (x, experts.astype("int32"), weights.astype("float32"), gate, up, down)
    wanted = runtime.to_numpy(dense(*map(ops.convert_to_tensor, arguments)))
    np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def test_chance():
    assert ch05.unused_by_chance(20, 128, 8) == chance_unused(20, 128, 8)


def test_sizes_of_pictures():
    for height, width in rng.integers(1, 5000, (400, 2)).tolist():
        for budget in (1, 2, 25, *BUDGETS):
            assert ch06.resized(height, width, budget) == fitted(height, width, budget), (height, width, budget)
    for strip in ((1, 4999), (4999, 1), (3, 840), (280, 1), (1, 281)):
        assert ch06.resized(*strip, 280) == fitted(*strip, 280)


def test_soft_tokens_of_a_picture():
    from g4lab import runtime
    from g4lab.models.pooling import pooled

    seen = read_image(rng.integers(0, 256, (90, 200, 3), np.uint8), 12)
    token = ch06.soft_token_of(*seen.positions.T, seen.grid[1])
    for u in range(seen.soft_tokens):
        left, top, right, bottom = seen.box(u)
        x, y = seen.positions[token == u].T * 16
        assert (x.min(), y.min(), x.max() + 16, y.max() + 16) == (left, top, right, bottom)
    x = rng.normal(size=(len(token) + 9, 5)).astype("float32")
    positions = np.concatenate([seen.positions, np.full((9, 2), -1, np.int32)])
    wanted = runtime.to_numpy(pooled(x[None], positions[None], 3))[0]
    np.testing.assert_allclose(ch06.mean_pool(x, positions), wanted[: seen.soft_tokens], atol=1e-5)
    assert not wanted[seen.soft_tokens :].any()


def test_slots():
    wide, tall = (read_image(np.zeros((*shape, 3), np.uint8), 6) for shape in ((50, 150), (150, 50)))
    wanted = expand_parts(["What", IMAGE, " is", IMAGE], [wide, tall])
    got = ch06.with_slots(["What", "<|image|>", " is", "<|image|>"], [wide.soft_tokens, tall.soft_tokens])
    assert got == [str(part) for part in wanted]


@pytest.mark.parametrize("samples", [SHORTEST, 320, 321, 800, 801, 5000, 16_000])
def test_sound(samples):
    sound = rng.normal(size=samples).astype("float32") / 10
    wanted, valid = log_mel(sound)
    frames = ch07.framed(sound)
    assert len(frames) == valid.sum()
    np.testing.assert_allclose(ch07.log_mel(frames, ch07_checks.POINTS), wanted[valid], atol=1e-4)
    assert ch07.sound_tokens(samples) == read_audio(sound, 16_000).soft_tokens


@pytest.mark.parametrize(("total", "fps", "most"), [(6, 2.0, 32), (33, 1.0, 32), (500, 7.0, 32), (1500, 12.5, 5)])
def test_films(total, fps, most):
    film = read_video(np.zeros((total, 4, 4, 3), np.uint8), fps, frames=most, budget=1)
    assert ch07.looked_at(total, fps, most) == list(zip(film.indices, film.timestamps, strict=True))
