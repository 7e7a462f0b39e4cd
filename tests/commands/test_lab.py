"""`g4lab lab`: which notebooks are opened, and that Jupyter asks no outside server."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from g4lab import places
from g4lab.cli import app
from g4lab.commands import lab


@pytest.fixture
def jupyter(monkeypatch) -> list:
    """What JupyterLab was started with."""
    calls = []
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", SimpleNamespace(main=calls.append))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    return calls


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """As if g4lab came from a wheel: two notebooks inside the package, an empty working folder."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    (shipped / "00_tour.ipynb").write_text("tour")
    (shipped / "01_more.ipynb").write_text("more")
    monkeypatch.setattr(places, "checkout", lambda: None)
    monkeypatch.setattr(places, "notebooks", lambda: shipped)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_a_repository_opens_its_own_notebooks(jupyter):
    assert CliRunner().invoke(app, ["lab", "--no-browser", "--port", "9999"]).exit_code == 0
    (arguments,) = jupyter
    assert f"--ServerApp.root_dir={places.checkout() / 'notebooks'}" in arguments
    assert {"--LabApp.default_url=/lab/tree/00_tour.ipynb", "--no-browser", "--ServerApp.port=9999"} <= set(arguments)


def test_an_installed_package_copies_its_notebooks(jupyter, installed):
    result = CliRunner().invoke(app, ["lab"])
    assert result.exit_code == 0
    folder = installed / "g4lab-notebooks"
    assert sorted(path.name for path in folder.iterdir()) == ["00_tour.ipynb", "01_more.ipynb"]
    assert f"--ServerApp.root_dir={folder}" in jupyter[0]


def test_a_file_of_the_users_is_never_overwritten(jupyter, installed):
    mine = installed / "mine" / "00_tour.ipynb"
    mine.parent.mkdir()
    mine.write_text("my notes")
    result = CliRunner().invoke(app, ["lab", "--folder", "mine"])
    assert mine.read_text() == "my notes"
    assert (mine.parent / "01_more.ipynb").read_text() == "more"
    assert "Keeping your" in result.output and "01_more" not in result.output


def test_news_and_updates_are_off(jupyter, installed):
    CliRunner().invoke(app, ["lab"])
    assert {"--LabApp.news_url=None", "--LabApp.extension_manager=readonly"} <= set(jupyter[0])
    ours, theirs = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "theirs"
    settings = json.loads(Path(ours, "labconfig", "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_jupyterlab_reads_those_settings(monkeypatch):
    from jupyterlab_server.settings_utils import _get_overrides

    monkeypatch.setenv("JUPYTER_CONFIG_PATH", lab.settings_path({}))
    overrides, error = _get_overrides("no-such-folder")
    assert overrides["@jupyterlab/apputils-extension:notification"]["checkForUpdates"] is False, error


def test_without_jupyterlab_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["lab"])
    assert result.exit_code == 1 and 'pip install "g4lab[lab]"' in result.stderr
