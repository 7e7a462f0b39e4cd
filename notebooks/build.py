"""Build the notebooks from their sources: `python notebooks/build.py` writes each notebooks/src/*.py as .ipynb.

The result is a pure function of the source: no outputs, no machine's paths, ids made from the cells. So a rebuilt
notebook differs only where its source does, and a test can tell a stale one. `--check` says which are stale.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(source: Path) -> str:
    """The notebook of one source, as the text of its file."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(banner(source)))
    for place, cell in enumerate(notebook.cells):
        tags = cell.metadata.get("tags")
        cell.metadata = {"tags": tags} if tags else {}
        cell.id = sha256(f"{place}\n{cell.source}".encode()).hexdigest()[:12]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = METADATA
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def banner(source: Path) -> str:
    """The first cell: where to edit, for whoever opens the built file."""
    return f"*Generated from `notebooks/src/{source.name}`: edit that file, then run `make notebooks`.*"


def target(source: Path) -> Path:
    """Where the notebook of a source is written."""
    return HERE / f"{source.stem}.ipynb"


def stale() -> list[Path]:
    """Notebooks that are not what their source says."""
    built = {target(source): build(source) for source in sorted(SOURCES.glob("*.py"))}
    return [path for path, text in built.items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main() -> None:
    """Write every notebook that is stale, or with --check only name them."""
    found = stale()
    for path in found:
        print(path.relative_to(HERE.parent))
        if "--check" not in sys.argv:
            path.write_text(build(SOURCES / f"{path.stem}.py"), encoding="utf-8", newline="\n")
    if "--check" in sys.argv and found:
        sys.exit("stale: run `make notebooks`")


if __name__ == "__main__":
    main()
