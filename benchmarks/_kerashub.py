"""keras-hub, timed on the backend that KERAS_BACKEND names."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks import _shapes as shapes


def measure(work, config, fastest) -> dict:
    import keras
    from keras_hub.models import Gemma4Backbone, Gemma4CausalLM

    from g4lab.checkpoints.kerashub_config import config_json

    keras.utils.set_random_seed(0)
    arguments = config_json(config, "float32")["config"]
    for key in ("name", "trainable", "dtype"):
        del arguments[key]
    backbone = Gemma4Backbone(**arguments)
    model = Gemma4CausalLM(backbone=backbone, preprocessor=None)
    model.compile(sampler="greedy")
    rng = np.random.default_rng(0)
    row = rng.integers(3, config.vocab_size, (1, shapes.PREFILL)).astype("int32")

    if work == "decode":

        def run(new):
            length = shapes.PROMPT + new
            tokens = np.zeros((1, length), "int32")
            tokens[:, : shapes.PROMPT] = row[:, : shapes.PROMPT]
            mask = (np.arange(length) < shapes.PROMPT).astype("int32")[None]
            inputs = {"token_ids": tokens, "padding_mask": mask}
            return model.generate(inputs, stop_token_ids=None)

        # On slow backends a token takes a second: fewer repeats, same lengths.
        short = fastest(partial(run, 1), repeats=2)
        long = fastest(partial(run, 1 + shapes.NEW), repeats=2)
        return {"tokens_per_second": shapes.NEW / (long - short)}

    if work == "prefill":
        return {"seconds": fastest(lambda: model.predict_on_batch(_inputs(row)), repeats=3)}
    if work == "train-frozen":
        for layer in backbone.transformer_layers:
            layer.moe_expert_bank.trainable = False
    x = rng.integers(3, config.vocab_size, (shapes.TRAIN_ROWS, shapes.TRAIN_LENGTH)).astype("int32")
    model.compile(
        optimizer=keras.optimizers.SGD(1e-4), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return {"seconds": fastest(lambda: model.train_on_batch(_inputs(x), np.roll(x, -1, axis=1)), repeats=2)}


def _inputs(tokens: np.ndarray) -> dict[str, np.ndarray]:
    positions = np.broadcast_to(np.arange(tokens.shape[1], dtype="int32"), tokens.shape)
    return {"token_ids": tokens, "padding_mask": np.ones_like(tokens), "position_ids": positions}
