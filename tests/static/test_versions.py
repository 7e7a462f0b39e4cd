"""pyproject.toml, environment.yml, the pre-commit hook and the changelog tell the same versions."""

import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import g4lab

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
PINS = next(entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))


def required(*extras: str) -> dict[str, SpecifierSet]:
    lines = [
        *PROJECT["dependencies"],
        *(line for e in extras for line in PROJECT["optional-dependencies"][e]),
    ]
    return {r.name: r.specifier for r in map(Requirement, lines) if r.name != "g4lab"}


def test_the_conda_environment_holds_what_make_lab_installs():
    pinned = {Requirement(pin).name for pin in PINS if not pin.startswith("-")}
    assert pinned == set(required("jax", "lab", "media"))
    assert PINS[-1] == "-e ."
    assert ENVIRONMENT["variables"]["KERAS_BACKEND"] == "jax"


@pytest.mark.parametrize("pin", [pin for pin in PINS if not pin.startswith("-")])
def test_each_pin_of_the_conda_environment_is_exact_and_in_range(pin):
    name, _, version = pin.partition("==")
    assert version in required("jax", "lab", "media")[name]


def test_the_python_of_the_conda_environment_is_in_range():
    python = next(entry for entry in ENVIRONMENT["dependencies"] if str(entry).startswith("python="))
    assert python.split("=")[1] in SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_every_dependency_has_a_lower_and_an_upper_bound(extra):
    unbounded = [
        name
        for name, range in required(extra).items()
        if {spec.operator for spec in range} not in ({">=", "<"}, {"=="}) and name not in ("packaging",)
    ]
    assert not unbounded


def test_the_hook_runs_the_ruff_that_make_lint_runs():
    hook = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"][0]
    assert hook["additional_dependencies"] == PROJECT["optional-dependencies"]["lint"]


def test_the_changelog_knows_this_version():
    assert f"## [{g4lab.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
