"""Pictures, sounds, films and mixed prompts against transformers' Gemma 4 processors.

Its pictures are compared with the Pillow form of its processor. The other form needs torchvision, whose resize is
PyTorch's own: that is asked directly. The text side is its `Gemma4Processor` itself, built from the embedded tokenizer.
"""

from __future__ import annotations

from importlib.resources import files
from types import SimpleNamespace

import numpy as np
import pytest
import soxr
import torch
from PIL import Image
from transformers import Gemma4AudioFeatureExtractor, Gemma4ImageProcessorPil, PreTrainedTokenizerFast
from transformers.models.gemma4.processing_gemma4 import Gemma4Processor
from transformers.video_utils import VideoMetadata, default_sample_indices_fn, load_video

from g4lab.media import BUDGETS, expand, read_audio, read_image, read_video, stack_audio, stack_images
from g4lab.media.frames import sampled
from g4lab.text import Tokenizer, encode_chat, render
from tests.media.making import film, picture

pytestmark = [pytest.mark.parity, pytest.mark.slow]

EXTREMES = [(1, 1), (1, 5000), (5000, 1), (2, 3), (47, 49), (900, 1200), (17, 2000), (768, 768)]


def sizes(count: int, seed: int) -> list[tuple[int, int]]:
    """Random (height, width), from a pixel to 2,000, small ones as often as large."""
    random = np.random.default_rng(seed)
    return [tuple(int(side) for side in np.exp(random.uniform(0, np.log(2000), 2))) for _ in range(count)]


def theirs(image: np.ndarray, budget: int) -> dict:
    return Gemma4ImageProcessorPil(max_soft_tokens=budget)(
        image, input_data_format="channels_last", return_tensors="np"
    )


@pytest.mark.parametrize("budget", BUDGETS)
def test_pictures_bit_for_bit(budget):
    for seed, (height, width) in enumerate(EXTREMES + sizes(12, seed=budget)):
        image = picture(height, width, seed)
        expected = theirs(image, budget)
        ours = read_image(image, budget)
        pixels, positions = stack_images([ours])
        assert ours.soft_tokens == expected["num_soft_tokens_per_image"][0]
        np.testing.assert_array_equal(pixels, expected["pixel_values"])
        np.testing.assert_array_equal(positions, expected["image_position_ids"])


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "YCbCr"])
def test_colour_modes_bit_for_bit(mode):
    image = Image.fromarray(picture(90, 140)).convert("RGBA" if mode == "LA" else "RGB")
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(picture(90, 140, 1)[:, :, 0]))
    image = image.convert(mode)
    np.testing.assert_array_equal(stack_images([read_image(image, 70)])[0], theirs(image, 70)["pixel_values"])


def test_a_batch_bit_for_bit():
    images = [picture(height, width, seed) for seed, (height, width) in enumerate([(50, 90), (300, 100), (64, 64)])]
    expected = theirs(images, 140)
    pixels, positions = stack_images([read_image(image, 140) for image in images])
    np.testing.assert_array_equal(pixels, expected["pixel_values"])
    np.testing.assert_array_equal(positions, expected["image_position_ids"])


@pytest.mark.parametrize(("height", "width"), [(1500, 2000), (90, 140), (1, 5000), (700, 500)])
def test_torchvisions_form_is_two_levels_away(height, width):
    """It resizes with weights of 16 bits, Pillow with weights of 22."""
    image = picture(height, width)
    ours = read_image(image)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None]
    resized = torch.nn.functional.interpolate(tensor, ours.size, mode="bicubic", antialias=True)[0]
    levels = np.abs(resized.permute(1, 2, 0).numpy().astype(int) - ours.picture())
    assert levels.max() <= 2 and (levels > 0).mean() < 0.01


LENGTHS = [161, 162, 319, 320, 321, 480, 16_000, 479_999, 480_000]


@pytest.mark.parametrize("bins", [128, 32])
def test_mel_features_masks_and_counts(bins):
    processor = Gemma4AudioFeatureExtractor(feature_size=bins)
    random = np.random.default_rng(0)
    counter = SimpleNamespace(boa_token="", eoa_token="", audio_token="a")
    for length in LENGTHS + random.integers(161, 480_000, 12).tolist():
        sound = (random.standard_normal(length) * 10 ** random.uniform(-4, 0)).astype(np.float32)
        expected = processor([sound])
        ours = read_audio(sound, 16_000, mel_bins=bins)
        np.testing.assert_allclose(ours.mel, expected["input_features"][0], atol=1e-5, rtol=0)
        np.testing.assert_array_equal(ours.valid, expected["input_features_mask"][0])
        assert ours.soft_tokens == len(Gemma4Processor.replace_audio_token(counter, expected, 0))


def test_a_batch_of_sounds():
    random = np.random.default_rng(1)
    sounds = [random.standard_normal(length).astype(np.float32) for length in (20_000, 161, 33_333)]
    expected = Gemma4AudioFeatureExtractor()(sounds, return_tensors="np")
    mel, valid = stack_audio([read_audio(sound, 16_000) for sound in sounds])
    np.testing.assert_allclose(mel, expected["input_features"], atol=1e-5, rtol=0)
    np.testing.assert_array_equal(valid, expected["input_features_mask"])


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_resampling_is_that_of_their_loader(rate):
    """transformers.audio_utils.load_audio averages the channels and resamples with soxr in one go."""
    sound = np.random.default_rng(2).standard_normal((3 * rate, 2)).astype(np.float32)
    expected = soxr.resample(sound.mean(axis=1), rate, 16_000)
    np.testing.assert_allclose(read_audio(sound, rate).waveform, expected, atol=1e-6)


def test_which_frames():
    random = np.random.default_rng(3)
    for total in [32, 33, 63, 64, 65, 100_000, *random.integers(32, 5000, 50).tolist()]:
        expected = default_sample_indices_fn(VideoMetadata(total_num_frames=total), num_frames=32)
        assert sampled(total, 32) == expected.tolist()


@pytest.mark.parametrize(("codec", "format"), [("libx264", "mp4"), ("libx264", "mov"), ("ffv1", "avi"), ("gif", "gif")])
def test_films(tmp_path, codec, format):
    path = tmp_path / f"film.{format}"
    path.write_bytes(film(frames=70, height=90, width=160, codec=codec, format=format))
    frames, metadata = load_video(str(path), num_frames=32, backend="pyav")
    ours = read_video(path)
    assert list(ours.indices) == metadata.frames_indices.tolist()
    assert list(ours.seconds) == metadata.timestamps
    expected = Gemma4ImageProcessorPil(max_soft_tokens=70)(list(frames), return_tensors="np")
    pixels, positions = stack_images(ours.frames)
    np.testing.assert_array_equal(pixels, expected["pixel_values"])
    np.testing.assert_array_equal(positions, expected["image_position_ids"])


class Processor(Gemma4Processor):
    """With the one part of it that needs torchvision replaced by counts, which `test_films` compares."""

    def check_argument_for_proper_class(self, argument_name, argument):
        return type(argument)


def their_processor(directory, counts: list[tuple[int, VideoMetadata]]) -> Processor:
    names = {"image_token": "<|image|>", "boi_token": "<|image>", "eoi_token": "<image|>"}
    names |= {"audio_token": "<|audio|>", "boa_token": "<|audio>", "eoa_token": "<audio|>"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(directory / "tokenizer.json"),
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens=names,
    )

    def count(videos, **options):
        tokens, metadata = zip(*counts, strict=True)
        return {"num_soft_tokens_per_video": tokens, "video_metadata": metadata}

    return Processor(
        feature_extractor=Gemma4AudioFeatureExtractor(),
        image_processor=Gemma4ImageProcessorPil(max_soft_tokens=70),
        tokenizer=tokenizer,
        video_processor=count,
    )


WORDS = ["Look: ", "a cat ", "\n\n", "12 and 3", " what is it?", "über 日本", "  spaces  ", "{json: 1}"]


@pytest.mark.parametrize("name", ["tiny-e", "tiny-moe"])
@pytest.mark.parametrize("seed", range(8))
def test_mixed_prompts(name, seed):
    directory = files("g4lab") / "checkpoints" / "embedded" / name
    tokenizer = Tokenizer.from_directory(str(directory))
    random = np.random.default_rng(seed)
    content, given = [], {"image": [], "audio": [], "video": []}
    for kind in random.permutation(["image"] * 2 + ["audio"] * 2 + ["video"] * (seed % 3) + ["text"] * 4):
        if kind == "text":
            content.append({"type": "text", "text": str(random.choice(WORDS))})
            continue
        content.append({"type": str(kind)})
        if kind == "image":
            given[kind].append(picture(*random.integers(20, 200, 2), seed))
        elif kind == "audio":
            given[kind].append(random.standard_normal(int(random.integers(200, 9000))).astype(np.float32))
        else:
            given[kind].append(np.stack([picture(40, int(random.integers(50, 90)))] * int(random.integers(1, 40))))
    media = [read_image(image, 70) for image in given["image"]]
    media += [read_audio(sound, 16_000) for sound in given["audio"]]
    videos = [read_video(film, fps=0.3) for film in given["video"]]
    counts = [
        (video.soft_tokens, VideoMetadata(video.total_frames, fps=0.3, frames_indices=list(video.indices)))
        for video in videos
    ]
    messages = [{"role": "user", "content": content}]
    expected = their_processor(directory, counts)(
        text=render(messages),
        images=given["image"],
        audio=given["audio"],
        videos=given["video"] or None,
        add_special_tokens=False,
    )["input_ids"][0]
    assert encode_chat(tokenizer, messages, media=[*videos, *media]) == expected
    assert expand(encode_chat(tokenizer, messages), [*media, *videos], tokenizer) == expected
