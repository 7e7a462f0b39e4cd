"""`g4lab bench`: runs the repository's scripts, and says so where there is no repository."""

import pytest
from typer.testing import CliRunner

from g4lab import places
from g4lab.cli import app


@pytest.fixture
def repository(monkeypatch, tmp_path):
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "decode.py").write_text("open('ran', 'a').write('decode ')")
    (folder / "prefill.py").write_text("open('ran', 'a').write('prefill '); raise SystemExit(3)")
    (folder / "_shared.py").write_text("open('ran', 'a').write('shared ')")
    monkeypatch.setattr(places, "checkout", lambda: tmp_path)
    return tmp_path


def bench(*arguments: str):
    return CliRunner().invoke(app, ["bench", *arguments])


def test_the_named_benchmark_runs_from_the_repository(repository):
    assert bench("decode").exit_code == 0
    assert (repository / "ran").read_text() == "decode "


def test_all_run_and_a_failure_is_reported_at_the_end(repository):
    result = bench()
    assert (repository / "ran").read_text() == "decode prefill "
    assert result.exit_code == 1 and "failed: prefill" in result.stderr


def test_an_unknown_benchmark_is_refused(repository):
    result = bench("decoed")
    assert result.exit_code == 1 and "choose from decode, prefill" in result.stderr
    assert not (repository / "ran").exists()


def test_an_installed_package_says_where_they_are(monkeypatch):
    monkeypatch.setattr(places, "checkout", lambda: None)
    result = bench()
    assert result.exit_code == 1 and "clone of the g4lab repository" in result.stderr
