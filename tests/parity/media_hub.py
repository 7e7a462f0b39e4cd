"""keras-hub's Gemma 4 with encoders, beside ours: `KERAS_BACKEND=torch python -m tests.parity.media_hub DIRECTORY`.

keras-hub reads both directories that g4lab saved, and saves one of its own; g4lab reads that, and the live model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np

from g4lab.checkpoints import kerashub_save
from g4lab.checkpoints.resolve import open_directory, open_source
from g4lab.config import TextConfig
from g4lab.models.embeddings import SoftTokens
from g4lab.models.gemma4 import Gemma4
from g4lab.models.placing import arranged
from g4lab.runtime import to_numpy
from tests.parity._run import build, different_parameters
from tests.parity.kerashub_oracle import causal_lm
from tests.parity.media_configs import HEARS_AS_THE_HUB, SEES_BOTH_WAYS, media, pictures
from tests.parity.workshop import Workshop

CONFIGS = (HEARS_AS_THE_HUB, SEES_BOTH_WAYS)
# Rows and columns of soft tokens. The window is 5: a picture of 4 is read whole, one of 6 is not.
SHAPES = {"short": [(2, 2)], "long": [(2, 3)], "same width": [(3, 2), (1, 2)], "other widths": [(1, 3), (2, 1)]}


def shown(config: TextConfig, shape: str) -> dict[str, np.ndarray]:
    return pictures(config.vision, SHAPES[shape], 6, np.random.default_rng(8))


def their_pictures(backbone, seen: dict[str, np.ndarray]) -> np.ndarray:
    """Shapes: -> [pictures,U,D]."""
    arrays = {"pixel_values": seen["pixels"][None], "pixel_position_ids": seen["positions"][None]}
    return keras.ops.convert_to_numpy(backbone.vision_encoder(arrays))[0]


def prompt(config: TextConfig, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A text around one picture of so many soft tokens, and, where the model hears, one sound of 6."""
    words = np.random.default_rng(9).integers(3, 280, 30).tolist()
    heard = [config.audio_id] * 6 if config.audio else []
    tokens = np.array([[*words[:3], *[config.image_id] * count, *words[3:6], *heard, *words[6:14]]], np.int32)
    return tokens, np.arange(tokens.shape[1], dtype=np.int32)[None]


def both_logits(model, network: Gemma4, config: TextConfig, shape: str) -> tuple[np.ndarray, np.ndarray]:
    """Ours and theirs for a prompt whose picture and sound fill all their soft tokens."""
    count = SHAPES[shape][0][0] * SHAPES[shape][0][1]
    tokens, positions = prompt(config, count)
    patches = count * config.vision.pooling**2
    seen = {"image": {name: array[:, :patches] for name, array in shown(config, shape).items()}}
    theirs = {
        "token_ids": tokens,
        "position_ids": positions,
        "padding_mask": np.ones_like(tokens),
        "pixel_values": seen["image"]["pixels"][None],
        "pixel_position_ids": seen["image"]["positions"][None],
        "vision_indices": np.flatnonzero(tokens[0] == config.image_id)[None].astype("int32"),
        "vision_mask": (tokens == config.image_id).astype("int32"),
    }
    if config.audio:
        sound = media(config)["audio"]
        seen["audio"] = {"mel": sound["mel"][:1, :22], "valid": np.ones((1, 22), bool)}
        theirs |= {
            "audio_mel": seen["audio"]["mel"][None],
            "audio_mel_mask": np.ones((1, 1, 22), "int32"),
            "audio_indices": np.flatnonzero(tokens[0] == config.audio_id)[None].astype("int32"),
            "audio_mask": (tokens == config.audio_id).astype("int32"),
        }
    soft = SoftTokens(network.soft_tokens(seen), *arranged(tokens, positions, seen, config))
    ours = network.logits(network.hidden(tokens, positions, soft=soft))
    return to_numpy(ours), keras.ops.convert_to_numpy(model(theirs))


def main(shop: Workshop) -> None:
    for config in CONFIGS:
        network = build(open_directory(shop.checkpoint("theirs", "huggingface", config.name)))
        kerashub_save.save(network, shop.checkpoint("ours", "keras-hub", config.name))
        model = causal_lm(shop.checkpoint("ours", "huggingface", config.name))
        model.backbone.save_to_preset(str(shop.checkpoint("theirs", "keras-hub", config.name)))
        preset = causal_lm(shop.checkpoint("ours", "keras-hub", config.name))
        again = open_directory(shop.checkpoint("theirs", "keras-hub", config.name))
        found = {
            "config": np.array(json.dumps(again.config.to_dict())),
            "preset_different": different_parameters(build(again), network),
            "live_different": different_parameters(build(open_source(model)), network),
        }
        for shape in SHAPES:
            seen = shown(config, shape)
            ours = to_numpy(network.soft_tokens({"image": seen})).reshape(len(SHAPES[shape]), -1, config.width)
            theirs = their_pictures(model.backbone, seen)
            for i, (rows, columns) in enumerate(SHAPES[shape]):
                found[f"{shape} {i} ours"] = ours[i, : rows * columns]
                found[f"{shape} {i} theirs"] = theirs[i, : rows * columns]
        if config.audio:
            sound = media(config)["audio"]
            there = sound["valid"][:, ::4]
            found["audio ours"] = to_numpy(network.soft_tokens({"audio": sound})).reshape(*there.shape, -1)[there]
            theirs = model.backbone.audio_encoder(*sound.values())
            found["audio theirs"] = keras.ops.convert_to_numpy(theirs)[there]
        for shape in ("short", "long"):
            found[f"{shape} logits ours"], found[f"{shape} logits theirs"] = both_logits(model, network, config, shape)
            _, found[f"{shape} logits preset"] = both_logits(preset, network, config, shape)
        shop.save("media-hub", config.name, **found)


if __name__ == "__main__":
    main(Workshop(Path(sys.argv[1])))
