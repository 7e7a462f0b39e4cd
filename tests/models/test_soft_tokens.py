"""Soft tokens among text: where they stand, what replaces their ids, who sees whom, with a cache and without."""

from functools import cache

import numpy as np
import pytest
from keras import ops

from g4lab import runtime
from g4lab.errors import InputError
from g4lab.models import cache as caches
from g4lab.models.embeddings import SoftTokens
from g4lab.models.masks import visible
from g4lab.models.memory import CallMemory
from g4lab.models.placing import arranged, picture_ends
from g4lab.models.watched import Watched
from g4lab.runtime import to_numpy
from g4lab.tracing.attention import visible_keys
from tests.models.media import SEES_AND_HEARS, SEES_BOTH_WAYS, batch, media, network, prompt
from tests.models.networks import forward

# Few layers, which are quick to compile; one of each kind that borrows, where some borrow.
FEW = {"kinds": ("local", "global", "local", "global")}


@pytest.fixture(scope="module", params=[SEES_AND_HEARS, SEES_BOTH_WAYS], ids=lambda config: config.name)
def net(request):
    config = request.param
    return network(config.replace(**FEW, shared_layers=2 if config.shared_layers else 0))


@cache
def run(net):
    """Everything compiled once: logits from a batch, soft tokens from media, the stream from tokens and soft tokens."""
    of_batch = runtime.compile(net, net)
    encode = runtime.compile(net.soft_tokens, net)
    hidden = runtime.compile(lambda tokens, positions, soft: net.hidden(tokens, positions, soft=soft), net)
    return of_batch, encode, hidden


def soft_of(net, given) -> SoftTokens:
    return SoftTokens(run(net)[1](given["media"]), given["places"], given["ends"])


def logits(net, given) -> np.ndarray:
    return to_numpy(run(net)[0](given))


def hidden(net, tokens, positions, soft) -> np.ndarray:
    return to_numpy(run(net)[2](tokens, positions, soft))


def test_soft_tokens_stand_in_order_and_unscaled(net):
    given = batch(net.text)
    soft, watched = soft_of(net, given), Watched(net)
    arrays = given["tokens"], given["positions"], soft
    arrays = given["tokens"], given["positions"], soft
    _, sites = watched.run("x", lambda *of: net.hidden(of[0], of[1], soft=of[2]), *arrays, record=["embedding"])
    embedded, vectors = to_numpy(sites["embedding"]), to_numpy(soft.vectors)
    # Pictures have 7 rows of soft tokens each: the first fills 6 of them, the second 1, the third 3.
    np.testing.assert_array_equal(embedded[0, :6], vectors[:6])
    np.testing.assert_array_equal(embedded[1, 2], vectors[7])
    np.testing.assert_array_equal(embedded[1, 4:7], vectors[14:17])
    table = to_numpy(net.embed.table.value)
    np.testing.assert_allclose(embedded[0, 6], table[given["tokens"][0, 6]] * net.text.width**0.5, rtol=1e-6)


def test_placing_by_hand():
    config = SEES_AND_HEARS
    i, v, a = config.image_id, config.video_id, config.audio_id
    tokens = np.array([[5, a, a, i], [v, v, i, 7]], np.int32)
    positions = np.array([[0, 1, 2, 3], [-1, 0, 1, 2]], np.int32)

    def pictures(*counts):
        filled = [[[0, 0]] * 9 * n + [[-1, -1]] * 9 * (3 - n) for n in counts]
        return {"positions": np.array(filled, np.int32)}

    sounds = {"valid": np.arange(12)[None] < 5}  # 5 of 12 frames: 2 of 3 soft tokens
    places, ends = arranged(tokens, positions, {"image": pictures(1, 1), "video": pictures(2), "audio": sounds}, config)
    # rows: pictures 0-2 and 3-5, the frame 6-8, the sound 9-11
    np.testing.assert_array_equal(places, [[-1, 9, 10, 0], [6, 7, 3, -1]])
    np.testing.assert_array_equal(ends, [[0, 1, 2, 3], [1, 1, 1, 2]])


def test_a_run_of_placeholders_ends_where_text_goes_on():
    config = SEES_AND_HEARS
    tokens = np.array([[1, config.image_id, config.image_id, 1, config.image_id, config.audio_id, config.audio_id]])
    np.testing.assert_array_equal(picture_ends(tokens, np.arange(7)[None], config), [[0, 2, 2, 3, 4, 5, 6]])


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda tokens, seen: seen.pop("audio"), "room for 18 soft tokens of audio, and there are 0"),
        (lambda tokens, seen: tokens.__setitem__((0, 0), 5), "room for 9 soft tokens of image, and there are 10"),
        (lambda tokens, seen: tokens.__setitem__((0, 8), 291), "room for 9 soft tokens of video, and there are 8"),
    ],
)
def test_placeholders_and_media_must_agree(change, what):
    tokens, seen = prompt(SEES_AND_HEARS), media(SEES_AND_HEARS)
    change(tokens, seen)
    with pytest.raises(InputError, match=what):
        arranged(tokens, np.zeros_like(tokens), seen, SEES_AND_HEARS)


def test_the_embedding_of_a_placeholder_is_never_read(net):
    given, before = batch(net.text), None
    for id in (net.text.image_id, 100_000):  # outside the vocabulary too, and in PLE
        tokens = np.where(given["places"] >= 0, id, given["tokens"])
        after = logits(net, given | {"tokens": tokens})
        before = after if before is None else before
        np.testing.assert_array_equal(after, before)


def test_every_medium_reaches_what_follows_it(net):
    given = batch(net.text)
    before = logits(net, given)
    for kind, medium in given["media"].items():
        name = "mel" if kind == "audio" else "pixels"
        changed = given["media"] | {kind: medium | {name: medium[name][::-1]}}
        after = logits(net, given | {"media": changed})
        # the last text token of the second row stands after all of them
        assert np.abs(after - before)[1, -1].max() > 1e-4, kind


@pytest.mark.parametrize("window", [2, 5, 8])
def test_pictures_both_ways_by_hand(window):
    config = SEES_BOTH_WAYS
    tokens = np.full((1, 12), 5)
    tokens[0, [1, 2, 3, 6, 7, 8, 9, 10]] = config.image_id
    positions = np.arange(12, dtype=np.int32)[None]
    ends = picture_ends(tokens, positions, config)
    expected = visible_keys(12, window, [(1, 4), (6, 11)])
    np.testing.assert_array_equal(to_numpy(visible(positions, positions, window, ends))[0], expected)
    # left padding moves nothing
    padded = np.concatenate([np.full((1, 3), -1, np.int32), positions], axis=1)
    ends = picture_ends(np.concatenate([np.zeros((1, 3), int), tokens], axis=1), padded, config)
    found = to_numpy(visible(ops.convert_to_tensor(padded), ops.convert_to_tensor(padded), window, ends))
    np.testing.assert_array_equal(found[0, 3:, 3:], expected)
    assert not found[0, :, :3].any()


def test_a_picture_changes_its_own_earlier_tokens_only_where_it_is_read_both_ways(net):
    given = batch(net.text)
    tokens, positions, soft = given["tokens"], given["positions"], soft_of(net, given)
    before = hidden(net, tokens, positions, soft)
    vectors = to_numpy(soft.vectors).copy()
    vectors[5] += 1  # the last soft token of the first picture
    after = hidden(net, tokens, positions, soft._replace(vectors=vectors))
    moved = np.abs(after - before)[0].max(-1) > 1e-6
    assert moved[:5].any() == net.text.bidirectional_images
    assert moved[5:].all()


def test_reading_a_prompt_into_a_cache_and_going_on_is_the_same(net):
    given, config = batch(net.text), net.text
    soft = soft_of(net, given)
    more = np.array([[7, 8, 9], [4, 5, 6]], np.int32)
    length = given["tokens"].shape[1]
    whole = np.concatenate([given["tokens"], more], axis=1)
    positions = np.broadcast_to(np.arange(length + 3, dtype=np.int32), whole.shape)
    padding = np.full(more.shape, -1, np.int32)
    longer = soft._replace(
        places=np.concatenate([soft.places, padding], axis=1),
        ends=np.concatenate([soft.ends, positions[:, length:]], axis=1),
    )
    expected = hidden(net, whole, positions, longer)

    def read(tokens, positions, soft):
        memory = CallMemory(positions)
        return net.hidden(tokens, positions, memory, soft), caches.after_prompt(config, memory, positions, length + 3)

    def step(tokens, positions, state):
        memory = caches.Cache(state, positions)
        return net.hidden(tokens, positions, memory), memory.state

    found, state = runtime.compile(read, net)(given["tokens"], positions[:, :length], soft)
    np.testing.assert_allclose(to_numpy(found), expected[:, :length], atol=1e-4)
    step = runtime.compile(step, net)
    for t in range(length, length + 3):
        found, state = step(whole[:, t : t + 1], positions[:, t : t + 1], state)
        np.testing.assert_allclose(to_numpy(found)[:, 0], expected[:, t], atol=1e-4)


def test_text_alone_knows_nothing_of_encoders(net):
    ids = np.random.default_rng(0).integers(3, 280, (2, 9)).astype("int32")
    text = network(net.text.replace(vision=None, audio=None))
    np.testing.assert_array_equal(forward(net, ids), forward(text, ids))
    assert [v.path.split("/")[-1] for v in net.text_variables] == [v.path.split("/")[-1] for v in text.variables]
    assert len(net.text_variables) < len(net.variables)


@pytest.mark.skipif(runtime.backend() != "jax", reason="JAX hands variables over at every call")
def test_a_compiled_text_function_takes_no_variables_of_encoders(net, monkeypatch):
    given = []
    compiled = runtime.compile
    monkeypatch.setattr(
        runtime, "compile", lambda fn, variables, **how: given.append(variables) or compiled(fn, variables, **how)
    )
    watched = Watched(net)
    watched.run("text", net.hidden, np.array([[3, 4]], np.int32))
    watched.encode("image", media(net.text)["image"])
    assert [len(variables) for variables in given] == [len(net.text_variables), len(net.vision.variables)]
