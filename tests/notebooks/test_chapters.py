"""The shape of a chapter, and that its cells and the exercises belong together."""

import inspect
import re
from pathlib import Path

import jupytext
import pytest

from g4lab.config import preset
from g4lab.course.catalogue import CHAPTERS, chapter, exercise

SOURCES = Path(__file__).resolve().parents[2] / "notebooks" / "src"
BY_CHAPTER = {name: next(SOURCES.glob(f"{name.removeprefix('ch')}_*.py")) for name in CHAPTERS}


EVERY = sorted(SOURCES.glob("*.py"))
REAL = "## Now on the real one"


def prose_of(path: Path) -> str:
    return "\n\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")


def head_of(path: Path) -> tuple[str, str, int]:
    """Title, question and minutes, from the notebook's first lines."""
    prose = prose_of(path)
    title = re.search(r"^# (.+)$", prose, re.MULTILINE)[1]
    question = re.search(r"^\*\*(.+\?)\*\*$", prose, re.MULTILINE)[1]
    return title, question, int(re.search(r"^\| (\d+) minutes \|", prose, re.MULTILINE)[1])


@pytest.fixture(params=CHAPTERS)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return jupytext.read(BY_CHAPTER[name])


def stubs(notebook) -> list[str]:
    return [cell.source for cell in notebook.cells if "exercise" in cell.metadata.get("tags", ())]


def test_it_asks_for_a_guess_looks_checks_and_ends_with_the_real_one(notebook):
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    places = [prose.index(f"## {part}") for part in ("Predict", "Run", "Look", "Exercise 1", "Stretch", "Take away")]
    assert places == sorted(places)
    assert "## Now on the real one" in prose
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "predict(" in code and "measured(" in code and "widgets." in code and "fits(" in code


def test_every_guess_is_measured_under_the_same_name(notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert set(re.findall(r'predict\(("[^"]+"|\'[^\']+\')', code)) == set(
        re.findall(r'measured\(("[^"]+"|\'[^\']+\')', code)
    )


def test_its_exercises_are_those_of_its_chapter_and_each_is_checked(name, notebook):
    asked = [re.search(r"^def (\w+)", stub, re.MULTILINE)[1] for stub in stubs(notebook)]
    assert asked == [each.name for each in chapter(name)]
    code = "\n".join(cell.source for cell in notebook.cells)
    assert all(f"check({each})" in code for each in asked)


def test_a_stub_is_called_as_the_exercise_says_and_is_empty(notebook):
    for stub in stubs(notebook):
        scope = {}
        exec(compile(stub, "stub", "exec"), scope)
        (function,) = [value for value in scope.values() if inspect.isfunction(value)]
        asked = exercise(function.__name__)
        assert f"{function.__name__}{inspect.signature(function)}" == asked.call
        assert inspect.signature(function) == inspect.signature(asked.solution)
        assert function.__doc__


def test_the_model_is_named_in_one_place(notebook):
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert len(re.findall(r'"tiny-moe"|"random-e"|"tiny-e"', code)) == len(
        re.findall(r"^\w*MODEL = ", code, re.MULTILINE)
    )


@pytest.mark.parametrize("path", EVERY, ids=[path.stem for path in EVERY])
def test_code_fits_into_a_cell_beside_the_file_list(path):
    code = [line for cell in jupytext.read(path).cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    # bytes would count an accent twice; signs that join their neighbours still count for themselves
    assert [line for line in code if len(line) > 102] == []


@pytest.mark.parametrize("path", EVERY, ids=[path.stem for path in EVERY])
def test_its_head_says_time_what_comes_before_memory_and_network(path):
    title, question, minutes = head_of(path)
    assert title.startswith(f"{int(path.stem[:2])} · ") and question and 5 <= minutes <= 60
    heads, row = (re.search(rf"^\|{line}$", prose_of(path), re.MULTILINE) for line in (" time .*", r" \d+ minutes .*"))
    assert [cell.strip() for cell in heads[0].strip("|").split("|")] == ["time", "before this", "memory", "network"]
    assert all(cell.strip() for cell in row[0].strip("|").split("|"))


@pytest.mark.parametrize("path", EVERY, ids=[path.stem for path in EVERY])
def test_the_real_one_is_short_and_names_a_size_that_there_is(path):
    prose = prose_of(path).split(REAL)
    assert len(prose) == 2, "one such section"
    assert 10 <= len(prose[1].split()) <= 120
    after = path.read_text(encoding="utf-8").split(REAL)[1]
    named = re.findall(r'"((?:e2b|e4b|26b|31b)[a-z0-9-]*)"', after)
    assert named and all(preset(size) for size in named)


def test_the_setup_lists_every_chapter_as_it_is():
    rows = re.findall(r"^\| (\d) · ([\w ]+) \| (.+?\?) \| (\d+) \|$", prose_of(SOURCES / "00_setup.py"), re.MULTILINE)
    listed = {(int(number), word): (question, int(minutes)) for number, word, question, minutes in rows}
    found = {}
    for path in EVERY:
        if path.stem == "00_setup":
            continue
        title, question, minutes = head_of(path)
        number, word = title.split(" · ")
        found[int(number), word.removeprefix("The ").split(" and ")[0].lower()] = question, minutes
    assert listed == found


def test_the_guide_for_teachers_counts_the_same_minutes():
    guide = (SOURCES.parents[1] / "docs" / "teaching.md").read_text(encoding="utf-8")
    sums = re.findall(r"^\| \w+ \| ([\d +]+) \|", guide, re.MULTILINE)
    assert [int(part) for line in sums for part in line.split("+")] == [head_of(path)[2] for path in EVERY]


@pytest.mark.parametrize("path", EVERY, ids=[path.stem for path in EVERY])
def test_no_sentence_becomes_a_list(path):
    """A line that begins with "1. " starts a list, also in the middle of a sentence."""
    for cell in jupytext.read(path).cells:
        lines = cell.source.splitlines() if cell.cell_type == "markdown" else []
        for before, line in zip(lines, lines[1:], strict=False):
            begins = re.match(r"(\d+\.|[-+*]) ", line)
            assert not begins or not before.strip() or re.match(r"(\d+\.|[-+*]|  ) ?", before), (before, line)
