"""The views of recorded traces, with or without a backend: `python -m tests.backends.opened FOLDER FILE.npz`.

Without KERAS_BACKEND no backend, and not Keras either, can be imported in that process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

BLOCKED = ("keras", "jax", "tensorflow", "torch")

if __name__ == "__main__" and not os.environ.get("KERAS_BACKEND"):
    sys.modules.update(dict.fromkeys(BLOCKED))  # None: an import of it fails

from g4lab import Trace, widgets  # noqa: E402
from tests.backends.packed import Packed, save  # noqa: E402


def views_of_traces(folder: Path) -> Packed:
    """What every view makes of every trace in the folder, by its name in a microscope of it."""
    found: Packed = {}
    for path in sorted(folder.glob("*.npz")):
        scope = widgets.Microscope(path)
        found[f"{path.stem}/Microscope"] = scope.content(live=True)
        for name in scope.names:
            found[f"{path.stem}/{name}"] = scope.view(name).content(live=True)
        trace = Trace.load(path)
        found[f"{path.stem}/trace"] = {"model": dict(trace.model)}, dict(trace.sites)
    return found


if __name__ == "__main__":
    save(Path(sys.argv[2]), views_of_traces(Path(sys.argv[1])))
