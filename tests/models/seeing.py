"""A small random model that sees and hears, with the tokenizer of the tiny family."""

from functools import cache

import numpy as np

import g4lab
from g4lab.encoder_config import AudioConfig, VisionConfig
from g4lab.lab import Lab
from g4lab.models.gemma4 import Gemma4

VISION = VisionConfig(
    width=16,
    layers=2,
    heads=2,
    head_dim=8,
    feedforward=24,
    positions=64,
    budget=9,
    frame_budget=4,
    frames=10,
    clipped=True,
)
AUDIO = AudioConfig(width=16, layers=2, heads=2, output_width=12, channels=(4, 2), mel_bins=128)
IDS = dict(
    image_start_id=17, image_end_id=18, image_id=19, audio_start_id=20, audio_end_id=21, audio_id=22, video_id=23
)


@cache
def lab(name: str = "tiny-e") -> Lab:
    """The embedded model's text part with untrained encoders, the same in every run."""
    trained = g4lab.load(name)
    config = trained.config.replace(vision=VISION, audio=AUDIO, **IDS)
    network = Gemma4(config, dtype="float32")
    rng = np.random.default_rng(0)
    text = trained.network.named_variables().items()
    known = {key: value for key, value in text if key.split(".")[0] not in ("vision", "audio")}
    for variable_name, variable in network.named_variables().items():
        if variable_name in known:
            variable.assign(known[variable_name])
        elif variable.trainable and "scale" not in variable_name:
            variable.assign(rng.standard_normal(variable.shape).astype("float32") / variable.shape[-1] ** 0.5)
    return Lab(network, trained.tokenizer, name, "random encoders")


def picture(seed: int = 0, height: int = 100, width: int = 130) -> np.ndarray:
    """Shapes: -> uint8 [h,w,3]."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def sound(seconds: float = 0.5, seed: int = 0) -> tuple[np.ndarray, int]:
    """Noise, and its samples a second."""
    return np.random.default_rng(seed).standard_normal(int(16_000 * seconds)).astype("float32") / 10, 16_000


def film(frames: int = 5, seed: int = 0) -> list[np.ndarray]:
    """Pictures of one size."""
    return [picture(seed + i, 96, 96) for i in range(frames)]
