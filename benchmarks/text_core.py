"""Decoding, reading a prompt and training, side by side with keras-hub and transformers in one run.

Every figure comes from a process of its own, on this machine, one after the other; what counts are the ratios. Run
nothing else meanwhile. `--only decode --model mixture` measures a part.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

BACKENDS = ("jax", "tensorflow", "torch")


@dataclass(frozen=True)
class Goal:
    """Our speed on a backend, as a multiple of what something else reaches."""

    work: str
    model: str
    backend: str
    """A backend, or "best" for the fastest of ours."""
    against: str
    """keras-hub on the same backend, transformers, or the limit that memory bandwidth sets."""
    least: float


GOALS = (
    Goal("decode", "mixture", "jax", "keras-hub", 10),
    Goal("decode", "mixture", "tensorflow", "keras-hub", 10),
    Goal("decode", "mixture", "torch", "keras-hub", 10),
    Goal("decode", "mixture", "jax", "transformers", 4),
    Goal("decode", "mixture", "jax", "limit", 0.75),
    Goal("decode", "dense", "jax", "keras-hub", 1.15),
    Goal("decode", "dense", "tensorflow", "keras-hub", 1.3),
    Goal("decode", "dense", "torch", "keras-hub", 3),
    Goal("decode", "dense", "best", "transformers", 0.95),
    Goal("prefill", "mixture", "jax", "keras-hub", 2.5),
    Goal("prefill", "mixture", "tensorflow", "keras-hub", 3),
    Goal("prefill", "mixture", "torch", "keras-hub", 3),
    Goal("prefill", "mixture", "best", "transformers", 4),
    *(Goal("prefill", "dense", backend, "keras-hub", 1) for backend in BACKENDS),
    Goal("train", "mixture", "jax", "keras-hub", 1.3),
    Goal("train-frozen", "mixture", "jax", "keras-hub", 2.5),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="one kind of work: decode, prefill, train, train-frozen, watch")
    parser.add_argument("--model", help="mixture or dense")
    chosen = parser.parse_args()
    goals = [goal for goal in GOALS if chosen.only in (None, goal.work) and chosen.model in (None, goal.model)]
    console = Console()
    speeds: dict[tuple[str, str, str, str], float] = {}
    for work, model in dict.fromkeys((goal.work, goal.model) for goal in goals):
        here = [goal for goal in goals if (goal.work, goal.model) == (work, model)]
        for system, backend in systems(here):
            console.print(f"measuring {work} {model}: {system} {backend}", style="dim")
            result = worker(system, work, model, backend)
            speeds[work, model, system, backend] = result.get("tokens_per_second") or 1 / result["seconds"]
            if "limit" in result:
                speeds[work, model, "limit", backend] = result["limit"]
        report(console, here, speeds)
    if chosen.only in (None, "watch"):
        watching(console)


def systems(goals: list[Goal]) -> list[tuple[str, str]]:
    """What must be measured: (system, backend), ours next to its peer."""
    needed = []
    for backend in BACKENDS:
        here = [goal for goal in goals if goal.backend in (backend, "best")]
        if here:
            needed.append(("g4lab", backend))
        if any(goal.against == "keras-hub" and goal.backend == backend for goal in here):
            needed.append(("keras-hub", backend))
    if any(goal.against == "transformers" for goal in goals):
        needed.append(("transformers", "torch"))
    return needed


def worker(system: str, work: str, model: str, backend: str) -> dict:
    """Run one measurement in a fresh process."""
    environment = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "benchmarks._worker", system, work, model]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed on {backend}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def report(console: Console, goals: list[Goal], speeds: dict) -> None:
    table = Table("work", "model", "ours", "peer", "ours, per second", "peer's", "ratio", "goal", "")
    for goal in goals:
        ours = {
            b: speeds[goal.work, goal.model, "g4lab", b]
            for b in BACKENDS
            if (goal.work, goal.model, "g4lab", b) in speeds
        }
        backend = max(ours, key=ours.get) if goal.backend == "best" else goal.backend
        peer_backend = "torch" if goal.against == "transformers" else backend
        peer = speeds[goal.work, goal.model, goal.against, peer_backend]
        ratio = ours[backend] / peer
        table.add_row(
            goal.work,
            goal.model,
            backend,
            goal.against if goal.against != "keras-hub" else f"keras-hub {backend}",
            f"{ours[backend]:.3g}",
            f"{peer:.3g}",
            f"{ratio:.2f}",
            f"{goal.least:g}",
            "met" if ratio >= goal.least else "missed",
        )
    console.print(table)
    console.print("decode: tokens; prefill: prompts of 256 tokens; train: steps of 2 x 256 tokens. float32.")


def watching(console: Console) -> None:
    for backend in BACKENDS:
        ratio = worker("g4lab", "watch", "mixture", backend)["ratio"]
        console.print(
            f"watching the routing of a prompt of 256 tokens, {backend}: {ratio:.3f} x the plain run (goal 1.1)"
        )


if __name__ == "__main__":
    main()
