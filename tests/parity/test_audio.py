"""The audio encoder of random models computes what transformers' computes."""

import numpy as np
import pytest

from tests.parity.media_configs import all_media_configs

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in all_media_configs() if config.audio}
TOLERANCE = 1e-4


@pytest.mark.parametrize(
    "feature",
    [
        lambda audio: audio.clipped,
        lambda audio: audio.limit < 10,
        lambda audio: audio.softcap < 10,
        lambda audio: audio.span % 2,
        lambda audio: 12 % audio.span,  # the longer sound has 12 tokens: whole chunks, or not
        lambda audio: audio.kernel % 2,
        lambda audio: audio.norm_eps == 1e-6,
    ],
)
def test_some_models_have_it_and_some_do_not(feature):
    assert {bool(feature(config.audio)) for config in CONFIGS.values()} == {True, False}


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
@pytest.mark.parametrize("name", CONFIGS)
def test_soft_tokens_equal(after, backend, name):
    shop = after(f"media on {backend}")
    ours, theirs = shop.load(f"media-{backend}", name)["audio"], shop.load("media", name)["audio"]
    # 45 and 22 frames are 12 and 6 tokens
    assert theirs.shape == (18, CONFIGS[name].width) and theirs.std() >= 0.5
    assert np.abs(ours - theirs).max() <= TOLERANCE
