"""`g4lab train`: where a run goes, and that one is never begun over another."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import g4lab
from g4lab.cli import app


@pytest.fixture
def runs(monkeypatch, tmp_path) -> list:
    """The calls that reach the training, in an empty working folder."""
    runs = []
    training = SimpleNamespace(
        run=lambda *call: runs.append(call), publish=lambda *call: runs.append(("publish", *call))
    )
    monkeypatch.setitem(sys.modules, "g4lab.training", training)
    monkeypatch.setattr(g4lab, "training", training, raising=False)
    monkeypatch.chdir(tmp_path)
    return runs


def train(*arguments: str):
    return CliRunner().invoke(app, ["train", "tiny-moe", *arguments])


def test_a_run_goes_to_its_own_folder(runs):
    assert train("--steps", "5", "--seed", "3").exit_code == 0
    assert runs == [("tiny-moe", Path("runs/tiny-moe"), 5, 3)]


def test_a_run_is_not_begun_over_another(runs):
    Path("mine").mkdir()
    Path("mine/loss.csv").touch()
    result = train("--out", "mine")
    assert result.exit_code == 1 and "add --resume" in result.stderr
    assert runs == []
    assert train("--out", "mine", "--resume").exit_code == 0
    assert runs == [("tiny-moe", Path("mine"), None, 0)]


def test_there_must_be_something_to_resume(runs):
    result = train("--resume")
    assert result.exit_code == 1 and "holds no run" in result.stderr
    assert runs == []


def test_a_trained_model_is_published_on_request(runs):
    assert train("--publish", "out", "--questions", "7").exit_code == 0
    assert runs[1:] == [("publish", "tiny-moe", Path("runs/tiny-moe"), Path("out"), 7)]
