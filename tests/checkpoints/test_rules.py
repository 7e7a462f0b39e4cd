"""Layouts read the same line in both directions, and both tables name every parameter."""

import numpy as np
import pytest

from g4lab.checkpoints import huggingface, huggingface_encoders, kerashub, kerashub_encoders
from g4lab.checkpoints.rules import Layout, Rule
from tests.checkpoints.models import CONFIG, network, values
from tests.parity.media_configs import AUDIO, VISION

TABLES = {
    "huggingface": huggingface.TABLE + huggingface_encoders.ENCODERS,
    "keras-hub": kerashub.TABLE + kerashub_encoders.ENCODERS,
}
SEEING = CONFIG.replace(vision=VISION.replace(layers=1, standardised=True), audio=AUDIO.replace(layers=2))


def test_a_layout_names_what_numpy_does():
    ours = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(Layout("dnh -> (nh)d").view(ours), ours.transpose(1, 2, 0).reshape(12, 2))
    assert np.array_equal(Layout("nhd -> d(nh)").view(ours), ours.transpose(2, 0, 1).reshape(4, 6))
    assert np.array_equal(Layout("edf -> efd").view(ours), ours.transpose(0, 2, 1))
    assert Layout("x -> ").view(np.ones(1)).shape == ()


@pytest.mark.parametrize("text", sorted({rule.layout.text for table in TABLES.values() for rule in table.rows}))
def test_every_layout_is_a_view_so_that_loading_writes_through_it(text):
    layout = Layout(text)
    ours = np.zeros((1,) if "x" in text else tuple(range(2, 2 + len(text.split(" ->")[0]))))
    view = layout.view(ours)
    assert np.shares_memory(view, ours)
    assert view.shape == layout.shape(ours.shape)


def test_joined_parameters_lie_one_after_the_other():
    rule = Rule("gate_up", ("gate", "up"), Layout("edf -> efd"), joined=1)
    gate, up = np.zeros((2, 3, 4)), np.ones((2, 3, 4))
    theirs = rule.save({"gate": gate, "up": up})
    assert theirs.shape == rule.shape({"gate": gate.shape, "up": up.shape}) == (2, 8, 3)
    assert theirs[:, :4].max() == 0 and theirs[:, 4:].min() == 1
    back = {"gate": np.full((2, 3, 4), 9.0), "up": np.full((2, 3, 4), 9.0)}
    rule.load(slice(0, 1), theirs[:1], back)
    rule.load(slice(1, 2), theirs[1:], back)
    assert np.array_equal(back["gate"], gate) and np.array_equal(back["up"], up)


@pytest.mark.parametrize("library", TABLES)
def test_a_table_covers_every_parameter_once(library):
    parameters = network(SEEING).named_variables()
    covered = [name for rule in TABLES[library].rules(parameters) for name in rule.ours]
    assert sorted(covered) == sorted(parameters)


@pytest.mark.parametrize("library", TABLES)
def test_no_two_rules_are_of_one_name(library):
    names = [rule.theirs for rule in TABLES[library].rules(network(SEEING).named_variables())]
    assert len(set(names)) == len(names)


def test_names_may_stand_under_a_prefix():
    table = huggingface.TABLE.under("a.") + huggingface_encoders.ENCODERS.under("b.")
    names = [rule.theirs for rule in table.rules(["layers.3.layer_scalar", "audio.layers.11.norm.scale"])]
    assert names == ["a.layers.3.layer_scalar", "b.audio_tower.layers.11.norm_out.weight"]


@pytest.mark.parametrize("library", TABLES)
def test_saved_and_loaded_is_the_same(library):
    parameters = values(network(SEEING))
    for rule in TABLES[library].rules(parameters):
        back = {name: np.full_like(parameters[name], np.nan) for name in rule.ours}
        rule.load(slice(None), rule.save(parameters), back)
        assert all(np.array_equal(back[name], parameters[name]) for name in rule.ours), rule.theirs
