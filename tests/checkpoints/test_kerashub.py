"""Preset directories of keras-hub, written and read here without keras-hub (tests/parity has the real one)."""

import json

import h5py
import numpy as np
import pytest

from g4lab.checkpoints import kerashub, kerashub_live, kerashub_save
from g4lab.checkpoints.loader import load_weights
from g4lab.config import preset
from g4lab.errors import CheckpointError, InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from g4lab.text import Tokenizer
from tests.checkpoints.models import CONFIG, network, values
from tests.text.training import train_json, train_sentencepiece


@pytest.fixture(scope="module")
def made():
    return network()


@pytest.fixture
def saved(made, tmp_path):
    kerashub_save.save(made, tmp_path / "small")
    return tmp_path / "small"


def load(directory, dtype="float32"):
    source = kerashub.open_directory(directory, "small")
    with unset_weights():
        empty = Gemma4(source.config, dtype=dtype)
    return empty, load_weights(empty, source)


def change_config(directory, **changes):
    path = directory / "config.json"
    config = json.loads(path.read_text())
    config["config"] |= changes
    path.write_text(json.dumps(config))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_saved_and_loaded_is_the_same(tmp_path, dtype):
    made = network(dtype=dtype)
    kerashub_save.save(made, tmp_path / "small")
    assert kerashub.open_directory(tmp_path / "small", "small").dtype == dtype
    again, _ = load(tmp_path / "small", dtype)
    before, after = values(made), values(again)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_config_comes_back_but_for_the_stop_tokens(saved):
    assert kerashub.open_directory(saved, "small").config == CONFIG.replace(eos_ids=(1,))


def test_the_final_norm_is_where_keras_puts_it():
    # Keras numbers layers of one class: the norm of PLE comes first, where there is one.
    assert kerashub.h5_path("layer_norm/scale", preset("e2b")) == "layers/rms_normalization_1/vars/0"
    assert kerashub.h5_path("layer_norm/scale", preset("31b")) == "layers/rms_normalization/vars/0"
    assert kerashub.h5_path("block_0/layer_scalar", CONFIG) == "layers/gemma4_text_decoder_block/vars/0"
    assert kerashub.h5_path("block_2/moe_expert_bank/down_proj", CONFIG) == (
        "layers/gemma4_text_decoder_block_2/moe_expert_bank/vars/2"
    )


def test_encoders_and_random_states_are_skipped(saved):
    names = ["layers/gemma4_vision_encoder/dense/vars/0", "layers/x/dropout/seed_generator/vars/0"]
    with h5py.File(saved / kerashub.SINGLE, "a") as file:
        for name in names:
            file[name] = np.ones(2)
    assert load(saved)[1].skipped == tuple(names)


def test_a_variable_too_many_is_named(saved):
    with h5py.File(saved / kerashub.SINGLE, "a") as file:
        file["layers/dense_7/vars/0"] = np.ones(2)
    with pytest.raises(CheckpointError, match="no place in this model: layers/dense_7/vars/0"):
        load(saved)


def test_a_missing_variable_is_named(saved):
    with h5py.File(saved / kerashub.SINGLE, "a") as file:
        del file[kerashub.h5_path("block_1/ffw_linear/kernel", CONFIG)]
    with pytest.raises(CheckpointError, match="1 tensors are missing: block_1/ffw_linear/kernel"):
        load(saved)


def test_a_wrong_shape_is_told_with_both_shapes(saved):
    change_config(saved, intermediate_dim=11)
    with pytest.raises(CheckpointError, match=r"has shape \(12, 10\); config.json asks for \(12, 11\)"):
        load(saved)


def test_data_in_another_file_is_refused(saved, tmp_path):
    with h5py.File(saved / kerashub.SINGLE, "a") as file:
        file.create_dataset("layers/sly/vars/0", (4,), "f4", external=[(str(tmp_path / "secret"), 0, 16)])
    with pytest.raises(CheckpointError, match="'layers/sly/vars/0' keeps its data in another file"):
        load(saved)


@pytest.mark.parametrize("kept", [0, 100, -100])
def test_a_truncated_file_is_named(saved, kept):
    path = saved / kerashub.SINGLE
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="not a readable HDF5 file") as caught:
        load(saved)
    assert caught.value.where == str(path)


def test_shards_are_read_as_one_and_a_missing_one_is_named(saved):
    with h5py.File(saved / kerashub.SINGLE) as file, h5py.File(saved / "model_00001.weights.h5", "w") as second:
        file.copy("layers", second)
        index = {
            "weight_map": {"/layers/a/vars": "model_00001.weights.h5", "/layers/b/vars": ["model_00001.weights.h5"]}
        }
    (saved / kerashub.SINGLE).unlink()
    (saved / kerashub.INDEX).write_text(json.dumps(index))
    load(saved)
    index["weight_map"]["/layers/c/vars"] = ["model_00001.weights.h5", "model_00002.weights.h5"]
    (saved / kerashub.INDEX).write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match="shards are missing: model_00002.weights.h5"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_dim": None}, "fields are missing: hidden_dim"),
        ({"attention_logit_soft_cap": 50.0}, "attention_logit_soft_cap is 50.0; g4lab builds None only"),
        ({"is_embedding_model": True}, "is_embedding_model is True"),
        ({"global_rope_scaling_factor": 8.0}, "global_rope_scaling_factor is 8.0"),
        ({"global_rope_partial_rotary_factor": 0.1}, "rotate not even one pair"),
    ],
)
def test_a_config_that_g4lab_cannot_build_is_refused(saved, changes, message):
    change_config(saved, **changes)
    with pytest.raises(CheckpointError, match=message):
        kerashub.open_directory(saved, "small")


def test_a_preset_of_another_model_is_refused(saved):
    path = saved / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"registered_name": "keras_hub>BertBackbone"}))
    with pytest.raises(CheckpointError, match="a preset of 'keras_hub>BertBackbone'"):
        kerashub.open_directory(saved, "small")


def test_any_other_object_is_no_checkpoint():
    with pytest.raises(InputError, match="an object of type int is no checkpoint"):
        kerashub_live.open_model(3)


def test_a_sentencepiece_tokenizer_goes_with_the_preset(made, tmp_path):
    train_sentencepiece(tmp_path / "tokenizer.model")
    tokenizer = Tokenizer.from_directory(tmp_path)
    kerashub_save.save(made, tmp_path / "small", tokenizer=tokenizer)
    source = kerashub.open_directory(tmp_path / "small", "small")
    assert source.open_tokenizer().encode("a ball") == tokenizer.encode("a ball")


def test_another_tokenizer_is_left_out(made, tmp_path):
    train_json(tmp_path / "tokenizer.json")
    kerashub_save.save(made, tmp_path / "small", tokenizer=Tokenizer.from_directory(tmp_path))
    assert kerashub.open_directory(tmp_path / "small", "small").open_tokenizer() is None
    assert not (tmp_path / "small" / "assets").exists()
