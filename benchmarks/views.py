"""Looking inside: a trace beside transformers', what every view's output weighs, and how quickly heads are drawn.

Every part runs in processes of its own, the two sides of a comparison in turn; what counts are the ratios. Run nothing
else meanwhile. `--only trace`, `sizes` or `draw` measures a part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from rich.console import Console
from rich.table import Table

MB = 1e6
OUTPUT, FASTER, DRAWN, ANSWERED = 2 * MB, 2.0, 1000, 100
"""The goals: bytes of an output, how much faster a trace is, ms for a head of 4,096 tokens, ms for an answer."""
BACKENDS = ("jax", "tensorflow", "torch")
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    chosen = parser.parse_args()
    console = Console()
    for name, part in PARTS.items():
        if chosen.only in (None, name):
            part(console)


def trace(console: Console) -> None:
    """Routing and attention of 512 tokens on tiny-moe, and on transformers' model of the same shape."""
    sides = [("g4lab", backend) for backend in BACKENDS] + [("transformers", "torch")]
    found: dict[tuple[str, str], list[dict]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for system, backend in sides:
            console.print(f"tracing: {system} {backend}", style="dim")
            found[system, backend] += run("_tracing", system, backend=backend)
    peer = best([result["everything"] for result in found["transformers", "torch"]])
    columns = ("wall ms", "CPU ms", "peak MB", "first time: peak MB")
    table = Table("trace of 512 tokens", *columns, "faster", "by CPU", "memory", "goal: 2 x, less memory")
    for (system, backend), results in found.items():
        for name in results[0]:
            ours = best([result[name] for result in results])
            faster, less = peer["seconds"] / ours["seconds"], ours["peak"] / peer["peak"]
            numbers = (1e3 * ours["seconds"], 1e3 * ours["cpu"], ours["peak"] / MB, ours["first_peak"] / MB)
            label = f"{system} {backend}" + ("" if name == "everything" else ", patterns left for later")
            verdict = "" if system == "transformers" else met(faster >= FASTER and less < 1)
            ratios = (f"{faster:.2f} x", f"{peer['cpu'] / ours['cpu']:.2f} x", f"{less:.2f} x")
            table.add_row(label, *(f"{number:.1f}" for number in numbers), *ratios, verdict)
    console.print(table)
    console.print("every head's pattern and every router's probabilities, in numpy; peaks above the start; float32")


def sizes(console: Console) -> None:
    """What a notebook would have to carry."""
    table = Table("view", "tokens", "made in s", "CPU s", "static MB", "live MB", "goal: 2 MB")
    for row in run("_outputs"):
        numbers = (row["wall"], row["cpu"], row["static"] / MB, row["live"] / MB)
        verdict = met(max(row["static"], row["live"]) <= OUTPUT)
        table.add_row(row["view"], str(row["tokens"] or "any"), *(f"{number:.2f}" for number in numbers), verdict)
    console.print(table)


def draw(console: Console) -> None:
    """One whole head of a global layer, from choosing it until it is on the screen."""
    table = Table("tokens", "head drawn, ms", "weights × values, ms", "slowest hover, ms", "slowest click, ms", "goals")
    for row in run("_drawing"):
        verdict = met(row["draw"] < DRAWN and max(row["hover"], row["click"]) < ANSWERED)
        numbers = (row[name] for name in ("draw", "by_value", "hover", "click"))
        table.add_row(str(row["tokens"]), *(f"{number:.0f}" for number in numbers), verdict)
    console.print(table)
    console.print("headless Chromium, rendering in software; goals: a head of 4,096 tokens in 1 s, an answer in 100 ms")


def best(results: list[dict]) -> dict:
    """The least disturbed of several rounds, number by number."""
    return {name: min(result[name] for result in results) for name in results[0]}


def met(good: bool) -> str:
    return "met" if good else "missed"


def run(module: str, *arguments: str, backend: str | None = None) -> list[dict]:
    """The JSON lines that a module of this folder prints, in a fresh process."""
    environment = os.environ | ({"KERAS_BACKEND": backend} if backend else {}) | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


PARTS = {"trace": trace, "sizes": sizes, "draw": draw}

if __name__ == "__main__":
    main()
