"""g4lab's side on one backend: `KERAS_BACKEND=... python -m tests.parity.media_run read|write DIRECTORY`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from g4lab import runtime

runtime.choose_backend()

from keras import ops  # noqa: E402  (Keras looks at KERAS_BACKEND once)

from g4lab.checkpoints import huggingface  # noqa: E402
from g4lab.checkpoints.resolve import open_directory  # noqa: E402
from g4lab.config import TextConfig  # noqa: E402
from g4lab.models.embeddings import SoftTokens  # noqa: E402
from g4lab.models.gemma4 import Gemma4  # noqa: E402
from g4lab.models.placing import KINDS, arranged  # noqa: E402
from g4lab.models.watched import Watched  # noqa: E402
from tests.parity._run import build  # noqa: E402
from tests.parity.debug import first_divergence  # noqa: E402
from tests.parity.media_configs import all_media_configs, media, prompt  # noqa: E402
from tests.parity.workshop import Workshop  # noqa: E402


def run(network: Gemma4, config: TextConfig, record=()) -> dict[str, np.ndarray]:
    """The logits, the soft tokens of each kind (filler and all), and the recorded sites of the encoders."""
    tokens, seen, watched, found = prompt(config), media(config), Watched(network), {}
    positions = np.broadcast_to(np.arange(tokens.shape[1], dtype=np.int32), tokens.shape)
    for kind, medium in seen.items():
        found[kind], values = watched.encode(kind, medium, record=record)
        found |= values if kind != "video" else {}
    soft = SoftTokens(ops.concatenate([found[kind] for kind in seen]), *arranged(tokens, positions, seen, config))
    found["logits"], _ = watched.run("logits", lambda *of: _logits(network, *of), tokens, positions, soft)
    return {name: runtime.to_numpy(value) for name, value in found.items()}


def _logits(network, tokens, positions, soft):
    return network.logits(network.hidden(tokens, positions, soft=soft))


def without_filler(found: dict[str, np.ndarray], config: TextConfig) -> dict[str, np.ndarray]:
    """The soft tokens that stand somewhere, and the sites with 0 where there is no patch and no sound."""
    tokens, seen = prompt(config), media(config)
    kept = {"logits": found["logits"]}
    for kind in seen:
        alone = np.where(tokens == getattr(config, f"{kind}_id"), tokens, 0)
        places, _ = arranged(alone, alone, {kind: seen[kind]}, config)
        kept[kind] = found[kind][places[places >= 0]]
    return kept | zeroed(found, config)


def zeroed(found: dict[str, np.ndarray], config: TextConfig) -> dict[str, np.ndarray]:
    """The sites of pictures and sounds with 0 in their filler."""
    seen = media(config)
    there = {"vision": seen["image"]["positions"][..., 0] >= 0}
    if config.audio:
        there["audio"] = seen["audio"]["valid"][:, ::4]
    return {
        name: value * there[name.split(".")[0]][..., None]
        for name, value in found.items()
        if "." in name and value.ndim == 3 and value.shape[:2] == there[name.split(".")[0]].shape
    }


def read(shop: Workshop) -> None:
    """Load what transformers wrote; keep what it gives, and where that first differs from theirs."""
    for config in all_media_configs():
        source = open_directory(shop.checkpoint("theirs", "huggingface", config.name))
        network = build(source)
        watching = runtime.backend() == "torch"  # elsewhere other outputs are further compilations
        found = without_filler(run(network, config, record=["*"] if watching else ()), config)
        theirs = shop.load("media", config.name)
        kept = {name: found[name] for name in (*KINDS, "logits") if name in found}
        if watching:
            kept["divergence"] = np.array(first_divergence(found, theirs | zeroed(theirs, config)))
        shop.save(
            f"media-{runtime.backend()}", config.name, config=np.array(json.dumps(source.config.to_dict())), **kept
        )


def write(shop: Workshop) -> None:
    """Save what transformers wrote again."""
    for config in all_media_configs():
        network = build(open_directory(shop.checkpoint("theirs", "huggingface", config.name)))
        huggingface.save(network, shop.checkpoint("ours", "huggingface", config.name))


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](Workshop(Path(sys.argv[2])))
