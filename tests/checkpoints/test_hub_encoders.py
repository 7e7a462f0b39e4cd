"""Encoders in keras-hub's presets: saved and loaded whole, in part, and refused with a reason."""

import copy

import numpy as np
import pytest

from g4lab.checkpoints import kerashub, kerashub_save
from g4lab.checkpoints.kerashub_config import config_json, text_config
from g4lab.checkpoints.loader import load_weights
from g4lab.errors import CheckpointError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from tests.checkpoints.models import CONFIG, network, values
from tests.parity.media_configs import AUDIO, VISION

SEEING = CONFIG.replace(
    eos_ids=(1,),
    vision=VISION.replace(layers=2, standardised=True),
    audio=AUDIO.replace(layers=2, mel_bins=10),
)


@pytest.fixture(scope="module")
def made():
    return network(SEEING)


@pytest.fixture
def saved(made, tmp_path):
    kerashub_save.save(made, tmp_path / "small")
    return tmp_path / "small"


def load(directory, modalities=None):
    source = kerashub.open_directory(directory, "small", modalities=modalities)
    with unset_weights():
        empty = Gemma4(source.config, dtype="float32")
    return empty, load_weights(empty, source)


def test_saved_and_loaded_is_the_same(made, saved):
    again, loaded = load(saved)
    assert again.text == SEEING
    before, after = values(made), values(again)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert loaded.skipped == ()


@pytest.mark.parametrize(
    ("modalities", "left"), [(["text"], {"vision", "audio"}), (["video"], {"audio"}), (["audio"], {"vision"})]
)
def test_unwanted_encoders_are_left(made, saved, modalities, left):
    again, loaded = load(saved, modalities)
    before, after = values(made), values(again)
    assert {name.split(".")[0] for name in before.keys() - after.keys()} == left
    assert all(np.array_equal(before[name], after[name]) for name in after)
    assert len(loaded.skipped) == len(before.keys() - after.keys())


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("vision", {"num_key_value_heads": 1}, "num_key_value_heads of an encoder is 1; g4lab builds 3 only"),
        ("audio", {"context_left": 9}, "context_left of an encoder is 9; g4lab builds 6 only"),
        ("audio", {"reduction_factor": 2}, "reduction_factor of an encoder is 2"),
        ("audio", {"norm_eps": 1e-3}, "norm_eps of an encoder is 0.001"),
    ],
)
def test_what_would_be_built_wrongly_is_refused(kind, change, message):
    described = copy.deepcopy(config_json(SEEING, "float32")["config"])
    described[f"{kind}_encoder"]["config"] |= change
    with pytest.raises(CheckpointError, match=message):
        text_config(described, "small", "here")


@pytest.mark.parametrize(
    ("change", "message"), [({"clipped": False}, "clips every linear map"), ({"norm_eps": 1e-3}, "one epsilon")]
)
def test_what_keras_hub_cannot_express_is_refused(change, message):
    with pytest.raises(CheckpointError, match=message):
        config_json(SEEING.replace(audio=SEEING.audio.replace(**change)), "float32")
