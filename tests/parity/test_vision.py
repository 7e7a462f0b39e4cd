"""The vision encoder of random models computes what transformers' computes, for pictures and for films."""

import json

import numpy as np
import pytest

from g4lab.config import TextConfig
from tests.parity.media_configs import all_media_configs

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in all_media_configs()}
BACKENDS = ["jax", "tensorflow", "torch"]
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("name", CONFIGS)
every_backend = pytest.mark.parametrize("backend", BACKENDS)


@pytest.mark.parametrize(
    "feature",
    [
        lambda vision: vision.clipped,
        lambda vision: vision.standardised,
        lambda vision: vision.pooling == 2,
        lambda vision: vision.heads * vision.head_dim == vision.width,
        lambda vision: vision.theta == 100,
    ],
)
def test_some_models_have_it_and_some_do_not(feature):
    assert {bool(feature(config.vision)) for config in CONFIGS.values()} == {True, False}


@pytest.mark.backend
@every_backend
@every_model
@pytest.mark.parametrize("kind", ["image", "video"])
def test_soft_tokens_equal(after, backend, name, kind):
    shop = after(f"media on {backend}")
    ours, theirs = shop.load(f"media-{backend}", name), shop.load("media", name)
    # 6 + 1 + 3 and 2 + 2 + 4 soft tokens of pictures of different sizes, filled up in one batch
    assert theirs[kind].shape == ({"image": 10, "video": 8}[kind], CONFIGS[name].width)
    assert theirs[kind].std() >= 0.5
    assert np.abs(ours[kind] - theirs[kind]).max() <= TOLERANCE, str(ours.get("divergence"))


@every_model
def test_every_layer_of_every_encoder_equals_what_their_module_put_out(after, name):
    divergence = str(after("media on torch").load("media-torch", name)["divergence"])
    assert divergence.startswith("nothing differs at")
    vision, audio = CONFIGS[name].vision, CONFIGS[name].audio
    # patches and two sites a layer; frames, two sites a layer, the output; soft tokens of each kind, the logits
    sites = 1 + 2 * vision.layers + (2 + 2 * audio.layers if audio else 0)
    assert int(divergence.split()[3]) == sites + (4 if audio else 3)


@every_model
def test_their_config_is_read_as_ours(after, name):
    values = json.loads(str(after("media on torch").load("media-torch", name)["config"]))
    assert TextConfig.from_dict(values) == CONFIGS[name]
