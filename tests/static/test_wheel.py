"""A wheel holds everything that the commands need outside the repository."""

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the unpacked wheel in it, built from this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def files(folder: Path, pattern: str = "**/*") -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.glob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_the_corpus_and_the_notebooks(installed):
    assert files(ROOT / "g4lab") <= files(installed / "g4lab")
    assert files(installed / "g4lab" / "_datasets") == files(ROOT / "datasets")
    assert files(installed / "g4lab" / "_notebooks") == files(ROOT / "notebooks", "*.ipynb")


@pytest.mark.parametrize("suffix", [".js", ".css", ".safetensors", ".ipynb", ".json"])
def test_the_wheel_holds_more_than_python(installed, suffix):
    assert any(name.endswith(suffix) for name in files(installed))


def test_an_installed_package_finds_its_own(installed, tmp_path):
    code = (
        "from g4lab import places; print(places.checkout());"
        "print(places.notebooks().joinpath('00_tour.ipynb').is_file(), places.datasets().is_dir(), places.PACKAGE)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.split() == ["None", "True", "True", str(installed / "g4lab")]


@pytest.mark.slow
def test_an_installed_package_runs_the_tour(installed, tmp_path):
    # The cells as one program: a kernel would need the package in the environment that Jupyter starts.
    cells = json.loads((installed / "g4lab" / "_notebooks" / "00_tour.ipynb").read_text(encoding="utf-8"))["cells"]
    program = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    (tmp_path / "tour.py").write_text(program + f"\nassert g4lab.__file__.startswith({str(installed)!r})\n")
    env = {**os.environ, "PYTHONPATH": str(installed)}
    child = subprocess.run([sys.executable, "tour.py"], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert child.returncode == 0, child.stderr
    assert "pure chance" in child.stdout
