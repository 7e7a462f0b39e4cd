"""Random Gemma 4 models compute what transformers computes, and pass through files both ways."""

import json

import numpy as np
import pytest

from g4lab.config import TextConfig
from tests.parity.configs import all_configs
from tests.parity.workshop import WITH_GRADIENTS

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in all_configs()}
BACKENDS = ["jax", "tensorflow", "torch"]
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("name", CONFIGS)
every_backend = pytest.mark.parametrize("backend", BACKENDS)


@pytest.mark.parametrize(
    "feature",
    [
        lambda config: config.ple_dim > 0,
        lambda config: config.experts > 0,
        lambda config: config.key_is_value,
        lambda config: config.shared_layers > 0,
        lambda config: config.shared_layers > 0 and config.double_wide,
        lambda config: config.softcap is None,
        lambda config: config.kinds[0] == "global",
        lambda config: config.window % 2 == 1,
        lambda config: config.heads == config.kv_heads,
    ],
)
def test_some_models_have_it_and_some_do_not(feature):
    assert {bool(feature(config)) for config in CONFIGS.values()} == {True, False}


@every_model
def test_the_logits_spread(after, name):
    assert after("transformers").load("transformers", name)["logits"].std() >= 1


@pytest.mark.backend
@every_backend
@every_model
def test_logits_equal(after, backend, name):
    shop = after(f"read on {backend}")
    ours, theirs = shop.load(f"ours-{backend}", name), shop.load("transformers", name)
    assert np.abs(ours["logits"] - theirs["logits"]).max() <= TOLERANCE, str(ours.get("divergence"))


@every_model
def test_every_site_equals_what_their_module_put_out(after, name):
    divergence = str(after("read on torch").load("ours-torch", name)["divergence"])
    assert divergence.startswith("nothing differs at")
    assert int(divergence.split()[3]) >= 3 * CONFIGS[name].layers + 3


@every_model
def test_few_tokens_take_another_way_through_the_experts_to_the_same_logits(after, name):
    shop = after("read on torch")
    few, theirs = shop.load("ours-torch", name)["few"], shop.load("transformers", name)["logits"]
    assert np.abs(few - theirs[:1, :3]).max() <= TOLERANCE


@every_model
def test_their_config_is_read_as_ours(after, name):
    values = json.loads(str(after("read on torch").load("ours-torch", name)["config"]))
    assert TextConfig.from_dict(values) == CONFIGS[name]


@pytest.mark.backend
@every_backend
@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_gradients_equal_also_through_shared_keys_and_values(after, backend, name):
    shop = after(f"read on {backend}")
    ours, theirs = shop.load(f"gradients-{backend}", name), shop.load("transformers-gradients", name)
    assert CONFIGS[name].shared_layers
    assert ours.keys() == theirs.keys()
    wrong = [
        parameter
        for parameter, gradient in theirs.items()
        if np.abs(ours[parameter] - gradient).max() > TOLERANCE * np.abs(gradient).max()
    ]
    assert not wrong
    assert all(np.abs(gradient).max() > 0 for gradient in theirs.values())


@every_model
def test_transformers_loads_what_we_save(after, name):
    shop = after("reload")
    again, before = shop.load("transformers-reloaded", name)["logits"], shop.load("transformers", name)["logits"]
    assert np.abs(again - before).max() <= TOLERANCE
