"""Timing inside one process: what is reported is the fastest of several runs, the least disturbed one."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np


def fastest(run: Callable[[], object], repeats: int, warmups: int = 1) -> float:
    """Seconds of the fastest run; `run` must return only when its work is done."""
    for _ in range(warmups):
        run()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def memory_bandwidth() -> float:
    """Bytes a second that this machine reads from memory on all cores, measured on an array too large for a cache."""
    from concurrent.futures import ThreadPoolExecutor
    from os import cpu_count

    cores = cpu_count() or 1
    parts = [np.ones(32_000_000, np.float32) for _ in range(cores)]
    with ThreadPoolExecutor(cores) as pool:  # numpy lets go of the interpreter while it sums
        seconds = fastest(lambda: list(pool.map(np.sum, parts)), repeats=7)
    return sum(part.nbytes for part in parts) / seconds
