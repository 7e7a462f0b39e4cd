"""Encoders in the Hugging Face layout: saved and loaded whole, in part, and refused with a reason."""

import json

import numpy as np
import pytest
import safetensors.numpy

import g4lab
from g4lab.checkpoints import huggingface
from g4lab.checkpoints.huggingface_config import config_json, text_config
from g4lab.checkpoints.loader import load_weights
from g4lab.checkpoints.safetensors import read_header
from g4lab.errors import CheckpointError, InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from g4lab.runtime import to_numpy
from tests.checkpoints.models import CONFIG, network, values
from tests.parity.media_configs import AUDIO, VISION

SEEING = CONFIG.replace(
    vision=VISION.replace(layers=1, standardised=True, budget=70, frame_budget=140, frames=5, norm_eps=1e-5),
    audio=AUDIO.replace(layers=1, mel_bins=10),
    image_id=40,
    audio_end_id=41,
)


@pytest.fixture(scope="module")
def made():
    return network(SEEING)


@pytest.fixture
def saved(made, tmp_path):
    huggingface.save(made, tmp_path / "small")
    return tmp_path / "small"


def load(directory, modalities=None):
    source = huggingface.open_directory(directory, "small", modalities=modalities)
    with unset_weights():
        empty = Gemma4(source.config, dtype="float32")
    return empty, load_weights(empty, source), source


def test_saved_and_loaded_is_the_same(made, saved):
    again, loaded, _ = load(saved)
    assert again.text == SEEING
    before, after = values(made), values(again)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert loaded.skipped == ()


@pytest.mark.parametrize(
    ("modalities", "vision", "audio"),
    [(["text"], False, False), (["image"], True, False), (["text", "video"], True, False), ("audio", False, True)],
)
def test_unwanted_encoders_are_not_read(made, saved, modalities, vision, audio):
    # What is not wanted may as well be damaged: its bytes are never looked at.
    path = saved / "model.safetensors"
    header, start = read_header(path), int.from_bytes(path.read_bytes()[:8], "little") + 8
    data, meta = bytearray(path.read_bytes()), json.loads(path.read_bytes()[8:start])
    for name in header:
        wanted = vision if "vision" in name else audio if "audio" in name else True
        begin, end = meta[name]["data_offsets"]
        if not wanted:
            data[start + begin : start + end] = b"\xff" * (end - begin)
    path.write_bytes(data)
    again, loaded, source = load(saved, modalities)
    assert (source.config.vision is not None, source.config.audio is not None) == (vision, audio)
    before, after = values(made), values(again)
    assert all(np.array_equal(before[name], after[name]) for name in after)
    left = {name.split(".")[0] for name in before.keys() - after.keys()}
    assert left == {name for name, kept in (("vision", vision), ("audio", audio)) if not kept}
    assert len(loaded.skipped) == len(before.keys() - after.keys())


def test_load_takes_modalities(saved):
    lab = g4lab.load(saved, modalities=["text", "image"])
    assert lab.config.vision and lab.config.audio is None
    assert all("audio" in name for name in lab.skipped)


@pytest.mark.parametrize(
    ("modalities", "message"),
    [(["smell"], r"modalities holds \['smell'\]"), (["text", "audio"], "no encoder for audio")],
)
def test_modalities_that_cannot_be_had_are_told(tmp_path, modalities, message):
    huggingface.save(network(SEEING.replace(audio=None)), tmp_path / "small")
    with pytest.raises(InputError, match=message):
        load(tmp_path / "small", modalities)


def test_names_are_the_published_ones(saved):
    names = safetensors.numpy.load_file(saved / "model.safetensors").keys()
    assert {
        "model.language_model.embed_tokens.weight",
        "model.vision_tower.patch_embedder.position_embedding_table",
        "model.vision_tower.encoder.layers.0.self_attn.q_proj.linear.weight",
        "model.vision_tower.encoder.layers.0.mlp.down_proj.output_max",
        "model.vision_tower.std_bias",
        "model.embed_vision.embedding_projection.weight",
        "model.audio_tower.subsample_conv_projection.layer0.conv.weight",
        "model.audio_tower.layers.0.lconv1d.depthwise_conv1d.weight",
        "model.audio_tower.layers.0.self_attn.per_dim_scale",
        "model.audio_tower.output_proj.bias",
        "model.embed_audio.embedding_projection.weight",
    } <= names
    assert all(name.startswith("model.") for name in names)


def test_names_without_their_first_word_are_found_too(made, saved):
    path = saved / "model.safetensors"
    tensors = safetensors.numpy.load_file(path)
    safetensors.numpy.save_file({name.removeprefix("model."): array for name, array in tensors.items()}, path)
    after = values(load(saved)[0])
    assert all(np.array_equal(array, after[name]) for name, array in values(made).items())


def test_a_missing_tensor_of_an_encoder_is_named(saved):
    path = saved / "model.safetensors"
    tensors = safetensors.numpy.load_file(path)
    del tensors["model.audio_tower.output_proj.bias"]
    safetensors.numpy.save_file(tensors, path)
    with pytest.raises(CheckpointError, match=r"1 tensors are missing: model.audio_tower.output_proj.bias"):
        load(saved)


def test_the_numbers_of_processors_are_kept(saved):
    processor = json.loads((saved / "processor_config.json").read_text())
    assert processor["image_processor"]["max_soft_tokens"] == 70
    assert processor["video_processor"]["num_frames"] == 5
    assert processor["feature_extractor"]["feature_size"] == 10
    (saved / "processor_config.json").unlink()
    config = load(saved)[2].config
    assert (config.vision.budget, config.audio.mel_bins) == (280, 12)  # the published budget; as many bins as channels


@pytest.mark.parametrize(
    ("part", "change", "message"),
    [
        ("vision_config", {"num_key_value_heads": 1}, "num_key_value_heads is 1; g4lab builds 3 only"),
        ("vision_config", {"hidden_activation": "silu"}, "hidden_activation is 'silu'"),
        ("vision_config", {"rope_parameters": {"rope_type": "yarn"}}, "rope_type of the vision encoder is 'yarn'"),
        ("audio_config", {"attention_context_right": 2}, "attention_context_right is 2; g4lab builds 0 only"),
        ("audio_config", {"attention_context_left": 9}, "attention_context_left is 9; g4lab builds 6 only"),
        ("audio_config", {"hidden_act": "gelu"}, "hidden_act is 'gelu'"),
    ],
)
def test_what_would_be_built_wrongly_is_refused(tmp_path, part, change, message):
    described = config_json(SEEING, "float32")
    described[part] |= change
    with pytest.raises(CheckpointError, match=message):
        text_config(described, {}, "small", tmp_path)


def test_mel_bins_that_transformers_cannot_read_are_refused():
    config = SEEING.replace(audio=AUDIO.replace(mel_bins=20))
    with pytest.raises(CheckpointError, match="20 mel bins and 12 channels"):
        config_json(config, "float32")


@pytest.mark.parametrize("kind", ["vision", "audio"])
def test_an_encoder_deeper_than_the_layers_that_own_keys_keeps_its_own(tmp_path, kind):
    """Only layers of text borrow keys and values; unused ones of theirs are skipped, by number."""
    deep = getattr(SEEING, kind).replace(layers=SEEING.owners + 2)
    config = SEEING.replace(**{kind: deep})
    before = network(config)
    huggingface.save(before, tmp_path / "deep")
    lab = g4lab.load(str(tmp_path / "deep"), dtype="float32")
    assert lab.skipped == ()
    after = lab.network.named_variables()
    for name, variable in before.named_variables().items():
        np.testing.assert_array_equal(to_numpy(after[name]), to_numpy(variable), err_msg=name)
