"""Pictures, films and sounds among text: the logits are transformers', and files go both ways."""

import numpy as np
import pytest

from tests.parity.media_configs import all_media_configs

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in all_media_configs()}
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("name", CONFIGS)


@pytest.mark.parametrize(
    "feature",
    [
        lambda config: config.audio,
        lambda config: config.ple_dim,
        lambda config: config.bidirectional_images,
        lambda config: config.bidirectional_images and config.window < 6,  # the largest picture has 6 tokens
        lambda config: config.image_id >= config.vocab_size,
    ],
)
def test_some_models_have_it_and_some_do_not(feature):
    assert {bool(feature(config)) for config in CONFIGS.values()} == {True, False}


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
@every_model
def test_logits_equal(after, backend, name):
    shop = after(f"media on {backend}")
    ours, theirs = shop.load(f"media-{backend}", name)["logits"], shop.load("media", name)["logits"]
    assert theirs.std() >= 1
    assert np.abs(ours - theirs).max() <= TOLERANCE


@every_model
def test_transformers_loads_what_we_save(after, name):
    shop = after("media reloaded")
    again, before = shop.load("media-reloaded", name)["logits"], shop.load("media", name)["logits"]
    assert np.abs(again - before).max() <= TOLERANCE
