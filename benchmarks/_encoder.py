"""One encoder of E2B's size, random weights, timed: `python -m benchmarks._encoder SYSTEM vision|audio` prints JSON.

A picture of 280 soft tokens (2,520 patches), or 10 seconds of sound (1,000 mel frames). SYSTEM is g4lab or keras-hub on
the backend that KERAS_BACKEND names, or transformers. float32; what leaves is in numpy, in the text model's width.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import numpy as np

from benchmarks._timing import fastest

ROWS, COLUMNS = 42, 60
"""Patches of the picture: 280 soft tokens of 3 x 3."""
FRAMES = 1000
REPEATS = 5


def picture() -> tuple[np.ndarray, np.ndarray]:
    """Patches [1,T,768], and their columns and rows [1,T,2]."""
    pixels = np.random.default_rng(0).random((1, ROWS * COLUMNS, 768), np.float32)
    rows, columns = np.divmod(np.arange(ROWS * COLUMNS, dtype=np.int32), COLUMNS)
    return pixels, np.stack([columns, rows], axis=-1)[None]


def sound() -> tuple[np.ndarray, np.ndarray]:
    """Mel frames [1,T,128], all of them valid."""
    return np.random.default_rng(0).standard_normal((1, FRAMES, 128), np.float32), np.ones((1, FRAMES), bool)


def ours(sense: str) -> Callable[[], np.ndarray]:
    from g4lab import runtime

    runtime.choose_backend()
    import keras

    from g4lab.config import preset
    from g4lab.models.audio import AudioEncoder
    from g4lab.models.vision import VisionEncoder

    keras.utils.set_random_seed(0)
    config = preset("e2b")
    encoder = (VisionEncoder if sense == "vision" else AudioEncoder)(getattr(config, sense), config.width)
    run = runtime.compile(encoder.call, encoder)
    given = picture() if sense == "vision" else sound()
    return lambda: runtime.to_numpy(run(*given))


def kerashub(sense: str) -> Callable[[], np.ndarray]:
    import keras
    from keras_hub.src.models.gemma4.gemma4_audio_encoder import Gemma4AudioEncoder
    from keras_hub.src.models.gemma4.gemma4_vision_encoder import Gemma4VisionEncoder

    from g4lab import runtime
    from g4lab.config import preset

    keras.utils.set_random_seed(0)
    config = preset("e2b")
    if sense == "audio":
        # Its defaults are E2B's.
        encoder = Gemma4AudioEncoder(output_dim=config.width)
        mel, valid = sound()
        encoder(mel, valid)
        run = runtime.compile(encoder.call, encoder)
        return lambda: runtime.to_numpy(run(mel, valid))
    vision, (pixels, positions) = config.vision, picture()
    encoder = Gemma4VisionEncoder(
        image_size=768,  # it counts soft tokens by the positions that it is given
        patch_size=vision.patch_size,
        num_heads=vision.heads,
        hidden_dim=vision.width,
        num_layers=vision.layers,
        intermediate_dim=vision.feedforward,
        head_dim=vision.head_dim,
        output_dim=config.width,
        position_embedding_size=vision.positions,
        use_clipped_linears=vision.clipped,
    )
    run = runtime.compile(lambda a, b: encoder({"pixel_values": a, "pixel_position_ids": b}), encoder)
    return lambda: runtime.to_numpy(run(pixels[:, None], positions[:, None]))


def transformers(sense: str) -> Callable[[], np.ndarray]:
    import torch
    from transformers import Gemma4AudioConfig, Gemma4Config, Gemma4ForConditionalGeneration, Gemma4VisionConfig

    from g4lab.checkpoints.huggingface_config import config_json
    from g4lab.config import preset

    torch.manual_seed(0)
    # The text model is not timed: two layers of it, and a small vocabulary, save gigabytes.
    config = preset("e2b")
    whole = config_json(config, "float32")
    text = {**whole["text_config"], "num_hidden_layers": 2, "num_kv_shared_layers": 0, "vocab_size": 1024}
    text |= {"layer_types": ["sliding_attention", "full_attention"], "vocab_size_per_layer_input": 1024}
    towers = {
        "vision_config": Gemma4VisionConfig(**whole["vision_config"]) if sense == "vision" else None,
        "audio_config": Gemma4AudioConfig(**whole["audio_config"]) if sense == "audio" else None,
    }
    model = Gemma4ForConditionalGeneration(Gemma4Config(text_config=text, **towers)).eval().model
    given = [torch.from_numpy(array) for array in (picture() if sense == "vision" else sound())]

    @torch.inference_mode()
    def run():
        if sense == "audio":
            return model.get_audio_features(*given).pooler_output.numpy()
        (features,) = model.get_image_features(*given).pooler_output  # one for each picture
        return features.numpy()

    return run


SYSTEMS = {"g4lab": ours, "keras-hub": kerashub, "transformers": transformers}


def main(system: str, sense: str) -> None:
    run = SYSTEMS[system](sense)
    tokens = int(np.prod(run().shape[:-1]))
    wanted = ROWS * COLUMNS // 9 if sense == "vision" else FRAMES // 4
    if tokens != wanted:
        raise SystemExit(f"{system} made {tokens} soft tokens of {sense}, not {wanted}")
    print(json.dumps({"seconds": fastest(run, REPEATS)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
