"""How much memory loading takes: `python -m tests.checkpoints.loading_peak write|load DIRECTORY`, a process each."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

from benchmarks._memory import resident
from g4lab import runtime

runtime.choose_backend()

from g4lab.checkpoints import huggingface  # noqa: E402
from g4lab.checkpoints.loader import load_weights  # noqa: E402
from g4lab.checkpoints.resolve import open_directory  # noqa: E402
from g4lab.config import TextConfig  # noqa: E402
from g4lab.models.gemma4 import Gemma4  # noqa: E402
from g4lab.models.projection import unset_weights  # noqa: E402

SMALL = TextConfig(
    name="small",
    vocab_size=100,
    width=32,
    kinds=("local", "global"),
    heads=2,
    kv_heads=1,
    head_dim=8,
    global_head_dim=8,
    feedforward=32,
    window=4,
    ple_dim=4,
    experts=2,
    chosen=1,
    expert_feedforward=8,
)
LARGE = SMALL.replace(
    name="large",
    vocab_size=40_000,
    width=512,
    heads=8,
    kv_heads=2,
    head_dim=64,
    global_head_dim=128,
    feedforward=2048,
    experts=16,
    expert_feedforward=512,
)
"""About 200 MB in float32."""


def write(directory: Path) -> None:
    for config in (SMALL, LARGE):
        network = Gemma4(config)
        for dtype in ("float32", "bfloat16"):
            huggingface.save(network, directory / dtype / config.name, dtype=dtype)


def load(directory: Path) -> None:
    """Print as JSON the bytes of the network in float32, of its largest tensor, and of the peak above the start."""
    build(directory / SMALL.name)
    # Not getrusage's ru_maxrss: a child begins that with what its parent held, here a whole run of tests.
    before = resident("VmRSS")
    network = build(directory / LARGE.name)
    peak = resident("VmHWM")
    sizes = [4 * math.prod(variable.shape) for variable in network.named_variables().values()]
    print(json.dumps({"loaded": sum(sizes), "largest": max(sizes), "peak": peak - before}))


def build(directory: Path) -> Gemma4:
    source = open_directory(directory)
    with unset_weights():
        network = Gemma4(source.config, dtype="float32")
    load_weights(network, source)
    return network


if __name__ == "__main__":
    {"write": write, "load": load}[sys.argv[1]](Path(sys.argv[2]))
