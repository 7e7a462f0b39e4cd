"""How much memory the surprisal of a long text takes: `python -m tests.models.surprisal_peak`, a process of its own."""

from __future__ import annotations

import json

import numpy as np

from benchmarks._memory import resident
from g4lab import runtime

runtime.choose_backend()

from g4lab.lab import Lab  # noqa: E402
from tests.models.networks import DENSE, network  # noqa: E402

LENGTH, VOCABULARY = 4_096, 262_144
LONG = DENSE.replace(
    name="long",
    vocab_size=VOCABULARY,
    width=16,
    heads=1,
    kv_heads=1,
    global_kv_heads=None,
    key_is_value=False,
    window=64,
    max_positions=LENGTH,
    softcap=30.0,
)


def main() -> None:
    """Print as JSON the bytes of the scores of all positions, of the peak above the start, and the mean surprisal."""
    lab = Lab(network(LONG))
    before = resident("VmRSS")
    found = lab.surprisal(np.random.default_rng(0).integers(3, VOCABULARY, LENGTH))
    peak = resident("VmHWM") - before
    print(json.dumps({"scores": 4 * LENGTH * VOCABULARY, "peak": peak, "mean": float(np.nanmean(found))}))


if __name__ == "__main__":
    main()
