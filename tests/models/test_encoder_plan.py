"""Parameters of the encoders: the published numbers to the unit."""

import json

import pytest

from g4lab.config import preset
from g4lab.models.encoder_plan import audio_parameters, encoder_counts, vision_parameters
from g4lab.models.plan import parameter_counts
from tests.commands.test_info import info

# Of the whole checkpoints, as transformers builds them without weights.
WHOLE = {"e2b": 5_104_297_504, "e4b": 7_941_100_832, "26b-a4b": 25_805_933_872, "31b": 31_273_086_512}


@pytest.mark.parametrize(("name", "total"), WHOLE.items())
def test_the_whole_model_is_counted_exactly(name, total):
    config = preset(name)
    assert sum(parameter_counts(config).values()) + sum(encoder_counts(config).values()) == total
    assert json.loads(info(name, "--json"))["total_parameters_with_encoders"] == total
    assert f"{total:,}" in info(name)


def test_the_encoders_alone():
    small, large = preset("e2b"), preset("31b")
    assert vision_parameters(small.vision) == vision_parameters(preset("e4b").vision) == 167_364_608
    assert audio_parameters(small.audio) == audio_parameters(preset("e4b").audio) == 304_824_608
    assert vision_parameters(large.vision) == vision_parameters(preset("26b-a4b").vision) == 569_548_080
    assert large.audio is None and preset("26b-a4b").audio is None


def test_projections_into_the_text_model_by_hand():
    assert encoder_counts(preset("e2b"))["vision projection"] == 768 * 1536
    assert encoder_counts(preset("e4b"))["audio projection"] == 1536 * 2560
    assert encoder_counts(preset("31b")) == {"vision encoder": 569_548_080, "vision projection": 1152 * 5376}


def test_a_model_of_text_alone_has_none():
    assert encoder_counts(preset("e2b").replace(vision=None, audio=None)) == {}
