import json
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "notebooks"
BUILD = runpy.run_path(str(ROOT / "build.py"))
SOURCES = sorted((ROOT / "src").glob("*.py"))


@pytest.fixture(params=SOURCES, ids=[source.stem for source in SOURCES])
def source(request):
    return request.param


def cells_of(source) -> list[dict]:
    return json.loads(BUILD["build"](source))["cells"]


def test_the_built_notebook_is_what_its_source_says(source):
    assert BUILD["target"](source).read_text(encoding="utf-8") == BUILD["build"](source), "run `make notebooks`"


def test_no_notebook_is_without_a_source():
    assert {path.stem for path in ROOT.glob("*.ipynb")} == {path.stem for path in SOURCES}


def test_building_twice_gives_the_same_bytes(source):
    assert BUILD["build"](source) == BUILD["build"](source)


def test_it_says_where_to_edit_and_holds_no_outputs(source):
    first, *_ = cells_of(source)
    assert f"notebooks/src/{source.name}" in "".join(first["source"])
    code = [cell for cell in cells_of(source) if cell["cell_type"] == "code"]
    assert code and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_cells_are_short(source):
    for cell in cells_of(source):
        if cell["cell_type"] == "code":
            assert len(cell["source"]) <= 15, "".join(cell["source"])
