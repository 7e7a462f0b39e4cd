"""`g4lab doctor`: what is here, and what fits."""

import json

import pytest
from typer.testing import CliRunner

from g4lab import runtime
from g4lab.cli import app
from g4lab.commands import doctor, fits, machine
from g4lab.config import PRESETS
from g4lab.models.plan import parameter_counts

GIB = 2**30


def test_the_report_is_json():
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0
    report = json.loads(result.output)
    assert report["backends"]["chosen"] in report["backends"]["installed"]
    assert report["system"]["memory_bytes"] > report["system"]["memory_available_bytes"] > 0
    numpy = next(package for package in report["packages"] if package["name"] == "numpy")
    assert numpy["fits"] and numpy["extras"] == []


def test_the_tables_say_what_fits(monkeypatch):
    monkeypatch.setattr(machine, "graphics_cards", lambda: [{"name": "Card 9000", "memory_bytes": 80 * GIB}])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert "Card 9000, 80.0 GiB" in result.output
    row = next(line for line in result.output.splitlines() if line.split()[:2] == ["31b", "bf16"])
    assert "graphics card" in row


def test_without_a_backend_it_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(runtime, "installed_backends", lambda: [])
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0
    assert 'pip install "g4lab[jax]"' in result.output


@pytest.mark.parametrize(
    ("memory", "fitting"),
    [
        (8 * GIB, set()),
        (16 * GIB, {("e2b", "bf16"), ("e2b", "nf4"), ("e4b", "nf4")}),
        (
            24 * GIB,
            {(n, "nf4") for n in ("e2b", "e4b", "26b-a4b", "31b")} | {("e2b", "bf16"), ("e4b", "bf16")},
        ),
    ],
)
def test_what_fits_grows_with_memory(memory, fitting):
    rows = doctor._fits(memory, cards=[])
    assert {(row["name"], row["storage"]) for row in rows if row["fits"]["memory"]} == fitting
    assert not any(row["fits"]["graphics_card"] for row in rows)


@pytest.mark.parametrize("config", PRESETS.values(), ids=PRESETS)
def test_what_a_size_needs(config):
    plain, packed = fits.need(config, "bf16"), fits.need(config, "nf4")
    assert plain.weights == 2 * sum(parameter_counts(config).values())
    assert packed.weights < plain.weights and packed.cache == plain.cache
    assert packed.peak > packed.weights + packed.largest


def test_a_card_is_read_from_the_drivers_tool(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA A, B, 81559'\necho 'Small, 4096'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert machine.graphics_cards() == [
        {"name": "NVIDIA A, B", "memory_bytes": 81559 * 2**20},
        {"name": "Small", "memory_bytes": 4096 * 2**20},
    ]
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert machine.graphics_cards() == []
