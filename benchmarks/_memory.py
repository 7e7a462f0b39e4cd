"""Memory of this process, as Linux counts it."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_of(run: Callable[[], object]) -> int:
    """Bytes in memory at most while `run` works, above what was there before."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free but not given back would hide what is taken again
    CLEAR.write_text("5")  # the peak so far counts no longer
    before = resident("VmRSS")
    kept = run()
    peak = resident("VmHWM") - before
    del kept
    return peak


def resident(line: str) -> int:
    """Bytes now (VmRSS) or at most so far (VmHWM)."""
    status = dict(row.split(":", 1) for row in STATUS.read_text().splitlines())
    return int(status[line].split()[0]) * 1024
