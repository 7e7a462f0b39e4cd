"""The numbers of the encoders, the contradictions that they refuse, and their way through JSON."""

import json

import pytest

from g4lab.config import TextConfig, preset
from g4lab.encoder_config import AUDIO, SMALL_VISION, AudioConfig, VisionConfig
from g4lab.errors import ConfigError

VISION = {"width": 8, "layers": 1, "heads": 2, "head_dim": 4, "feedforward": 8}
SOUND = {"width": 8, "layers": 1, "heads": 2, "output_width": 6}


@pytest.mark.parametrize(
    ("kind", "values", "what"),
    [
        (VisionConfig, VISION | {"width": 0}, "width is 0"),
        (VisionConfig, VISION | {"pooling": -1}, "pooling is -1"),
        (VisionConfig, VISION | {"head_dim": 6}, "head_dim is 6"),
        (AudioConfig, SOUND | {"span": 0}, "span is 0"),
        (AudioConfig, SOUND | {"channels": (4, 0)}, r"channels is \(4, 0\)"),
        (AudioConfig, SOUND | {"channels": (4,)}, r"channels is \(4,\)"),
        (AudioConfig, SOUND | {"heads": 3}, "3 heads do not divide"),
        (AudioConfig, SOUND | {"width": 9, "heads": 3}, "width is odd"),
    ],
)
def test_a_contradiction_is_named(kind, values, what):
    with pytest.raises(ConfigError, match=what):
        kind(**values)


def test_json_holds_them():
    config = preset("e2b").replace(vision=VisionConfig(**VISION), audio=AudioConfig(**SOUND, channels=(6, 2)))
    values = json.loads(json.dumps(config.to_dict()))
    assert TextConfig.from_dict(values) == config
    assert values["audio"]["channels"] == [6, 2]
    assert TextConfig.from_dict(values | {"vision": None}).vision is None


def test_unknown_and_missing_fields_are_named():
    values = SMALL_VISION.to_dict()
    with pytest.raises(ConfigError, match=r"unknown fields \['wdith'\]"):
        VisionConfig.from_dict(values | {"wdith": 8})
    del values["width"]
    with pytest.raises(ConfigError, match=r"missing fields \['width'\]"):
        VisionConfig.from_dict(values)


def test_what_follows_from_the_numbers():
    assert SMALL_VISION.patch_values == 768
    assert (AUDIO.head_dim, AUDIO.flattened) == (128, 1024)
    # 10 bins are halved to 5 and to 3
    assert AudioConfig(**SOUND, mel_bins=10, channels=(6, 2)).flattened == 6


def test_who_sees_and_hears():
    sees = {name: (preset(name).vision is not None, preset(name).audio is not None) for name in ("e4b-it", "31b-it")}
    assert sees == {"e4b-it": (True, True), "31b-it": (True, False)}
