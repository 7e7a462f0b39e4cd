"""keras-hub's encoders: the same numbers where it agrees with transformers, and the two places where it does not.

Where they differ g4lab follows transformers: pictures of a batch are pooled by their own widths, and a picture longer
than the window is not read whole by local layers.
"""

import json

import numpy as np
import pytest

from g4lab.config import TextConfig
from tests.parity.media_configs import HEARS_AS_THE_HUB, SEES_BOTH_WAYS

pytestmark = [pytest.mark.parity, pytest.mark.slow]

CONFIGS = {config.name: config for config in (HEARS_AS_THE_HUB, SEES_BOTH_WAYS)}
TOLERANCE = 1e-4

every_model = pytest.mark.parametrize("name", CONFIGS)


def difference(after, name, what, other="theirs"):
    found = after("media keras-hub").load("media-hub", name)
    ours, theirs = found[f"{what} ours"], found[f"{what} {other}"]
    assert ours.shape == theirs.shape and ours.std() >= 0.5
    return np.abs(ours - theirs).max()


@every_model
@pytest.mark.parametrize("picture", ["short 0", "long 0", "same width 0", "same width 1", "other widths 0"])
def test_soft_tokens_of_pictures_equal(after, name, picture):
    assert difference(after, name, picture) <= TOLERANCE


@every_model
def test_keras_hub_pools_a_narrow_picture_by_the_width_of_the_widest_beside_it(after, name):
    # g4lab gives it what it has alone, as transformers does (test_vision.py batches pictures of three widths).
    assert difference(after, name, "other widths 1") > 0.1


def test_soft_tokens_of_sounds_equal(after):
    assert difference(after, HEARS_AS_THE_HUB.name, "audio") <= TOLERANCE


@pytest.mark.parametrize(
    ("name", "picture"),
    [(HEARS_AS_THE_HUB.name, "short"), (HEARS_AS_THE_HUB.name, "long"), (SEES_BOTH_WAYS.name, "short")],
)
@pytest.mark.parametrize("way", ["theirs", "preset"])
def test_logits_equal(after, name, picture, way):
    """`theirs`: our Hugging Face directory through keras-hub's converter; `preset`: our preset directory."""
    assert difference(after, name, f"{picture} logits", way) <= TOLERANCE


def test_keras_hub_shows_local_layers_a_picture_longer_than_the_window_whole(after):
    assert SEES_BOTH_WAYS.bidirectional_images and SEES_BOTH_WAYS.window == 5  # the long picture has 6 soft tokens
    assert difference(after, SEES_BOTH_WAYS.name, "long logits") > 0.01


@every_model
@pytest.mark.parametrize("way", ["preset", "live"])
def test_we_read_what_keras_hub_holds_to_the_last_bit(after, name, way):
    assert after("media keras-hub").load("media-hub", name)[f"{way}_different"].tolist() == []


@every_model
def test_its_config_is_read_as_ours(after, name):
    values = TextConfig.from_dict(json.loads(str(after("media keras-hub").load("media-hub", name)["config"])))
    # keras-hub's configs hold no token ids: those of media are Gemma's own
    ids = {field: getattr(values, field) for field in values.to_dict() if field.endswith("_id")}
    assert ids["image_id"] == 258_880
    assert values == CONFIGS[name].replace(**ids)
