"""A model reads media: padding changes nothing, each medium counts, and traces hold what it saw and heard."""

import numpy as np
import pytest

from g4lab import Trace, runtime
from g4lab.encoded import encode
from g4lab.errors import InputError
from g4lab.prompt import read
from tests.models.seeing import film, lab, picture, sound

pytestmark = pytest.mark.slow


def asked(*parts):
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What is it?"}]}]


def one_of(kind, seed=0):
    make = {"image": picture, "audio": lambda s: sound(0.5, s), "video": lambda s: film(3, s)}[kind]
    return {"type": kind, kind: make(seed)}


EVERYTHING = asked(one_of("image"), one_of("audio"), one_of("video"))


def test_soft_tokens_are_those_of_the_encoder_unpadded():
    prompt = read(EVERYTHING, lab().tokenizer, lab().config)
    encoded, _ = encode(lab()._watched, prompt)
    network, found = lab().network, []
    image, sound_, film_ = prompt.media
    for frame in (image, *film_.frames):
        media = {"image": {"pixels": frame.pixels[None], "positions": frame.positions[None]}}
        found.append(runtime.to_numpy(network.soft_tokens(media)))
    found.append(
        runtime.to_numpy(network.soft_tokens({"audio": {"mel": sound_.mel[None], "valid": sound_.valid[None]}}))
    )
    exact = np.concatenate(found)
    assert encoded.counts == {"image": len(found[0]), "video": 3 * len(found[1]), "audio": len(found[-1])}
    np.testing.assert_allclose(encoded.vectors[: len(exact)], exact, atol=2e-5 * np.abs(exact).max())


def test_they_reach_the_text_model_in_their_places():
    prompt = read(EVERYTHING, lab().tokenizer, lab().config)
    encoded, _ = encode(lab()._watched, prompt)
    trace = lab().trace(EVERYTHING, sites=["embedding"])
    first = 0
    for kind in ("image", "video", "audio"):
        there = [i for i, token in enumerate(trace.tokens) if token.kind == kind]
        np.testing.assert_allclose(
            trace["embedding"][there], encoded.vectors[first : first + len(there)], rtol=1e-6, atol=1e-6
        )
        first += len(there)


@pytest.mark.parametrize("kind", ["image", "audio", "video"])
def test_another_medium_gives_other_scores(kind):
    scores = [lab().logits(asked(one_of(kind, seed)))[0, -1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-3


@pytest.mark.parametrize("name", ["tiny-e", "tiny-moe"])
def test_generation_goes_on_from_the_scores(name):
    model = lab(name)
    text = model.generate(EVERYTHING, temperature=0, max_new_tokens=4)
    prompt = read(EVERYTHING, model.tokenizer, model.config)
    ids = list(prompt.rows[0])
    for _ in range(4):
        best = int(
            model.logits(ids, images=prompt.of("image"), audio=prompt.of("audio"), video=prompt.of("video"))[
                0, -1
            ].argmax()
        )
        if best in model.stop_ids:
            break
        ids.append(best)
    assert text == model.tokenizer.decode(ids[len(prompt.rows[0]) :])


def test_the_trace_holds_what_was_seen_and_heard(tmp_path):
    trace = lab().trace(
        EVERYTHING, sites=["image.*.soft_tokens", "audio.0.layers.*.attention.q", "video.0.soft_tokens"]
    )
    image, sound_, film_ = read(EVERYTHING, lab().tokenizer, lab().config).media
    np.testing.assert_array_equal(trace["image.0.pixels"], image.picture())
    np.testing.assert_array_equal(trace["audio.0.waveform"], sound_.waveform)
    np.testing.assert_array_equal(trace["audio.0.mel"], sound_.mel)
    assert trace["video.0.pixels"].shape == (3, 96, 96, 3) and trace["video.0.seconds"].shape == (3,)
    assert trace["image.0.soft_tokens"].shape == (image.soft_tokens, lab().config.width)
    assert trace["video.0.soft_tokens"].shape == (3, film_.soft_tokens, lab().config.width)
    assert trace["audio.0.layers.1.attention.q"].shape[0] == sound_.soft_tokens
    runs = [(s.kind, s.end - s.start) for s in trace.segments if s.kind in ("image", "audio", "video")]
    assert runs == [("image", image.soft_tokens), ("audio", sound_.soft_tokens), *[("video", film_.soft_tokens)] * 3]
    trace.save(tmp_path / "t.npz")
    again = Trace.load(tmp_path / "t.npz")
    assert again.segments == trace.segments and set(again.sites) == set(trace.sites)


def test_attention_of_the_encoder_is_a_site():
    trace = lab().trace(asked(one_of("image")), sites=["image.0.layers.*.attention.weights"])
    patches = len(trace["image.0.pixels"]) * trace["image.0.pixels"].shape[1] // 256
    for layer in (0, 1):
        weights = trace[f"image.0.layers.{layer}.attention.weights"]
        assert weights.shape == (patches, 2, patches)
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)


def test_soft_tokens_can_be_edited_one_medium_at_a_time():
    messages = asked(one_of("image", 0), one_of("image", 1))
    plain = lab().trace(messages, sites=["embedding"])
    with lab().edit({"image.1.soft_tokens": lambda x: x * 0}):
        changed = lab().trace(messages, sites=["embedding"])
    first, second = (s for s in plain.segments if s.kind == "image")
    np.testing.assert_array_equal(
        changed["embedding"][first.start : first.end], plain["embedding"][first.start : first.end]
    )
    assert not changed["embedding"][second.start : second.end].any()
    assert plain["embedding"][second.start : second.end].any()


@pytest.mark.parametrize(
    "pattern", ["image.1.soft_tokens", "audio.0.output", "video.*.soft_tokens", "image.soft_tokens", "image"]
)
def test_a_medium_that_is_not_there_is_an_error_to_record_and_to_edit(pattern):
    messages = asked(one_of("image"))
    with pytest.raises(InputError, match="a prompt with image.0"):
        lab().trace(messages, sites=[pattern])
    with lab().edit({pattern: lambda x: x * 0}), pytest.raises(InputError, match="no medium"):
        lab().generate(messages, max_new_tokens=1)
    with lab().edit({pattern: lambda x: x * 0}), pytest.raises(InputError, match="with no media"):
        lab().logits("only text")


def test_a_site_of_an_encoder_that_does_not_exist():
    with pytest.raises(InputError, match="nothing"):
        lab().trace(asked(one_of("image")), sites=["image.0.nothing"])


def test_a_long_film_is_encoded_in_parts():
    long = asked({"type": "video", "video": film(10)})
    short = asked({"type": "video", "video": film(3)})
    frames = [lab().trace(x, sites=["video.0.soft_tokens"])["video.0.soft_tokens"] for x in (long, short)]
    assert frames[0].shape[0] == 10
    np.testing.assert_allclose(frames[0][0], frames[1][0], atol=1e-4)
