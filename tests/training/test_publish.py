"""From a run to a checkpoint that loads, with a card that holds the figures of an examination."""

import json

import pytest

import g4lab
from g4lab import training
from g4lab.errors import CheckpointError
from g4lab.training import recipes
from g4lab.training.run import train
from tests.training.micro import MICRO

pytestmark = pytest.mark.slow


def test_a_run_is_published_with_its_scores(tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "micro", MICRO)
    train(MICRO, tmp_path / "run", steps=2)
    training.publish("micro", tmp_path / "run", tmp_path / "micro", questions=1)
    scores = json.loads((tmp_path / "micro" / "scores.json").read_text())["scores"]
    card = (tmp_path / "micro" / "README.md").read_text()
    assert len(scores) == 15 and all(f"| {score['name']} |" in card for score in scores)
    assert "**missed**" in card  # two steps teach nothing
    assert g4lab.load(tmp_path / "micro").config == MICRO.config


def test_a_run_without_a_state_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "micro", MICRO)
    (tmp_path / "run").mkdir()
    with pytest.raises(CheckpointError):
        training.publish("micro", tmp_path / "run", tmp_path / "micro", questions=1)
    assert not (tmp_path / "micro").exists()
