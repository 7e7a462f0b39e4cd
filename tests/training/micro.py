"""A run small enough for a test: two layers, four experts, rows of 48 tokens. Run as a module, it trains."""

import sys
from dataclasses import replace
from pathlib import Path

from g4lab.training.recipe import Phase
from g4lab.training.recipes import recipe

_FULL = recipe("tiny-moe")
MICRO = replace(
    _FULL,
    config=_FULL.config.replace(
        name="micro",
        vocab_size=640,
        width=16,
        kinds=("local", "global"),
        heads=2,
        kv_heads=1,
        head_dim=8,
        global_head_dim=16,
        feedforward=16,
        window=8,
        experts=4,
        expert_feedforward=8,
    ),
    steps=12,
    phases=(Phase(0, {"arithmetic": 0.5, "recall": 0.5}), Phase(6, {"pairs": 1.0})),
    batch=2,
    length=48,
    easy=2,
    ramp=4,
    warmup=4,
    save_every=4,
    probe_every=6,
    probe_rows=2,
    documents_of_tokenizer=60,
)

if __name__ == "__main__":
    from g4lab.training.run import train

    train(MICRO, Path(sys.argv[1]))
