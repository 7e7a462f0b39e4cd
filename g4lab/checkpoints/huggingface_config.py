"""A Hugging Face config.json as a TextConfig, and back; what it says of encoders is read next door."""

from __future__ import annotations

from pathlib import Path

from g4lab.checkpoints.huggingface_encoder_config import encoder_fields, whole_json
from g4lab.config import TextConfig
from g4lab.errors import CheckpointError

MODEL_TYPES = ("gemma4", "gemma4_text")
_KINDS = {"sliding_attention": "local", "full_attention": "global"}
_LAYER_TYPES = {kind: name for name, kind in _KINDS.items()}
_REQUIRED = (
    "hidden_size",
    "intermediate_size",
    "layer_types",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "sliding_window",
)
# What a field means where g4lab builds exactly one thing: any other value would be read wrongly, so it is an error.
_FIXED = {
    "hidden_activation": "gelu_pytorch_tanh",
    "attention_bias": False,
    "tie_word_embeddings": True,
    "attn_logit_softcapping": None,
    "quantization_config": None,
}
_FAMILIAR = "g4lab reads Gemma 4 as transformers 5 and Google publish it"


def text_config(values: dict, generation: dict, name: str, path: Path, processor: dict | None = None) -> TextConfig:
    """The model that a config.json describes.

    `generation` is generation_config.json, which knows the stop tokens; `processor` is processor_config.json.

    Raises: CheckpointError for another kind of model, a missing field, or a value that g4lab has no layer for.
    """
    kind = values.get("model_type")
    if kind not in MODEL_TYPES:
        raise CheckpointError(
            f"model_type is {kind!r}",
            path,
            f"g4lab reads Gemma 4 text and multimodal checkpoints: {', '.join(MODEL_TYPES)}",
        )
    text = values if kind == "gemma4_text" else values.get("text_config") or {}
    _check_familiar(text, values, path)
    layers = text["num_hidden_layers"]
    kinds = tuple(_KINDS[layer] for layer in text["layer_types"])
    if len(kinds) != layers:
        raise CheckpointError(f"num_hidden_layers is {layers}, but layer_types names {len(kinds)}", path, _FAMILIAR)
    global_head_dim, global_kv_heads = _global_shape(text, kinds, path)
    rope = text.get("rope_parameters") or {}
    local_rope, global_rope = rope.get("sliding_attention") or {}, rope.get("full_attention") or {}
    mixture = bool(text.get("enable_moe_block"))
    eos = generation.get("eos_token_id") or text.get("eos_token_id", 1)
    return TextConfig(
        name=name,
        vocab_size=text.get("vocab_size", 262_144),
        width=text["hidden_size"],
        kinds=kinds,
        heads=text["num_attention_heads"],
        kv_heads=text["num_key_value_heads"],
        global_kv_heads=global_kv_heads,
        head_dim=text.get("head_dim", 256),
        global_head_dim=global_head_dim,
        feedforward=text["intermediate_size"],
        window=text["sliding_window"],
        shared_layers=text.get("num_kv_shared_layers") or 0,
        double_wide=bool(text.get("use_double_wide_mlp")),
        key_is_value=bool(text.get("attention_k_eq_v")),
        ple_dim=text.get("hidden_size_per_layer_input") or 0,
        ple_vocab_size=text.get("vocab_size_per_layer_input") or text.get("vocab_size", 262_144),
        experts=text["num_experts"] if mixture else 0,
        chosen=text["top_k_experts"] if mixture else 0,
        expert_feedforward=text["moe_intermediate_size"] if mixture else 0,
        softcap=text.get("final_logit_softcapping"),
        norm_eps=text.get("rms_norm_eps", 1e-6),
        local_theta=local_rope.get("rope_theta", 10_000.0),
        global_theta=global_rope.get("rope_theta", 1_000_000.0),
        rotary_fraction=global_rope.get("partial_rotary_factor", 0.25),
        max_positions=text.get("max_position_embeddings", 131_072),
        bidirectional_images=text.get("use_bidirectional_attention") == "vision",
        pad_id=text.get("pad_token_id") or 0,
        bos_id=text.get("bos_token_id", 2),
        eos_ids=tuple(eos) if isinstance(eos, list) else (eos,),
        **({} if kind == "gemma4_text" else encoder_fields(values, processor or {}, path)),
    )


def config_json(config: TextConfig, dtype: str) -> dict:
    """The config.json from which transformers builds the same model.

    Of text alone it is a Gemma4ForCausalLM, with encoders a Gemma4ForConditionalGeneration.

    Raises: CheckpointError where transformers would build another one.
    """
    if config.kinds[-1] != "global":
        raise CheckpointError(
            "the last layer is local, and transformers makes every last layer global",
            f"config {config.name!r}",
            "save a model that ends in a global layer",
        )
    mixture = config.experts > 0
    text = {
        "architectures": ["Gemma4ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "attention_k_eq_v": config.key_is_value,
        "bos_token_id": config.bos_id,
        "dtype": dtype,
        "enable_moe_block": mixture,
        "eos_token_id": list(config.eos_ids) if len(config.eos_ids) > 1 else config.eos_ids[0],
        "final_logit_softcapping": config.softcap,
        "global_head_dim": config.global_head_dim,
        "head_dim": config.head_dim,
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_size": config.width,
        "hidden_size_per_layer_input": config.ple_dim,
        "initializer_range": 0.02,
        "intermediate_size": config.feedforward,
        "layer_types": [_LAYER_TYPES[kind] for kind in config.kinds],
        "max_position_embeddings": config.max_positions,
        "model_type": "gemma4_text",
        "moe_intermediate_size": config.expert_feedforward if mixture else None,
        "num_attention_heads": config.heads,
        "num_experts": config.experts if mixture else None,
        # Always a number where K=V: keras-hub reads this file too, and knows K=V by it.
        "num_global_key_value_heads": config.kv_heads_of("global") if config.key_is_value else None,
        "num_hidden_layers": config.layers,
        "num_key_value_heads": config.kv_heads,
        "num_kv_shared_layers": config.shared_layers,
        "pad_token_id": config.pad_id,
        "rms_norm_eps": config.norm_eps,
        "rope_parameters": {
            "full_attention": {
                "partial_rotary_factor": config.rotary_fraction,
                "rope_theta": config.global_theta,
                "rope_type": "proportional",
            },
            "sliding_attention": {"rope_theta": config.local_theta, "rope_type": "default"},
        },
        "sliding_window": config.window,
        "tie_word_embeddings": True,
        "top_k_experts": config.chosen if mixture else None,
        "use_bidirectional_attention": "vision" if config.bidirectional_images else None,
        "use_double_wide_mlp": config.double_wide,
        "vocab_size": config.vocab_size,
        "vocab_size_per_layer_input": config.ple_vocab_size,
    }
    return whole_json(config, text, dtype) if config.vision or config.audio else text


def generation_json(config: TextConfig) -> dict:
    """The generation_config.json: the stop tokens, and the sampling that Gemma 4 is published with."""
    return {
        "bos_token_id": config.bos_id,
        "do_sample": True,
        "eos_token_id": list(config.eos_ids),
        "pad_token_id": config.pad_id,
        "temperature": 1.0,
        "top_k": 64,
        "top_p": 0.95,
    }


def _check_familiar(text: dict, values: dict, path: Path) -> None:
    """Refuse what would be built wrongly."""
    missing = [field for field in _REQUIRED if text.get(field) is None]
    if missing:
        raise CheckpointError(f"fields are missing: {', '.join(missing)}", path, _FAMILIAR)
    for field, value in _FIXED.items():
        for holder in (text, values):
            if holder.get(field, value) != value:
                raise CheckpointError(f"{field} is {holder[field]!r}; g4lab builds {value!r} only", path, _FAMILIAR)
    if text.get("use_bidirectional_attention") not in (None, "vision"):
        raise CheckpointError("every token sees every other (an embedding model)", path, "load a generating Gemma 4")
    unknown = sorted(set(text["layer_types"]) - set(_KINDS))
    if unknown:
        raise CheckpointError(f"layer_types holds {unknown}", path, f"g4lab knows {', '.join(_KINDS)}")
    expected = {"sliding_attention": "default", "full_attention": "proportional"}
    for layer_type, rope in (text.get("rope_parameters") or {}).items():
        found = rope.get("rope_type", expected.get(layer_type))
        if found != expected.get(layer_type):
            raise CheckpointError(f"rope_type of {layer_type} is {found!r}", path, f"g4lab knows {expected}")


def _global_shape(text: dict, kinds: tuple[str, ...], path: Path) -> tuple[int, int | None]:
    """Head dim and K/V heads of global layers: two fields in published files, one entry a layer in newer ones.

    The K/V heads are None without K=V: such layers have as many as the local ones.
    """
    key_is_value, local_kv_heads = bool(text.get("attention_k_eq_v")), text["num_key_value_heads"]
    if "per_layer_config" not in text:
        kv_heads = text.get("num_global_key_value_heads") or local_kv_heads
        return text.get("global_head_dim") or 512, kv_heads if key_is_value else None
    base = {"head_dim": text.get("head_dim", 256), "num_key_value_heads": local_kv_heads}
    shapes = {kind: [] for kind in kinds}
    for index, kind in enumerate(kinds):
        shapes[kind].append(base | (text["per_layer_config"].get(str(index)) or {}))
    found = shapes.get("global", [base])[0]
    uneven = any(shape != shapes[kind][0] for kind in shapes for shape in shapes[kind])
    if uneven or shapes.get("local", [base])[0] != base or found.keys() != base.keys():
        raise CheckpointError("per_layer_config makes layers of one kind differ", path, _FAMILIAR)
    if not key_is_value and found["num_key_value_heads"] != local_kv_heads:
        raise CheckpointError("global layers have other K/V heads without attention_k_eq_v", path, _FAMILIAR)
    return found["head_dim"], found["num_key_value_heads"] if key_is_value else None
