"""The command line as a whole: help, versions, and how a user's mistake looks."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import g4lab
from g4lab.cli import app

WORDS = ["lab", "info", "generate", "train", "bench", "doctor"]


def run(*arguments: str, **options):
    return CliRunner().invoke(app, list(arguments), **options)


def test_the_version():
    assert run("--version").output == f"g4lab {g4lab.__version__}\n"


def test_the_help_names_every_command():
    result = run("--help")
    assert result.exit_code == 0
    assert all(word in result.output for word in WORDS)


@pytest.mark.parametrize("word", WORDS)
def test_every_command_has_help(word):
    assert run(word, "--help").exit_code == 0


def test_a_mistake_is_a_panel_and_exit_code_1():
    result = run("info", "e9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no model 'e9'" in result.stderr
    assert "next: give" in result.stderr and "e2b-it" in result.stderr
    assert "Traceback" not in result.stderr


def test_square_brackets_in_an_error_are_printed_as_they_are():
    assert "'[red]x'" in run("info", "[red]x").stderr


def test_the_installed_command_does_the_same():
    child = subprocess.run(
        [sys.executable, "-c", "from g4lab.cli import main; main()", "info", "e9"],
        capture_output=True,
        text=True,
    )
    assert (child.returncode, "Traceback" in child.stderr) == (1, False)
    assert "InputError" in child.stderr


def test_a_defect_of_ours_is_not_hidden(monkeypatch):
    monkeypatch.setattr("g4lab.commands.info.preset", lambda name: 1 / 0)
    assert isinstance(run("info", "e2b").exception, ZeroDivisionError)
