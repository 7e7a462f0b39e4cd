"""How large the encoders are, from their configs alone: nothing is allocated."""

from __future__ import annotations

from g4lab.config import TextConfig
from g4lab.encoder_config import AudioConfig, VisionConfig


def encoder_counts(config: TextConfig) -> dict[str, int]:
    """Parameters of the encoders and of the projections into the text model; empty for a model of text alone.

    Bounds of clipped maps and the constants of standardisation are stored, not learned, and do not count, as in the
    published numbers.
    """
    counts = {}
    if config.vision:
        counts["vision encoder"] = vision_parameters(config.vision)
        counts["vision projection"] = config.vision.width * config.width
    if config.audio:
        counts["audio encoder"] = audio_parameters(config.audio)
        counts["audio projection"] = config.audio.output_width * config.width
    return counts


def vision_parameters(config: VisionConfig) -> int:
    """Parameters of a vision encoder."""
    width, inner = config.width, config.heads * config.head_dim
    block = (
        4 * width * inner  # query, key, value, output
        + 3 * width * config.feedforward
        # before and after attention, before and after the feed-forward part; query and key
        + 4 * width
        + 2 * config.head_dim
    )
    return config.patch_values * width + 2 * config.positions * width + config.layers * block


def audio_parameters(config: AudioConfig) -> int:
    """Parameters of an audio encoder."""
    width, (first, second) = config.width, config.channels
    subsampling = 9 * first + first + 9 * first * second + second + config.flattened * width
    feedforward = 8 * width**2 + 2 * width
    attention = 5 * width**2 + config.head_dim  # query, key, value, output, distances; a scale for each feature
    convolution = 3 * width**2 + config.kernel * width + 2 * width
    block = 2 * feedforward + attention + convolution + 3 * width
    return subsampling + config.layers * block + (width + 1) * config.output_width
