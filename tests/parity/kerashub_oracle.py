"""keras-hub's own Gemma 4 of every config: `KERAS_BACKEND=torch python -m tests.parity.kerashub_oracle DIRECTORY`.

keras-hub reads both directories that g4lab saved, the Hugging Face one through its own converter, and saves that model
as a preset. g4lab also reads the live model.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import keras_hub
import numpy as np

from g4lab.checkpoints.resolve import open_source
from tests.parity._run import build, different_parameters, open_text
from tests.parity.workshop import Workshop, tokens

SHARDED = "like-e2b"


def logits(model: keras_hub.models.Gemma4CausalLM, ids: np.ndarray) -> np.ndarray:
    inputs = {
        "token_ids": ids,
        "padding_mask": np.ones_like(ids),
        "position_ids": np.broadcast_to(np.arange(ids.shape[1], dtype=np.int32), ids.shape),
    }
    return keras.ops.convert_to_numpy(model(inputs))


def causal_lm(directory: Path) -> keras_hub.models.Gemma4CausalLM:
    backbone = keras_hub.models.Gemma4Backbone.from_preset(str(directory), dtype="float32")
    return keras_hub.models.Gemma4CausalLM(backbone=backbone, preprocessor=None)


def main(shop: Workshop) -> None:
    for config in shop.configs():
        converted = causal_lm(shop.checkpoint("ours", "huggingface", config.name))
        limit = 100_000 / 2**30 if config.name == SHARDED else None
        converted.backbone.save_to_preset(
            str(shop.checkpoint("theirs", "keras-hub", config.name)), max_shard_size=limit
        )
        preset = causal_lm(shop.checkpoint("ours", "keras-hub", config.name))
        live = build(open_source(converted))
        shop.save(
            "keras-hub",
            config.name,
            converted=logits(converted, tokens(config)),
            preset=logits(preset, tokens(config)),
            live_different=different_parameters(
                live, build(open_text(shop.checkpoint("theirs", "huggingface", config.name)))
            ),
        )


if __name__ == "__main__":
    main(Workshop(Path(sys.argv[1])))
