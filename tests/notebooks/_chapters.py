"""Every notebook's cells, untouched and solved, on the backend that is set: `python -m tests.notebooks._chapters OUT`.

All in one process. Cells run as in a kernel (IPython, with every form of what they show), but a model that was loaded
once is kept, so that a backend is imported, and its functions compiled, once. OUT gets one JSON object: for each
notebook and way its verdicts, the numbers that it measured, and the cell that stopped it, if one did.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import g4lab
from g4lab import course
from g4lab.course import guesses
from tests.notebooks.solved import NOTEBOOKS, WITH_EXERCISES, solved, verdicts


def run(shell: InteractiveShell, notebook) -> dict[str, Any]:
    """Run all cells in fresh names; stops at the first that fails."""
    shell.reset(new_session=True)
    outputs, failed = [], None
    shell.displayhook.write_format_data = lambda data, metadata=None: outputs.append(data)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        with redirect_stdout(StringIO()), capture_output(stdout=False, stderr=False, display=True) as shown:
            result = shell.run_cell(cell.source)
        outputs += [output.data for output in shown.outputs]
        if not result.success:
            failed = f"cell {number}: {result.error_before_exec or result.error_in_exec!r}\n{cell.source}"
            break
    return {"verdicts": verdicts(outputs), "shown": len(outputs), "failed": failed}


def main(out: Path) -> None:
    """Run all of them on the backend that is set."""
    keep = cache(g4lab.load)
    g4lab.load = keep
    course.load = cache(course.load)
    measured: dict[str, float] = {}
    note = guesses.measured

    def remember(question: str, value: float):
        measured[question] = float(value)
        return note(question, value)

    course.measured = remember
    shell = InteractiveShell.instance()
    found = {}
    for path in NOTEBOOKS:
        for way, make in {"untouched": lambda notebook: notebook, "solved": solved}.items():
            if way == "solved" and path not in WITH_EXERCISES:
                continue
            measured.clear()
            start = time.monotonic()
            found[f"{path.stem} {way}"] = run(shell, make(nbformat.read(path, as_version=4))) | {
                "measured": dict(measured),
                "seconds": time.monotonic() - start,
            }
    out.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
