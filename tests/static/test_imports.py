"""The direction of imports, and what importing costs: two laws that keep g4lab readable and quick."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import g4lab

PACKAGE = Path(g4lab.__file__).parent
BASE = {"errors", "config", "encoder_config"}

# checkpoints -> models -> sites -> Trace -> metrics -> views: each part, and the parts that it may import.
# A Trace is numpy and knows no model; a view knows the Trace; a model does not know that it is watched.
MAY_IMPORT = {
    "errors": set(),
    "encoder_config": {"errors"},
    "config": {"errors", "encoder_config"},
    "places": {"errors"},
    "runtime": BASE,
    "text": BASE,
    # Numpy arrays; the prompt's slots for media are text's.
    "media": BASE | {"text", "tracing.threads"},
    "inputs": BASE | {"text"},
    "prompt": BASE | {"inputs", "media", "text"},
    "encoded": BASE | {"runtime", "media", "models", "generation", "prompt", "text"},
    # plan.py holds the rows of a table, no layers.
    "tracing": BASE | {"text", "models.plan"},
    "models": BASE | {"runtime"},
    "checkpoints": BASE | {"runtime", "text"},
    "generation": BASE | {"runtime", "models", "text"},
    # A view may say what to change in a model, in numbers; the model is handed to it and does the work.
    # It draws a config's plan and its rotary frequencies, and reads a prompt and its media, as the model does.
    "widgets": BASE
    | {
        "tracing",
        "text",
        "inputs",
        "prompt",
        "media",
        "models.rerouting",
        "models.switching",
        "models.cutting",
        "models.plan",
        "models.frequencies",
    },
    "lensing": BASE | {"runtime", "tracing", "models"},
    # What load() returns, by idea: it reads, it writes, and it comes from somewhere.
    "reader": BASE | {"prompt", "encoded", "lensing", "runtime", "text", "tracing", "models", "generation"},
    "writer": BASE | {"inputs", "prompt", "encoded", "reader", "text", "generation"},
    "lab": BASE | {"writer", "models", "checkpoints"},
    "training": BASE
    | {"runtime", "text", "media", "prompt", "places", "tracing", "models", "checkpoints", "generation", "lab"},
    # A chapter's checks are numpy; one file builds the random network, one asks the doctor's arithmetic, one finds the
    # lesson files.
    "course": BASE
    | {
        "lab",
        "places",
        "text",
        "models",
        "checkpoints",
        "commands.fits",
        "commands.machine",
        "commands.output",
        "widgets.still",
    },
    "exporting": set(),
    "commands": BASE | {"runtime", "places", "models", "checkpoints", "training", "lab"},
    "cli": BASE | {"commands"},
}
BACKENDS = {"jax", "jaxlib", "tensorflow", "torch"}
KNOWS_BACKENDS = {"runtime.py"}
NO_KERAS = {
    "errors",
    "config",
    "encoder_config",
    "places",
    "text",
    "media",
    "tracing",
    "widgets",
    "course",
    "commands",
    "cli",
}
HEAVY = [
    "keras",
    "jax",
    "tensorflow",
    "torch",
    "transformers",
    "keras_hub",
    "IPython",
    "anywidget",
    "huggingface_hub",
    "av",
    "soxr",
    "scipy",
]

FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py" or path.parent != PACKAGE]


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Each imported module with its line, `from a import b` as a.b; those for type checkers do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"), path)
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively; name the module in full"
            yield from ((node.lineno, f"{node.module}.{name.name}") for name in node.names)


@pytest.fixture(params=FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])
def file(request) -> Path:
    return request.param


def test_nothing_imports_against_the_direction(file):
    part = part_of(file)
    assert part in MAY_IMPORT, f"{part} is new: say in MAY_IMPORT what it may import"
    for line, module in imports(file):
        top, _, rest = module.partition(".")
        if top != "g4lab" or not rest or rest == "__version__":
            continue
        home = g4lab._HOMES.get(rest, module).split(".")
        allowed = {home[1], ".".join(home[1:3])} & (MAY_IMPORT[part] | {part})
        assert allowed, f"{file}:{line}: {part} may not import {'.'.join(home[1:])}"


def test_only_the_runtime_names_a_backend(file):
    if file.name in KNOWS_BACKENDS and file.parent == PACKAGE:
        return
    named = [(line, module) for line, module in imports(file) if module.split(".")[0] in BACKENDS]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named += [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in BACKENDS
    ]
    assert not named, f"{file} names a backend: {named}; ask g4lab.runtime instead"


def test_what_must_not_know_keras_does_not(file):
    if part_of(file) in NO_KERAS:
        named = [(line, module) for line, module in imports(file) if module.split(".")[0] == "keras"]
        assert not named, f"{file} imports Keras: {named}"


def test_nothing_unpickles(file):
    named = [(line, m) for line, m in imports(file) if m.split(".")[0] in {"pickle", "dill", "joblib", "marshal"}]
    assert not named, f"{file} imports {named}"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert ast.literal_eval(node.value) is False, f"{file}:{node.lineno} allows pickle"


def loaded_by(statement: str) -> set[str]:
    """The heavy modules that a fresh Python has loaded after one statement."""
    code = f"{statement}\nimport sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(child.stdout))


@pytest.mark.parametrize(
    "statement",
    [
        "import g4lab",
        "import g4lab; dir(g4lab)",
        "from g4lab import Trace, G4LabError",
        "from g4lab import text",
        "from g4lab import media",
        "import g4lab.runtime",
        "from g4lab.models.plan import plan, parameter_counts",
        "from g4lab.models.frequencies import inverse_frequencies",
        "import g4lab.cli",
        "import g4lab.course",
    ],
)
def test_importing_is_light(statement):
    assert loaded_by(statement) == set()


def test_importing_g4lab_imports_almost_nothing():
    code = "import sys; before = set(sys.modules); import g4lab; print(len(set(sys.modules) - before))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(child.stdout) < 40


def test_every_public_name_is_there():
    for name in g4lab.__all__:
        assert getattr(g4lab, name) is not None
    assert set(g4lab.__all__) <= set(dir(g4lab))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = g4lab.nothing
