"""Each notebook runs untouched and solved on JAX, TensorFlow and PyTorch, and measures the same on all of them."""

import json
import os
import subprocess
import sys

import nbformat
import pytest

from g4lab.course.guesses import FOLDER
from tests.notebooks.solved import NOTEBOOKS, WITH_EXERCISES, asked

BACKENDS = ("jax", "tensorflow", "torch")
RUNS = [f"{path.stem} untouched" for path in NOTEBOOKS] + [f"{path.stem} solved" for path in WITH_EXERCISES]
ASKED = {path.stem: asked(nbformat.read(path, as_version=4)) for path in NOTEBOOKS}
MARKS = {"untouched": "○ not started", "solved": "✔ passed"}

pytestmark = [pytest.mark.backend, pytest.mark.slow]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What came of every notebook, by backend: a process for each."""
    folder, results = tmp_path_factory.mktemp("chapters"), {}
    for backend in BACKENDS:
        own = {"KERAS_BACKEND": backend, FOLDER: str(folder / backend), "IPYTHONDIR": str(folder / "ipython")}
        if backend == "torch":
            own["OMP_NUM_THREADS"] = "1"  # small products: threads that wait for each other cost more than they save
        child = subprocess.run(
            [sys.executable, "-m", "tests.notebooks._chapters", str(folder / f"{backend}.json")],
            env=os.environ | own | {"TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        assert child.returncode == 0, child.stderr[-3000:]
        results[backend] = json.loads((folder / f"{backend}.json").read_text())
    return results


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", RUNS)
def test_it_runs_and_its_checks_say_what_they_should(found, backend, name):
    result, (stem, way) = found[backend][name], name.split()
    assert result["failed"] is None, result["failed"]
    assert result["shown"] > 0
    assert result["verdicts"] == [f"{MARKS[way]} · {exercise}" for exercise in ASKED[stem]]


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_what_is_measured_is_the_same(found, backend):
    compared = 0
    for name, result in found["jax"].items():
        for question, value in result["measured"].items():
            assert found[backend][name]["measured"][question] == pytest.approx(value, rel=1e-3, abs=1e-4), question
            compared += 1
    assert compared >= 2 * len(WITH_EXERCISES)
