"""keras-hub computes the same logits from what we save, and we read its presets and live models to the last bit."""

import json

import numpy as np
import pytest

from g4lab.config import TextConfig
from tests.parity.configs import all_configs

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in all_configs()}
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("name", CONFIGS)


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
@every_model
@pytest.mark.parametrize("way", ["converted", "preset"])
def test_logits_equal(after, backend, name, way):
    """`converted`: our Hugging Face directory through keras-hub's converter; `preset`: our preset directory."""
    theirs = after("keras-hub").load("keras-hub", name)[way]
    ours = after(f"read on {backend}").load(f"ours-{backend}", name)["logits"]
    assert theirs.std() >= 1
    assert np.abs(ours - theirs).max() <= TOLERANCE


@every_model
def test_a_preset_that_keras_hub_saved_holds_the_same_parameters(after, name):
    assert after("presets").load("presets", name)["different"].tolist() == []


@every_model
def test_a_live_model_holds_the_same_parameters(after, name):
    assert after("keras-hub").load("keras-hub", name)["live_different"].tolist() == []


@every_model
def test_its_config_is_read_as_ours(after, name):
    values = json.loads(str(after("presets").load("presets", name)["config"]))
    assert TextConfig.from_dict(values) == CONFIGS[name]
