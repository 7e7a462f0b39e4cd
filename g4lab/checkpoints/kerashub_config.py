"""A keras-hub Gemma4Backbone config as a TextConfig, and back."""

from __future__ import annotations

from g4lab.checkpoints.kerashub_encoder_config import encoder_fields, encoder_json
from g4lab.config import TextConfig
from g4lab.errors import CheckpointError

BACKBONE = "keras_hub>Gemma4Backbone"
_KINDS = {"sliding_attention": "local", "full_attention": "global"}
_LAYER_TYPES = {kind: name for name, kind in _KINDS.items()}
_REQUIRED = (
    "vocabulary_size",
    "num_layers",
    "num_query_heads",
    "num_key_value_heads",
    "hidden_dim",
    "intermediate_dim",
    "head_dim",
    "layer_types",
    "sliding_window_size",
)
# Where g4lab builds exactly one thing, any other value would be read wrongly.
_FIXED = {
    "attention_logit_soft_cap": None,
    "use_sliding_window_attention": True,
    "local_rope_scaling_factor": 1.0,
    "global_rope_scaling_factor": 1.0,
    "use_bidirectional_attention": False,
    "is_embedding_model": False,
}


def text_config(values: dict, name: str, where: object) -> TextConfig:
    """The model that a Gemma4Backbone's `get_config()` describes.

    keras-hub keeps no token ids in it: pad, bos and eos are Gemma's own, and the tokenizer knows the end of a turn.

    Raises: CheckpointError for a missing field or a value that g4lab has no layer for.
    """
    missing = [field for field in _REQUIRED if values.get(field) is None]
    if missing:
        raise CheckpointError(f"fields are missing: {', '.join(missing)}", where, "give a preset saved by keras-hub")
    for field, value in _FIXED.items():
        if values.get(field, value) != value:
            raise CheckpointError(
                f"{field} is {values[field]!r}; g4lab builds {value!r} only", where, "load a generating Gemma 4 model"
            )
    mixture = bool(values.get("enable_moe_block"))
    global_kv_heads = values.get("num_global_key_value_heads")
    config = TextConfig(
        name=name,
        vocab_size=values["vocabulary_size"],
        width=values["hidden_dim"],
        kinds=tuple(_KINDS[layer] for layer in values["layer_types"]),
        heads=values["num_query_heads"],
        kv_heads=values["num_key_value_heads"],
        global_kv_heads=global_kv_heads,
        head_dim=values["head_dim"],
        global_head_dim=values.get("global_head_dim") or values["head_dim"],
        feedforward=values["intermediate_dim"],
        window=values["sliding_window_size"],
        shared_layers=values.get("num_kv_shared_layers", 0),
        double_wide=values.get("use_double_wide_mlp", False),
        key_is_value=global_kv_heads is not None,  # keras-hub has no switch of its own for it
        ple_dim=values.get("hidden_size_per_layer_input", 0),
        ple_vocab_size=values.get("vocab_size_per_layer_input") or values["vocabulary_size"],
        experts=values["num_experts"] if mixture else 0,
        chosen=values["num_experts_per_token"] if mixture else 0,
        expert_feedforward=values["expert_intermediate_dim"] if mixture else 0,
        softcap=values.get("final_logit_soft_cap"),
        norm_eps=values.get("layer_norm_epsilon", 1e-6),
        local_theta=values.get("local_rope_wavelength") or 10_000.0,
        global_theta=values.get("global_rope_wavelength") or 1_000_000.0,
        rotary_fraction=values.get("global_rope_partial_rotary_factor", 1.0),
        bidirectional_images=values.get("use_vision_bidirectional_attention", False),
        **encoder_fields(values, where),
    )
    _check_rotary(config, where)
    return config


def config_json(config: TextConfig, dtype: str) -> dict:
    """The config.json of a preset from which keras-hub builds the same model.

    Raises: CheckpointError where keras-hub would build another one.
    """
    _check_rotary(config, f"config {config.name!r}")
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": dtype}, "registered_name": None}
    return {
        "module": "keras_hub.src.models.gemma4.gemma4_backbone",
        "class_name": "Gemma4Backbone",
        "config": {"name": "gemma4_backbone", "trainable": True, "dtype": policy, **_fields(config, policy)},
        "registered_name": BACKBONE,
    }


def _check_rotary(config: TextConfig, where: object) -> None:
    if config.rotary_fraction * config.global_head_dim < 2:
        raise CheckpointError(
            "global layers rotate not even one pair of features, and keras-hub rotates at least one",
            where,
            "use a rotary_fraction of at least 2 / global_head_dim",
        )


def _fields(config: TextConfig, policy: dict) -> dict:
    mixture = config.experts > 0
    return {
        "vocabulary_size": config.vocab_size,
        "num_layers": config.layers,
        "num_query_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "hidden_dim": config.width,
        "intermediate_dim": config.feedforward,
        "head_dim": config.head_dim,
        "query_head_dim_normalize": True,
        "attention_logit_soft_cap": None,
        "final_logit_soft_cap": config.softcap,
        "use_sliding_window_attention": True,
        "sliding_window_size": config.window,
        "layer_types": [_LAYER_TYPES[kind] for kind in config.kinds],
        "global_head_dim": config.global_head_dim,
        "local_rope_scaling_factor": 1.0,
        "global_rope_scaling_factor": 1.0,
        **encoder_json(config, policy),
        "use_bidirectional_attention": False,
        "use_vision_bidirectional_attention": config.bidirectional_images,
        "layer_norm_epsilon": config.norm_eps,
        "dropout": 0,
        "num_kv_shared_layers": config.shared_layers,
        "num_global_key_value_heads": config.kv_heads_of("global") if config.key_is_value else None,
        "hidden_size_per_layer_input": config.ple_dim,
        "vocab_size_per_layer_input": config.ple_vocab_size if config.ple_dim else None,
        "global_rope_wavelength": config.global_theta,
        "local_rope_wavelength": config.local_theta,
        "global_rope_partial_rotary_factor": config.rotary_fraction,
        "use_double_wide_mlp": config.double_wide,
        "enable_moe_block": mixture,
        "num_experts": config.experts if mixture else None,
        "expert_intermediate_dim": config.expert_feedforward if mixture else None,
        "num_experts_per_token": config.chosen if mixture else 8,
    }
