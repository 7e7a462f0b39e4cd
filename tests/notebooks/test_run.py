"""Each notebook runs as it is from a fresh kernel with the network closed, in its stated minutes.

Solved, and on the other backends, they run in `test_backends.py`, where the chapters of a backend share a process.
"""

import re
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from g4lab.course.guesses import FOLDER
from tests.notebooks.solved import NOTEBOOKS, asked, verdicts

pytestmark = pytest.mark.slow


def minutes(notebook) -> int:
    """What the notebook says it takes."""
    stated = re.search(r"^\| (\d+) minutes \|", "\n".join(cell.source for cell in notebook.cells), re.MULTILINE)
    assert stated, "the notebook does not state its minutes"
    return int(stated[1])


def run(notebook, folder: Path, monkeypatch) -> list:
    """Execute it and return what it showed; neither the repository nor the home folder is written to."""
    monkeypatch.setenv(FOLDER, str(folder / "home"))
    start = time.monotonic()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    assert time.monotonic() - start < 60 * minutes(notebook)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    return [output.data for output in outputs if "data" in output]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_it_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    names = asked(notebook)
    shown = run(notebook, tmp_path, monkeypatch)
    assert any("text/html" in data for data in shown)
    assert verdicts(shown) == [f"○ not started · {name}" for name in names]
