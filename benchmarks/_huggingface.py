"""transformers, timed on PyTorch."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks import _shapes as shapes


def measure(work, config, fastest) -> dict:
    import torch
    from transformers import Gemma4ForCausalLM, Gemma4TextConfig

    from g4lab.checkpoints.huggingface_config import config_json

    torch.manual_seed(0)
    model = Gemma4ForCausalLM(Gemma4TextConfig(**config_json(config, "float32"))).eval()
    rng = np.random.default_rng(0)
    row = torch.from_numpy(rng.integers(3, config.vocab_size, (1, shapes.PREFILL)))

    if work == "decode":

        def run(new):
            prompt = row[:, : shapes.PROMPT]
            options = dict(max_new_tokens=new, min_new_tokens=new, do_sample=False, pad_token_id=0)
            return model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)

        short = fastest(partial(run, 1), repeats=3)
        long = fastest(partial(run, 1 + shapes.NEW), repeats=3)
        return {"tokens_per_second": shapes.NEW / (long - short)}
    if work == "prefill":
        with torch.inference_mode():
            return {"seconds": fastest(lambda: model(row, logits_to_keep=1, use_cache=False), repeats=5)}
    raise SystemExit(f"transformers is not measured on {work}")
