"""Small models that see and hear, and what they are shown: some drawn at random, some like the released sizes."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from g4lab.config import AudioConfig, TextConfig, VisionConfig
from tests.parity.configs import LIKE_26B, LIKE_E2B, VOCABULARY, drawn, text_configs

VISION = VisionConfig(
    width=24,
    layers=2,
    heads=3,
    head_dim=8,
    feedforward=40,
    patch_size=2,
    pooling=3,
    positions=20,
    clipped=True,
    norm_eps=1e-3,
)
AUDIO = AudioConfig(
    width=24, layers=2, heads=3, output_width=20, span=5, kernel=3, channels=(12, 5), mel_bins=12, softcap=5.0
)
_IDS = dict(image_id=290, video_id=291, audio_id=292, image_start_id=293, image_end_id=294)
# transformers reads the padding's embedding for placeholders, so they may lie outside the vocabulary.
_OUTSIDE = dict(image_id=VOCABULARY + 3, video_id=VOCABULARY + 5, audio_id=VOCABULARY + 4)

SEES_AND_HEARS = LIKE_E2B.replace(name="sees-and-hears", vision=VISION, audio=AUDIO, **_IDS)
"""As E2B: clipped maps, PLE, and pictures read from left to right."""
SEES_BOTH_WAYS = LIKE_26B.replace(
    name="sees-both-ways",
    vision=VISION.replace(clipped=False, standardised=True, pooling=2),
    bidirectional_images=True,
    **_IDS,
)
"""As 26B-A4B: no sound, standardised soft tokens, and local layers that read a picture both ways."""
HEARS_AS_THE_HUB = SEES_AND_HEARS.replace(
    name="hears-as-the-hub",
    audio=AUDIO.replace(mel_bins=128, channels=(128, 5)),
    kinds=("local", "global"),
    shared_layers=0,
)
"""keras-hub reads 128 mel bins, whatever a Hugging Face config says."""
FIXED = (SEES_AND_HEARS, SEES_BOTH_WAYS, HEARS_AS_THE_HUB)


@st.composite
def media_configs(draw) -> TextConfig:
    """Any model with encoders that g4lab and transformers can both express.

    A soft token of one patch (pooling 1) is left out: there transformers keeps the padding and drops the patches.
    """
    vision = VisionConfig(
        width=draw(st.integers(8, 30)),
        layers=draw(st.integers(1, 2)),
        heads=draw(st.integers(1, 3)),
        head_dim=4 * draw(st.integers(1, 3)),
        feedforward=draw(st.integers(10, 40)),
        patch_size=draw(st.integers(1, 3)),
        pooling=draw(st.integers(2, 3)),
        positions=draw(st.integers(16, 30)),
        theta=draw(st.sampled_from((100.0, 7.0))),
        clipped=draw(st.booleans()),
        standardised=draw(st.booleans()),
        norm_eps=draw(st.sampled_from((1e-6, 1e-3))),
    )
    heads, quarter = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    audio = AudioConfig(
        width=heads * 2 * draw(st.integers(3, 6)),
        layers=draw(st.integers(1, 2)),
        heads=heads,
        output_width=draw(st.integers(8, 20)),
        span=draw(st.integers(2, 6)),
        kernel=draw(st.integers(1, 5)),
        channels=(4 * quarter, draw(st.integers(3, 6))),
        mel_bins=4 * quarter,
        softcap=draw(st.sampled_from((50.0, 2.0))),
        residual_weight=draw(st.sampled_from((0.5, 0.8))),
        limit=draw(st.sampled_from((1e10, 1.5))),
        clipped=draw(st.booleans()),
        norm_eps=draw(st.sampled_from((1e-6, 1e-3))),
    )
    return draw(text_configs()).replace(
        vision=vision,
        audio=draw(st.sampled_from((audio, audio, None))),
        bidirectional_images=draw(st.booleans()),
        **draw(st.sampled_from((_IDS, _OUTSIDE))),
    )


def all_media_configs() -> list[TextConfig]:
    """The fixed ones, then drawn ones."""
    return [*FIXED, *drawn(7, media_configs(), "media")]


def media(config: TextConfig) -> dict[str, dict[str, np.ndarray]]:
    """Three pictures of different shapes, two films of two and one frames, and two sounds of different lengths.

    Shapes: as `Gemma4.soft_tokens` takes them; the films' frames one after the other.
    """
    rng = np.random.default_rng(5)
    found = {
        "image": pictures(config.vision, [(2, 3), (1, 1), (3, 1)], 7, rng),
        "video": pictures(config.vision, [(1, 2), (1, 2), (2, 2)], 4, rng),
    }
    if config.audio:
        mel = rng.standard_normal((2, 45, config.audio.mel_bins), dtype=np.float32)
        found["audio"] = {"mel": mel, "valid": np.arange(45) < np.array([45, 22])[:, None]}
    return found


FRAMES = (2, 1)
"""Of each film."""


def pictures(vision: VisionConfig, grids, budget: int, rng) -> dict[str, np.ndarray]:
    """Pictures of so many rows and columns of soft tokens, filled up to a budget of soft tokens."""
    patches = budget * vision.pooling**2
    pixels = np.zeros((len(grids), patches, vision.patch_values), np.float32)
    positions = np.full((len(grids), patches, 2), -1, np.int32)
    for i, grid in enumerate(grids):
        rows, columns = (side * vision.pooling for side in grid)
        y, x = np.mgrid[:rows, :columns]
        positions[i, : rows * columns] = np.stack([x.ravel(), y.ravel()], axis=1)
        pixels[i, : rows * columns] = rng.random((rows * columns, vision.patch_values))
    return {"pixels": pixels, "positions": positions}


def prompt(config: TextConfig) -> np.ndarray:
    """Two texts with a placeholder for each soft token of `media`, in its order, int32 [B,T]."""
    rng = np.random.default_rng(6)

    def words(count: int) -> list[int]:
        return rng.integers(3, 280, count).tolist()

    def sound(count: int) -> list[int]:
        return [config.audio_id] * count if config.audio else words(count)

    # 45 frames are 12 soft tokens, 22 are 6; the first picture stands at the very beginning, two frames side by side.
    first = [*[config.image_id] * 6, *words(3), *sound(12), *words(2), *[config.video_id] * 2, *words(4)]
    second = [*words(2), config.image_id, *words(1), *[config.image_id] * 3, *words(2), *[config.video_id] * 2]
    second += [*words(1), *[config.video_id] * 4, *sound(6), *words(7)]
    assert len(first) == len(second) == 29
    return np.array([first, second], np.int32)
