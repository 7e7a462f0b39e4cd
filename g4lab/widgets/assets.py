"""The JavaScript and CSS of a view, joined into one text each.

The files in `static/` are ordinary ES modules that import each other by relative path, so that editors and Node read
them as they are. A notebook's host takes a single module: here the imported files are written one after the other,
each once and before those that need it, without the import lines. So names are unique across the files; a test
holds that, and that no file names an address on the network.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)


@cache
def script(*modules: str) -> str:
    """One ES module that holds `modules` and everything they import."""
    return "".join(IMPORT.sub("", _source(name)) for name in _in_order(modules))


@cache
def style(*modules: str) -> str:
    """The CSS of `modules` and of everything they import; a module's rules lie beside it under the same name."""
    sheets = [STATIC / f"{name}.css" for name in _in_order(modules)]
    return "".join(sheet.read_text("utf-8") for sheet in sheets if sheet.exists())


def _in_order(modules: tuple[str, ...]) -> list[str]:
    ordered: list[str] = []
    for name in modules:
        _visit(name, ordered)
    return ordered


def _visit(name: str, ordered: list[str]) -> None:
    if name in ordered:
        return
    for needed in IMPORT.findall(_source(name)):
        _visit(needed, ordered)
    ordered.append(name)


def _source(name: str) -> str:
    return (STATIC / f"{name}.js").read_text("utf-8")
