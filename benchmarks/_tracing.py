"""One trace of routing and attention: `python -m benchmarks._tracing g4lab|transformers` prints JSON.

Both end with the same in numpy: every head's attention pattern and every router's probabilities. Ours records queries
and keys and works out the patterns from them, transformers computes them as it reads; `recorded` is ours without.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks._memory import peak_of

TOKENS = 512
SITES = (
    "layers.*.attention.q",
    "layers.*.attention.k",
    "layers.*.router.probabilities",
    "layers.*.router.logits",
    "layers.*.router.experts",
    "layers.*.experts.weights",
)


def ours() -> dict[str, Callable[[], object]]:
    import g4lab

    model = g4lab.load("tiny-moe")
    ids = tokens(model.config.vocab_size)

    def record():
        trace = model.trace(ids, sites=SITES)
        return trace, [trace.routing(row.index) for row in model.plan]

    def everything():
        trace, routing = record()
        return trace, routing, [trace.attention(row.index) for row in model.plan]

    model.trace(ids[:128])
    return {"everything": everything, "recorded": record}


def theirs() -> dict[str, Callable[[], object]]:
    import torch
    from transformers import Gemma4ForCausalLM, Gemma4TextConfig

    from g4lab.checkpoints.huggingface_config import config_json
    from g4lab.checkpoints.resolve import open_source

    torch.manual_seed(0)
    config = open_source("tiny-moe").config
    # only this form gives attention patterns
    shape = Gemma4TextConfig(**config_json(config, "float32"), attn_implementation="eager")
    model = Gemma4ForCausalLM(shape).eval()
    row = torch.from_numpy(np.array([tokens(config.vocab_size)]))

    @torch.inference_mode()
    def everything():
        flags = dict(output_attentions=True, output_router_logits=True, use_cache=False, logits_to_keep=1)
        found = model(row, **flags)
        if len(found.attentions) != config.layers or len(found.router_logits) != config.layers:
            raise SystemExit("transformers did not give every layer's attention and routing")
        return [part.numpy() for part in (*found.attentions, *found.router_logits, found.logits)]

    with torch.inference_mode():
        model(row[:, :128], use_cache=False)
    return {"everything": everything}


def tokens(vocabulary: int) -> list[int]:
    return np.random.default_rng(0).integers(3, vocabulary, TOKENS).tolist()


def main(system: str) -> None:
    runs = {"g4lab": ours, "transformers": theirs}[system]()
    result = {}
    for name, run in runs.items():
        first = peak_of(run)
        wall, processor = zip(*(timed(run) for _ in range(9)), strict=True)
        result[name] = {"seconds": min(wall), "cpu": min(processor), "first_peak": first, "peak": peak_of(run)}
    print(json.dumps(result))


def timed(run: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main(sys.argv[1])
