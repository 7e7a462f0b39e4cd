"""A picture through E2B's vision encoder and 10 seconds through its audio encoder, beside keras-hub and transformers.

Every figure comes from a process of its own, one after the other; what counts are the ratios. Run nothing else
meanwhile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from rich.console import Console
from rich.table import Table

BACKENDS = ("jax", "tensorflow", "torch")
SENSES = {"vision": "a picture of 280 soft tokens", "audio": "10 seconds of sound"}
LEAST = 1.0
"""The goal: at least as fast as keras-hub on each backend, and the fastest of ours as transformers."""


def main() -> None:
    console = Console()
    for sense, what in SENSES.items():
        ours, theirs = {}, {}
        for backend in BACKENDS:
            console.print(f"measuring {sense}: {backend}", style="dim")
            ours[backend], theirs[backend] = (seconds(system, sense, backend) for system in ("g4lab", "keras-hub"))
        peer = seconds("transformers", sense, "torch")
        table = Table(what, "peer", "ours, s", "peer's, s", "ratio", "goal", "")
        for backend in BACKENDS:
            row(table, backend, f"keras-hub {backend}", ours[backend], theirs[backend])
        best = min(ours, key=ours.get)
        row(table, best, "transformers", ours[best], peer)
        console.print(table)
    console.print("random weights of E2B's shapes, float32, the projection into the text model included")


def row(table: Table, backend: str, peer: str, ours: float, theirs: float) -> None:
    ratio = theirs / ours
    verdict = "met" if ratio >= LEAST else "missed"
    table.add_row(f"g4lab {backend}", peer, f"{ours:.3f}", f"{theirs:.3f}", f"{ratio:.2f}", f"{LEAST:g}", verdict)


def seconds(system: str, sense: str, backend: str) -> float:
    """One measurement in a fresh process."""
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks._encoder", system, sense]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed on {backend}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])["seconds"]


if __name__ == "__main__":
    main()
