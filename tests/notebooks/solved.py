"""Notebooks with the solutions put in, and what their checks said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat

from g4lab.course.catalogue import exercise

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
WITH_EXERCISES = [path for path in NOTEBOOKS if "exercise" in path.read_text(encoding="utf-8")]


def asked(notebook) -> list[str]:
    """The names of the functions that its exercises ask for."""
    return [_name(cell) for cell in notebook.cells if _is_exercise(cell)]


def solved(notebook):
    """The notebook with a cell after each exercise that takes the solution in the place of the stub."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if _is_exercise(cell):
            name = _name(cell)
            home = exercise(name).solution.__module__
            assert hasattr(import_module(home), name)
            cells.append(nbformat.v4.new_code_cell(f"from {home} import {name}"))
    notebook.cells = cells
    return notebook


def verdicts(shown: Iterable[Mapping[str, Any]]) -> list[str]:
    """The first line of every check's verdict, among what cells showed by mime type."""
    texts = [data.get("text/plain", "") for data in shown]
    return [text.splitlines()[0] for text in texts if text.startswith(("✔", "○", "✘"))]


def _is_exercise(cell) -> bool:
    return "exercise" in cell.metadata.get("tags", ())


def _name(cell) -> str:
    return re.search(r"^def (\w+)", cell.source, re.MULTILINE)[1]
