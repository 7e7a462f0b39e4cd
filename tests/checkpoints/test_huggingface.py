"""Directories in the Hugging Face layout: saved, opened, loaded, and refused with a reason."""

import json

import numpy as np
import pytest
import safetensors.numpy

from g4lab.checkpoints import huggingface
from g4lab.checkpoints.huggingface_config import config_json, text_config
from g4lab.checkpoints.loader import load_weights
from g4lab.config import PRESETS
from g4lab.errors import CheckpointError, InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from tests.checkpoints.models import CONFIG, network, values


@pytest.fixture(scope="module")
def made():
    return network()


@pytest.fixture
def saved(made, tmp_path):
    huggingface.save(made, tmp_path / "small")
    return tmp_path / "small"


def load(directory, dtype="float32"):
    source = huggingface.open_directory(directory, "small")
    with unset_weights():
        empty = Gemma4(source.config, dtype=dtype)
    return empty, load_weights(empty, source)


def change_config(directory, **changes):
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def change_tensors(directory, change):
    path = directory / "model.safetensors"
    tensors = safetensors.numpy.load_file(path)
    change(tensors)
    safetensors.numpy.save_file(tensors, path)


@pytest.mark.parametrize("shard_bytes", [10**9, 3000, 1])
def test_saved_and_loaded_is_the_same(made, tmp_path, shard_bytes):
    huggingface.save(made, tmp_path / "small", shard_bytes=shard_bytes)
    files = sorted(path.name for path in (tmp_path / "small").glob("*.safetensors"))
    assert (files == ["model.safetensors"]) == (shard_bytes == 10**9)
    again, loaded = load(tmp_path / "small")
    assert again.text == made.text
    before, after = values(made), values(again)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert loaded.skipped == ()


def test_bfloat16_is_saved_on_request_and_read_into_either(made, tmp_path):
    huggingface.save(made, tmp_path / "small", dtype="bfloat16")
    source = huggingface.open_directory(tmp_path / "small", "small")
    assert source.dtype == "bfloat16"
    assert json.loads((tmp_path / "small" / "config.json").read_text())["dtype"] == "bfloat16"
    halves, wholes = (values(load(tmp_path / "small", dtype)[0]) for dtype in ("bfloat16", "float32"))
    assert all(np.array_equal(halves[name], wholes[name]) for name in wholes)
    exact = values(made)
    assert all(np.allclose(exact[name], wholes[name], rtol=2**-8) for name in exact)


@pytest.mark.parametrize("name", PRESETS)
def test_released_sizes_keep_their_numbers_through_a_config(name, tmp_path):
    config = PRESETS[name]
    eos = {"eos_token_id": list(config.eos_ids)}
    assert text_config(config_json(config, "bfloat16"), eos, name, tmp_path) == config


def test_stop_tokens_come_from_the_generation_config(saved):
    assert huggingface.open_directory(saved, "small").config.eos_ids == CONFIG.eos_ids
    (saved / "generation_config.json").unlink()
    change_config(saved, eos_token_id=1)
    assert huggingface.open_directory(saved, "small").config.eos_ids == (1,)


def test_a_multimodal_directory_is_read_without_its_encoders(saved):
    path = saved / "config.json"
    path.write_text(json.dumps({"model_type": "gemma4", "text_config": json.loads(path.read_text())}))
    encoders = {"model.vision_tower.patch_embedder.input_proj.weight", "model.embed_audio.embedding_projection.weight"}

    def change(tensors):
        for name in list(tensors):
            tensors[name.replace("model.", "model.language_model.", 1)] = tensors.pop(name)
        tensors.update({name: np.ones(2, np.float32) for name in encoders})

    change_tensors(saved, change)
    _, loaded = load(saved)
    assert set(loaded.skipped) == encoders


def test_unused_keys_of_borrowing_layers_are_skipped(saved):
    name = "model.layers.3.self_attn.k_proj.weight"
    change_tensors(saved, lambda tensors: tensors.update({name: np.ones((8, 12), np.float32)}))
    assert load(saved)[1].skipped == (name,)


def test_a_second_copy_of_the_embedding_is_skipped_and_another_head_refused(saved):
    change_tensors(saved, lambda tensors: tensors.update({"lm_head.weight": tensors["model.embed_tokens.weight"]}))
    assert load(saved)[1].skipped == ("lm_head.weight",)
    change_tensors(saved, lambda tensors: tensors.update({"lm_head.weight": tensors["lm_head.weight"] + 1}))
    with pytest.raises(CheckpointError, match=r"lm_head.weight \(50, 12\) differs from model.embed_tokens.weight"):
        load(saved)


def test_a_missing_tensor_is_named(saved):
    change_tensors(saved, lambda tensors: tensors.pop("model.layers.2.router.scale"))
    with pytest.raises(CheckpointError, match="1 tensors are missing: model.layers.2.router.scale") as caught:
        load(saved)
    assert caught.value.where == str(saved)


def test_a_tensor_too_many_is_named(saved):
    change_tensors(saved, lambda tensors: tensors.update({"model.extra": np.ones(2, np.float32)}))
    with pytest.raises(CheckpointError, match="1 tensors have no place in this model: model.extra"):
        load(saved)


def test_many_names_are_cut_short(saved):
    change_tensors(saved, lambda t: t.update({f"model.extra.{i}": np.ones(2, np.float32) for i in range(20)}))
    with pytest.raises(CheckpointError, match="20 tensors have no place.*and 12 more"):
        load(saved)


def test_a_wrong_shape_is_told_with_both_shapes(saved):
    name = "model.layers.0.mlp.up_proj.weight"
    change_tensors(saved, lambda tensors: tensors.update({name: np.ones((9, 12), np.float32)}))
    with pytest.raises(
        CheckpointError, match=rf"'{name}' has shape \(9, 12\); config.json asks for \(10, 12\)"
    ) as caught:
        load(saved)
    assert caught.value.where == str(saved / "model.safetensors")


def test_nothing_is_assigned_when_something_is_wrong(saved):
    change_tensors(saved, lambda tensors: tensors.pop("model.norm.weight"))
    source = huggingface.open_directory(saved, "small")
    with unset_weights():
        empty = Gemma4(source.config)
    before = values(empty)
    with pytest.raises(CheckpointError):
        load_weights(empty, source)
    assert all(np.array_equal(before[name], value) for name, value in values(empty).items())


def test_a_directory_without_a_decoder_says_so(saved):
    change_tensors(saved, lambda tensors: tensors.pop("model.embed_tokens.weight"))
    with pytest.raises(CheckpointError, match="no tensor is named embed_tokens.weight"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "gemma3_text"}, "model_type is 'gemma3_text'(.|\n)*gemma4, gemma4_text"),
        ({"model_type": "gemma4"}, "fields are missing: hidden_size"),
        ({"hidden_size": None}, "fields are missing: hidden_size"),
        ({"hidden_activation": "silu"}, "hidden_activation is 'silu'; g4lab builds 'gelu_pytorch_tanh' only"),
        ({"attention_bias": True}, "attention_bias is True"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings is False"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "quantization_config is .*bitsandbytes"),
        ({"use_bidirectional_attention": "all"}, "every token sees every other"),
        ({"layer_types": ["sliding_attention"] * 3 + ["linear_attention"]}, "layer_types holds .*linear_attention"),
        ({"num_hidden_layers": 5}, "num_hidden_layers is 5, but layer_types names 4"),
        ({"rope_parameters": {"full_attention": {"rope_type": "yarn"}}}, "rope_type of full_attention is 'yarn'"),
        ({"per_layer_config": {"0": {"head_dim": 4}}}, "per_layer_config makes layers of one kind differ"),
        ({"per_layer_config": {"1": {"head_dim": 4}}}, "per_layer_config makes layers of one kind differ"),
        (
            {"attention_k_eq_v": False, "per_layer_config": {i: {"num_key_value_heads": 1} for i in ("1", "3")}},
            "other K/V heads without attention_k_eq_v",
        ),
    ],
)
def test_a_config_that_g4lab_cannot_build_is_refused(saved, changes, message):
    change_config(saved, **changes)
    with pytest.raises(CheckpointError, match=message) as caught:
        huggingface.open_directory(saved, "small")
    assert caught.value.where == str(saved / "config.json")


def test_a_damaged_config_is_named(saved):
    (saved / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="not valid JSON"):
        huggingface.open_directory(saved, "small")
    (saved / "config.json").unlink()
    with pytest.raises(CheckpointError, match="config.json is missing"):
        huggingface.open_directory(saved, "small")


def test_a_model_that_ends_in_a_local_layer_cannot_be_saved_for_transformers(tmp_path):
    local = network(CONFIG.replace(kinds=("local", "global", "global", "local"), shared_layers=0))
    with pytest.raises(CheckpointError, match="the last layer is local"):
        huggingface.save(local, tmp_path / "small")
    assert list(tmp_path.iterdir()) == []


def test_saving_again_replaces_the_earlier_save(made, saved):
    huggingface.save(made, saved, shard_bytes=3000)
    assert not (saved / "model.safetensors").exists()
    load(saved)
    assert [path.name for path in saved.parent.iterdir()] == ["small"]


def test_a_directory_with_other_files_is_left_alone(made, saved):
    (saved / "notes.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    with pytest.raises(InputError, match="did not write: notes.txt"):
        huggingface.save(made, saved)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == ["small"]


def test_an_empty_directory_may_be_filled(made, tmp_path):
    (tmp_path / "small").mkdir()
    huggingface.save(made, tmp_path / "small")
    load(tmp_path / "small")


def test_a_file_in_the_way_is_left_alone(made, tmp_path):
    (tmp_path / "small").write_text("mine")
    with pytest.raises(InputError, match="a file of this name"):
        huggingface.save(made, tmp_path / "small")
    assert (tmp_path / "small").read_text() == "mine"


def test_a_save_that_fails_leaves_what_was_there(made, saved, monkeypatch):
    def break_off(path, tensors):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("g4lab.checkpoints.safetensors.write", break_off)
    with pytest.raises(OSError, match="disk full"):
        huggingface.save(made, saved)
    assert [path.name for path in saved.parent.iterdir()] == ["small"]
    monkeypatch.undo()
    load(saved)


def test_the_tokenizer_is_saved_with_the_model(made, tmp_path):
    class Tokenizer:
        def save(self, directory):
            (directory / "tokenizer.json").write_text("{}")

    huggingface.save(made, tmp_path / "small", tokenizer=Tokenizer())
    assert huggingface.open_directory(tmp_path / "small", "small").tokenizer == tmp_path / "small"
    huggingface.save(made, tmp_path / "small")  # the earlier save's tokenizer was ours, too
    assert huggingface.open_directory(tmp_path / "small", "small").tokenizer is None
