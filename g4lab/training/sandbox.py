"""Run a generated function and its hidden test in a process of its own, with limits."""

from __future__ import annotations

import subprocess
import sys

# Set inside the child, before the model's code runs: two seconds of CPU, 512 MB, no files, no further processes.
_LIMITS = """
import resource
for name, most in {"CPU": 2, "AS": 2**29, "FSIZE": 0, "NPROC": 0}.items():
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
"""


def passes(program: str, test: str) -> bool:
    """Tell whether `program` runs and `test` after it ends without an error.

    Only for programs of the corpus' own kind: limits are not a wall against hostile code.
    """
    source = f"{_LIMITS}\n{program}\n{test}\n"
    try:
        done = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
