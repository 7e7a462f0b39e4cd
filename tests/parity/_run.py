"""g4lab's side on one backend: `KERAS_BACKEND=... python -m tests.parity._run read|write|presets DIRECTORY`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from g4lab import runtime

BACKEND = runtime.choose_backend()

from keras import ops  # noqa: E402  (Keras looks at KERAS_BACKEND once)

from g4lab.checkpoints import huggingface, kerashub_save  # noqa: E402
from g4lab.checkpoints.loader import load_weights  # noqa: E402
from g4lab.checkpoints.resolve import open_directory  # noqa: E402
from g4lab.checkpoints.source import Source  # noqa: E402
from g4lab.models.gemma4 import Gemma4  # noqa: E402
from g4lab.models.projection import unset_weights  # noqa: E402
from g4lab.models.watched import Watched  # noqa: E402
from tests.parity.debug import first_divergence  # noqa: E402
from tests.parity.gradients import gradients  # noqa: E402
from tests.parity.workshop import WITH_GRADIENTS, Workshop, tokens  # noqa: E402

TOLERANCE = 1e-4


def build(source: Source) -> Gemma4:
    with unset_weights():
        network = Gemma4(source.config, dtype="float32")
    load_weights(network, source)
    return network


def open_text(directory: Path) -> Source:
    """A checkpoint as one of text alone: transformers wrote one of them with a vision encoder."""
    return open_directory(directory, modalities=["text"])


def logits(network: Gemma4, ids: np.ndarray) -> np.ndarray:
    return runtime.to_numpy(runtime.compile(network, network)(ops.convert_to_tensor(ids)))


def sites(network: Gemma4, ids: np.ndarray) -> dict[str, np.ndarray]:
    _, found = Watched(network).run("sites", network, ops.convert_to_tensor(ids), record=["*"])
    return {name: runtime.to_numpy(value) for name, value in found.items()}


def read(shop: Workshop) -> None:
    """Load what transformers wrote; keep the config, the logits, and where the sites first differ."""
    for config in shop.configs():
        source = open_text(shop.checkpoint("theirs", "huggingface", config.name))
        network = build(source)
        ids = tokens(config)
        theirs = shop.load("transformers", config.name)
        found = {"logits": logits(network, ids), "config": np.array(json.dumps(source.config.to_dict()))}
        if BACKEND == "torch":  # elsewhere other shapes and other outputs are further compilations
            found["few"] = logits(network, ids[:1, :3])
        if BACKEND == "torch" or np.abs(found["logits"] - theirs["logits"]).max() > TOLERANCE:
            found["divergence"] = np.array(first_divergence(sites(network, ids), theirs))
        shop.save(f"ours-{BACKEND}", config.name, **found)
        if config.name in WITH_GRADIENTS:
            shop.save(f"gradients-{BACKEND}", config.name, **gradients(network, config))


def write(shop: Workshop) -> None:
    """Save what transformers wrote again, in both layouts."""
    for i, config in enumerate(shop.configs()):
        network = build(open_text(shop.checkpoint("theirs", "huggingface", config.name)))
        limit = 100_000 if i % 2 else 10**9
        huggingface.save(network, shop.checkpoint("ours", "huggingface", config.name), shard_bytes=limit)
        kerashub_save.save(network, shop.checkpoint("ours", "keras-hub", config.name))


def presets(shop: Workshop) -> None:
    """Load what keras-hub wrote: every parameter must be the one that transformers wrote."""
    for config in shop.configs():
        source = open_directory(shop.checkpoint("theirs", "keras-hub", config.name))
        other = build(open_text(shop.checkpoint("theirs", "huggingface", config.name)))
        shop.save(
            "presets",
            config.name,
            config=np.array(json.dumps(source.config.to_dict())),
            different=different_parameters(build(source), other),
        )


def different_parameters(one: Gemma4, other: Gemma4) -> np.ndarray:
    """Names of the parameters that only one network has, or that are not equal to the last bit."""
    values = [{name: runtime.to_numpy(value) for name, value in n.named_variables().items()} for n in (one, other)]
    names = values[0].keys() | values[1].keys()
    equal = {name for name in values[0].keys() & values[1].keys() if np.array_equal(values[0][name], values[1][name])}
    return np.array(sorted(names - equal), dtype=str)


if __name__ == "__main__":
    {"read": read, "write": write, "presets": presets}[sys.argv[1]](Workshop(Path(sys.argv[2])))
