"""The encoders' part of a Hugging Face config.json, read and written."""

from __future__ import annotations

from pathlib import Path

from g4lab.checkpoints.processor_config import processor_fields
from g4lab.config import TextConfig
from g4lab.encoder_config import AudioConfig, VisionConfig
from g4lab.errors import CheckpointError

_FAMILIAR = "g4lab reads Gemma 4 as transformers 5 and Google publish it"
_IDS = {
    "image_id": "image_token_id",
    "video_id": "video_token_id",
    "audio_id": "audio_token_id",
    "image_start_id": "boi_token_id",
    "image_end_id": "eoi_token_id",
    "audio_start_id": "boa_token_id",
    "audio_end_id": "eoa_token_index",
}
"""Ours, and transformers' names."""


def encoder_fields(values: dict, processor: dict, path: Path) -> dict:
    """The fields of TextConfig that a config.json with encoders fills: the encoders and the tokens of media.

    `processor` is processor_config.json, {} where there is none.

    Raises: CheckpointError for a value that g4lab has no layer for.
    """
    found = {ours: values[theirs] for ours, theirs in _IDS.items() if values.get(theirs) is not None}
    seen, heard = processor_fields(processor)
    if values.get("vision_config"):
        found["vision"] = _vision(values["vision_config"], path).replace(**seen)
    if values.get("audio_config"):
        found["audio"] = _audio(values["audio_config"], path).replace(**heard)
    return found


def whole_json(config: TextConfig, text: dict, dtype: str) -> dict:
    """The config.json of a model with encoders, around that of its decoder."""
    whole = {
        "architectures": ["Gemma4ForConditionalGeneration"],
        "dtype": dtype,
        "initializer_range": 0.02,
        "model_type": "gemma4",
        "text_config": text,
        "tie_word_embeddings": True,
        **{theirs: getattr(config, ours) for ours, theirs in _IDS.items()},
    }
    if config.vision:
        whole["vision_config"] = _vision_json(config.vision, dtype)
    if config.audio:
        whole["audio_config"] = _audio_json(config.audio, dtype)
    return whole


def _vision(values: dict, path: Path) -> VisionConfig:
    heads, rope = values.get("num_attention_heads", 12), values.get("rope_parameters") or {}
    _same(values, {"hidden_activation": "gelu_pytorch_tanh", "attention_bias": False}, path)
    _same(values, {"num_key_value_heads": heads}, path)
    if rope.get("rope_type", "axial") not in ("axial", "default"):
        raise CheckpointError(f"the rope_type of the vision encoder is {rope['rope_type']!r}", path, _FAMILIAR)
    return VisionConfig(
        width=values.get("hidden_size", 768),
        layers=values.get("num_hidden_layers", 16),
        heads=heads,
        head_dim=values.get("head_dim", 64),
        feedforward=values.get("intermediate_size", 3072),
        patch_size=values.get("patch_size", 16),
        pooling=values.get("pooling_kernel_size", 3),
        positions=values.get("position_embedding_size", 10_240),
        theta=rope.get("rope_theta", 100.0),
        clipped=bool(values.get("use_clipped_linears")),
        standardised=bool(values.get("standardize")),
        norm_eps=values.get("rms_norm_eps", 1e-6),
    )


def _audio(values: dict, path: Path) -> AudioConfig:
    span, channels = values.get("attention_chunk_size", 12), tuple(values.get("subsampling_conv_channels", (128, 32)))
    left = {"attention_context_left": span + 1, "attention_context_right": 0, "hidden_act": "silu"}
    _same(values, left, path)
    return AudioConfig(
        width=values.get("hidden_size", 1024),
        layers=values.get("num_hidden_layers", 12),
        heads=values.get("num_attention_heads", 8),
        output_width=values.get("output_proj_dims", 1536),
        span=span,
        kernel=values.get("conv_kernel_size", 5),
        channels=channels,
        mel_bins=channels[0] // 4 * 4,  # transformers takes a quarter of the channels for a quarter of the bins
        softcap=values.get("attention_logit_cap", 50.0),
        residual_weight=values.get("residual_weight", 0.5),
        limit=values.get("gradient_clipping", 1e10),
        clipped=bool(values.get("use_clipped_linears", True)),
        norm_eps=values.get("rms_norm_eps", 1e-6),
    )


def _same(values: dict, expected: dict, path: Path) -> None:
    """Refuse values where g4lab builds exactly one thing."""
    for field, value in expected.items():
        if values.get(field, value) != value:
            raise CheckpointError(f"{field} is {values[field]!r}; g4lab builds {value!r} only", path, _FAMILIAR)


def _vision_json(config: VisionConfig, dtype: str) -> dict:
    return {
        "attention_bias": False,
        "attention_dropout": 0.0,
        "dtype": dtype,
        "head_dim": config.head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": config.width,
        "initializer_range": 0.02,
        "intermediate_size": config.feedforward,
        "model_type": "gemma4_vision",
        "num_attention_heads": config.heads,
        "num_hidden_layers": config.layers,
        "num_key_value_heads": config.heads,
        "patch_size": config.patch_size,
        "pooling_kernel_size": config.pooling,
        "position_embedding_size": config.positions,
        "rms_norm_eps": config.norm_eps,
        "rope_parameters": {"rope_theta": config.theta, "rope_type": "axial"},
        "standardize": config.standardised,
        "use_clipped_linears": config.clipped,
    }


def _audio_json(config: AudioConfig, dtype: str) -> dict:
    if config.channels[0] // 4 != -(-config.mel_bins // 4):
        raise CheckpointError(
            f"{config.mel_bins} mel bins and {config.channels[0]} channels of the first convolution: transformers "
            "wants a quarter of both to be equal",
            "the audio encoder's config",
            "train with as many channels as mel bins",
        )
    return {
        "attention_chunk_size": config.span,
        "attention_context_left": config.span + 1,
        "attention_context_right": 0,
        "attention_invalid_logits_value": -1e9,
        "attention_logit_cap": config.softcap,
        "conv_kernel_size": config.kernel,
        "dtype": dtype,
        "gradient_clipping": config.limit,
        "hidden_act": "silu",
        "hidden_size": config.width,
        "initializer_range": 0.02,
        "model_type": "gemma4_audio",
        "num_attention_heads": config.heads,
        "num_hidden_layers": config.layers,
        "output_proj_dims": config.output_width,
        "residual_weight": config.residual_weight,
        "rms_norm_eps": config.norm_eps,
        "subsampling_conv_channels": list(config.channels),
        "use_clipped_linears": config.clipped,
    }
