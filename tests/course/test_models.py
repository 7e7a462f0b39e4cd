"""The untrained network that stands beside the trained one as a baseline: its parts are there, and they count."""

import numpy as np
import pytest

from g4lab.course import load


@pytest.fixture(scope="module")
def lab():
    return load("random-e")


def test_it_says_that_it_is_random_and_has_the_parts_of_e2b(lab):
    assert "random" in repr(lab)
    assert lab.config.ple_dim and lab.config.shared_layers and lab.config.double_wide and not lab.config.experts
    assert any(layer.borrows for layer in lab.plan)


def test_it_is_the_same_each_time(lab):
    ids = [2, 40, 41, 42]
    np.testing.assert_array_equal(lab.logits(ids), load("random-e").logits(ids))


@pytest.mark.parametrize("site", ["layers.*.ple.output", "layers.2.attention.k", "layers.6.attention.heads"])
def test_each_part_counts(lab, site):
    ids = [2, *range(40, 60)]
    before = lab.logits(ids)
    with lab.edit({site: lambda x: x * 0}):
        assert np.abs(lab.logits(ids) - before).max() > 0.01


def test_it_has_the_shape_and_the_pieces_of_the_trained_one(lab):
    trained = load("tiny-e")
    assert lab.config.replace(name="tiny-e") == trained.config.replace(vision=None, audio=None)
    text = "The red ball is in the"
    assert lab.tokenizer.encode(text) == trained.tokenizer.encode(text)


def test_other_names_are_those_of_g4lab():
    assert load("tiny-moe").config.experts
