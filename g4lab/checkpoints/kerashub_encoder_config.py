"""keras-hub's configs of Gemma 4 encoders, read and written."""

from __future__ import annotations

from g4lab.config import TextConfig
from g4lab.encoder_config import AudioConfig, VisionConfig
from g4lab.errors import CheckpointError

VISION, AUDIO = "Gemma4VisionEncoder", "Gemma4AudioEncoder"
_IMAGE_SIZE = 896  # keras-hub's own choice; its forward pass goes by the positions of the patches
# Where g4lab builds exactly one thing, any other value would be read wrongly.
_FIXED_AUDIO = {
    "reduction_factor": 1,
    "context_right": 0,
    "norm_eps": 1e-6,
    "sscp_kernel_sizes": [[3, 3], [3, 3]],
    "sscp_stride_sizes": [[2, 2], [2, 2]],
}


def encoder_fields(values: dict, where: object) -> dict:
    """The encoders of TextConfig that a Gemma4Backbone's `get_config()` describes.

    Raises: CheckpointError for a value that g4lab has no layer for.
    """
    found = {}
    if values.get("vision_encoder"):
        found["vision"] = _vision(values["vision_encoder"]["config"], where)
    if values.get("audio_encoder"):
        found["audio"] = _audio(values["audio_encoder"]["config"], where)
    return found


def encoder_json(config: TextConfig, dtype: dict) -> dict:
    """The fields of a Gemma4Backbone's config that describe the encoders; `dtype` is a serialised policy.

    Raises: CheckpointError where keras-hub would build others.
    """
    vision, audio = config.vision, config.audio
    return {
        "image_size": _IMAGE_SIZE if vision else None,
        "vision_encoder": _serialised(VISION, "vision", _vision_json(vision, config.width)) if vision else None,
        "audio_encoder": _serialised(AUDIO, "audio", _audio_json(audio, config.width, dtype)) if audio else None,
        "num_audio_tokens_per_clip": 750 if audio else None,
    }


def _serialised(name: str, kind: str, values: dict) -> dict:
    return {
        "module": f"keras_hub.src.models.gemma4.gemma4_{kind}_encoder",
        "class_name": name,
        "config": values,
        "registered_name": f"keras_hub>{name}",
    }


def _vision(values: dict, where: object) -> VisionConfig:
    _same(values, {"num_key_value_heads": values["num_heads"]}, where)
    return VisionConfig(
        width=values["hidden_dim"],
        layers=values["num_layers"],
        heads=values["num_heads"],
        head_dim=values["head_dim"],
        feedforward=values["intermediate_dim"],
        patch_size=values["patch_size"],
        pooling=values["pool_size"],
        positions=values["position_embedding_size"],
        theta=values["rope_max_wavelength"],
        clipped=values["use_clipped_linears"],
        standardised=values["standardize"],
        norm_eps=values["layer_norm_epsilon"],
    )


def _audio(values: dict, where: object) -> AudioConfig:
    fixed = {"context_left": values["chunk_size"] + 1, "sscp_norm_eps": values["norm_eps"]}
    _same(values, _FIXED_AUDIO | fixed, where)
    return AudioConfig(
        width=values["hidden_size"],
        layers=values["num_layers"],
        heads=values["num_heads"],
        output_width=values["output_proj_dims"],
        span=values["chunk_size"],
        kernel=values["conv_kernel_size"],
        channels=tuple(values["sscp_conv_channels"]),
        mel_bins=values["input_feat_size"],
        softcap=values["logit_cap"],
        residual_weight=values["residual_weight"],
        limit=values["gradient_clipping"],
        clipped=True,
        norm_eps=values["norm_eps"],
    )


def _same(values: dict, expected: dict, where: object) -> None:
    for field, value in expected.items():
        found = values.get(field, value)
        if found != value:
            what = f"{field} of an encoder is {found!r}; g4lab builds {value!r} only"
            raise CheckpointError(what, where, "use a model as keras-hub publishes them")


def _vision_json(config: VisionConfig, text_width: int) -> dict:
    return {
        "image_size": _IMAGE_SIZE,
        "patch_size": config.patch_size,
        "num_heads": config.heads,
        "hidden_dim": config.width,
        "num_layers": config.layers,
        "intermediate_dim": config.feedforward,
        "head_dim": config.head_dim,
        "output_dim": text_width,
        "num_key_value_heads": config.heads,
        "pool_size": config.pooling,
        "position_embedding_size": config.positions,
        "rope_max_wavelength": config.theta,
        "layer_norm_epsilon": config.norm_eps,
        "dropout": 0,
        "use_clipped_linears": config.clipped,
        "standardize": config.standardised,
    }


def _audio_json(config: AudioConfig, text_width: int, dtype: dict) -> dict:
    for wrong, what in (
        (not config.clipped, "keras-hub clips every linear map of its audio encoder, and this one has no bounds"),
        (config.norm_eps != 1e-6, "keras-hub takes one epsilon for all norms of an audio encoder, g4lab 1e-6 for most"),
    ):
        if wrong:
            raise CheckpointError(what, "the audio encoder's config", 'save it with format="huggingface"')
    return {
        "name": "gemma4_audio_encoder",
        "trainable": True,
        "dtype": dtype,
        "input_feat_size": config.mel_bins,
        "hidden_size": config.width,
        "num_heads": config.heads,
        "num_layers": config.layers,
        "chunk_size": config.span,
        "context_left": config.span + 1,
        "context_right": 0,
        "logit_cap": config.softcap,
        "invalid_logit_value": -1e9,
        "conv_kernel_size": config.kernel,
        "reduction_factor": 1,
        "residual_weight": config.residual_weight,
        "gradient_clipping": config.limit,
        "sscp_conv_channels": list(config.channels),
        "sscp_kernel_sizes": _FIXED_AUDIO["sscp_kernel_sizes"],
        "sscp_stride_sizes": _FIXED_AUDIO["sscp_stride_sizes"],
        "output_proj_dims": config.output_width,
        "output_dim": text_width,
        "norm_eps": config.norm_eps,
        "sscp_norm_eps": config.norm_eps,
    }
