"""g4lab, timed."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks import _shapes as shapes


def measure(work, config, fastest) -> dict:
    from g4lab import runtime

    runtime.choose_backend()
    import keras

    from g4lab.generation.loop import generate
    from g4lab.generation.sampling import Sampling
    from g4lab.models.gemma4 import Gemma4
    from g4lab.models.watched import Watched

    keras.utils.set_random_seed(0)
    network = Gemma4(config)
    watched = Watched(network)
    rng = np.random.default_rng(0)

    if work == "decode":
        row = rng.integers(3, config.vocab_size, shapes.PROMPT).tolist()

        def run(new):
            return [piece for piece in generate(watched, [row], new, Sampling(0), seed=0)]

        # Reading the prompt is part of both runs, so the difference is NEW steps of the loop.
        short = fastest(partial(run, 1), repeats=3)
        long = fastest(partial(run, 1 + shapes.NEW), repeats=3)
        return {"tokens_per_second": shapes.NEW / (long - short)}

    if work in ("prefill", "watch"):
        tokens = rng.integers(3, config.vocab_size, (1, shapes.PREFILL)).astype(np.int32)
        positions = np.arange(shapes.PREFILL, dtype=np.int32)[None]

        def forward(tokens, positions):
            return network.logits(network.hidden(tokens, positions)[:, -1:])

        def run(record=()):
            logits, values = watched.run("forward", forward, tokens, positions, record=record)
            return runtime.to_numpy(logits), {name: runtime.to_numpy(value) for name, value in values.items()}

        if work == "prefill":
            return {"seconds": fastest(run, repeats=5)}
        sites = ("layers.*.router.*", "layers.*.experts.weights")
        for record in ((), sites):
            run(record)
        pairs = [(fastest(run, 1, 0), fastest(partial(run, sites), 1, 0)) for _ in range(9)]
        return {"ratio": float(np.median([watching / plain for plain, watching in pairs]))}

    if work == "train-frozen":
        for block in network.decoder.blocks:
            block.experts.trainable = False
    x = rng.integers(3, config.vocab_size, (shapes.TRAIN_ROWS, shapes.TRAIN_LENGTH)).astype(np.int32)
    return {"seconds": fastest(training_step(network, x), repeats=3)}


def training_step(network, x):
    """One step of SGD by Keras' own `train_on_batch`."""
    import keras

    network.compile(
        optimizer=keras.optimizers.SGD(1e-4), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return lambda: network.train_on_batch(x, np.roll(x, -1, axis=1))
