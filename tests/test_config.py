"""The numbers of the released sizes, and every contradiction that a config refuses."""

import dataclasses
import json
import subprocess
import sys

import pytest

from g4lab.config import PRESETS, TextConfig, preset, repeat_pattern
from g4lab.errors import ConfigError

SMALL = TextConfig(name="small", width=8, kinds=("local", "global"), heads=4, kv_heads=2, feedforward=16, window=4)
MIXTURE = {"experts": 4, "chosen": 2, "expert_feedforward": 8}

CONTRADICTIONS = {
    "width is 0": {"width": 0},
    "heads is -4": {"heads": -4},
    "kv_heads is 0": {"kv_heads": 0},
    "global_kv_heads is -2": {"global_kv_heads": -2, "key_is_value": True},
    "window is 0": {"window": 0},
    "vocab_size is 0": {"vocab_size": 0},
    "feedforward is 0": {"feedforward": 0},
    "softcap is 0": {"softcap": 0.0},
    "norm_eps is 0": {"norm_eps": 0.0},
    "local_theta is -1": {"local_theta": -1.0},
    "ple_dim is -8": {"ple_dim": -8},
    "shared_layers is -1": {"shared_layers": -1},
    "experts is -1": {"experts": -1},
    "rotary_fraction is 0": {"rotary_fraction": 0.0},
    "rotary_fraction is 1.5": {"rotary_fraction": 1.5},
    "kinds is empty": {"kinds": ()},
    "kinds holds ['sliding']": {"kinds": ("sliding", "global")},
    "4 query heads cannot share 3": {"kv_heads": 3},
    "4 query heads cannot share 8": {"global_kv_heads": 8, "key_is_value": True},
    "head_dim is odd": {"head_dim": 7},
    "global_head_dim is odd": {"global_head_dim": 9},
    "the last 2 of 2 layers borrow": {"shared_layers": 2},
    "the last 3 of 2 layers borrow": {"shared_layers": 3},
    "the last 1 of 2 layers borrow": {"shared_layers": 1},  # the global layer finds no global one before it
    "experts=4, chosen=2, expert_feedforward=0": MIXTURE | {"expert_feedforward": 0},
    "experts=4, chosen=0": MIXTURE | {"chosen": 0},
    "experts=0, chosen=2": MIXTURE | {"experts": 0},
    "more experts chosen than there are": MIXTURE | {"chosen": 5},
}


@pytest.mark.parametrize(("what", "changes"), CONTRADICTIONS.items(), ids=CONTRADICTIONS)
def test_a_contradiction_is_named(what, changes):
    with pytest.raises(ConfigError) as error:
        SMALL.replace(**changes)
    assert error.value.what.startswith(what)
    assert error.value.where == "config 'small'"
    assert error.value.next


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_json_holds_a_config(config):
    assert TextConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_an_unknown_field_is_named():
    with pytest.raises(ConfigError, match=r"unknown fields \['wdith'\]"):
        TextConfig.from_dict(SMALL.to_dict() | {"wdith": 8})


def test_missing_fields_are_named():
    values = SMALL.to_dict()
    del values["width"], values["window"]
    with pytest.raises(ConfigError, match=r"missing fields \['width', 'window'\]"):
        TextConfig.from_dict(values)


def test_a_config_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SMALL.width = 16


def test_the_presets():
    assert list(PRESETS) == ["e2b", "e2b-it", "e4b", "e4b-it", "26b-a4b", "26b-a4b-it", "31b", "31b-it"]
    assert all(config.name == name for name, config in PRESETS.items())
    with pytest.raises(ConfigError, match="choose one of e2b, e2b-it"):
        preset("12b")


@pytest.mark.parametrize("name", ["e2b", "e4b", "26b-a4b", "31b"])
def test_instruction_tuning_changes_only_what_ends_a_reply(name):
    tuned = preset(f"{name}-it")
    assert tuned.eos_ids == (1, 106, 50)
    assert tuned.replace(name=name, eos_ids=(1,)) == preset(name)


def test_what_all_sizes_have_in_common():
    for config in PRESETS.values():
        assert (config.vocab_size, config.softcap, config.norm_eps) == (262_144, 30.0, 1e-6)
        assert (config.local_theta, config.global_theta, config.rotary_fraction) == (10_000.0, 1_000_000.0, 0.25)
        assert (config.head_dim, config.global_head_dim) == (256, 512)
        assert (config.pad_id, config.bos_id) == (0, 2)


def test_a_pattern_repeats_and_ends_with_a_global_layer():
    assert repeat_pattern(5, 1) == ("local", "global", "local", "global", "global")
    assert repeat_pattern(6, 2) == ("local", "local", "global", "local", "local", "global")


def test_a_preset_is_planned_without_a_backend():
    code = (
        "import sys; from g4lab.config import preset; from g4lab.models.plan import plan, parameter_counts\n"
        "plan(preset('31b')); parameter_counts(preset('31b'))\n"
        "print({'keras', 'jax', 'torch', 'tensorflow'} & set(sys.modules))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "set()"
