"""Checkpoints in the Hugging Face layout: config.json and safetensors, read and written."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from g4lab.checkpoints import safetensors
from g4lab.checkpoints.atomic import replaced_directory, write_json
from g4lab.checkpoints.huggingface_config import config_json, generation_json, text_config
from g4lab.checkpoints.huggingface_encoders import ENCODERS
from g4lab.checkpoints.modalities import restricted
from g4lab.checkpoints.outgoing import Outgoing, outgoing
from g4lab.checkpoints.processor_config import FILE, processor_json
from g4lab.checkpoints.rules import Table, row
from g4lab.checkpoints.source import Source, Tensor
from g4lab.config import TextConfig
from g4lab.errors import CheckpointError

# Theirs, ours, and the order of axes on both sides. Prefixes (`model.`, `model.language_model.`) go before theirs.
TABLE = Table(
    (
        row("embed_tokens.weight", "embed.table", "vd -> vd"),
        row("embed_tokens_per_layer.weight", "ple.table", "vp -> vp"),
        row("per_layer_model_projection.weight", "ple.projection.kernel", "dp -> pd"),
        row("per_layer_projection_norm.weight", "ple.norm.scale", "p -> p"),
        row("norm.weight", "final_norm.scale", "d -> d"),
        row("layers.{i}.input_layernorm.weight", "layers.{i}.attention_norm.scale", "d -> d"),
        row("layers.{i}.self_attn.q_proj.weight", "layers.{i}.attention.query.kernel", "dnh -> (nh)d"),
        row("layers.{i}.self_attn.k_proj.weight", "layers.{i}.attention.key.kernel", "dkh -> (kh)d"),
        row("layers.{i}.self_attn.v_proj.weight", "layers.{i}.attention.value.kernel", "dkh -> (kh)d"),
        row("layers.{i}.self_attn.o_proj.weight", "layers.{i}.attention.output.kernel", "nhd -> d(nh)"),
        row("layers.{i}.self_attn.q_norm.weight", "layers.{i}.attention.query_norm.scale", "h -> h"),
        row("layers.{i}.self_attn.k_norm.weight", "layers.{i}.attention.key_norm.scale", "h -> h"),
        row("layers.{i}.post_attention_layernorm.weight", "layers.{i}.attention_post_norm.scale", "d -> d"),
        row("layers.{i}.pre_feedforward_layernorm.weight", "layers.{i}.feedforward_norm.scale", "d -> d"),
        row("layers.{i}.mlp.gate_proj.weight", "layers.{i}.feedforward.gate.kernel", "df -> fd"),
        row("layers.{i}.mlp.up_proj.weight", "layers.{i}.feedforward.up.kernel", "df -> fd"),
        row("layers.{i}.mlp.down_proj.weight", "layers.{i}.feedforward.down.kernel", "fd -> df"),
        row("layers.{i}.post_feedforward_layernorm.weight", "layers.{i}.feedforward_post_norm.scale", "d -> d"),
        row("layers.{i}.router.scale", "layers.{i}.router.scale", "d -> d"),
        row("layers.{i}.router.proj.weight", "layers.{i}.router.projection.kernel", "de -> ed"),
        row("layers.{i}.router.per_expert_scale", "layers.{i}.router.expert_scale", "e -> e"),
        row(
            "layers.{i}.experts.gate_up_proj",
            ("layers.{i}.experts.gate.kernel", "layers.{i}.experts.up.kernel"),
            "edf -> efd",
            joined=1,
        ),
        row("layers.{i}.experts.down_proj", "layers.{i}.experts.down.kernel", "efd -> edf"),
        row("layers.{i}.post_feedforward_layernorm_1.weight", "layers.{i}.dense_post_norm.scale", "d -> d"),
        row("layers.{i}.pre_feedforward_layernorm_2.weight", "layers.{i}.experts_norm.scale", "d -> d"),
        row("layers.{i}.post_feedforward_layernorm_2.weight", "layers.{i}.experts_post_norm.scale", "d -> d"),
        row("layers.{i}.per_layer_input_gate.weight", "layers.{i}.ple_gate.kernel", "dp -> pd"),
        row("layers.{i}.per_layer_projection.weight", "layers.{i}.ple_projection.kernel", "pd -> dp"),
        row("layers.{i}.post_per_layer_input_norm.weight", "layers.{i}.ple_post_norm.scale", "d -> d"),
        row("layers.{i}.layer_scalar", "layers.{i}.layer_scalar", "x -> x"),
    )
)

_PREFIXES = ("model.language_model.", "model.", "language_model.model.", "language_model.", "")
_ENCODER = re.compile(r"(model\.)?(vision_tower|audio_tower|embed_vision|embed_audio|multi_modal_projector)\.")
_BORROWED = re.compile(r"layers\.(\d+)\.self_attn\.(k_proj|v_proj|k_norm|v_norm)\.")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model")
_SHARD_BYTES = 5_000_000_000


def open_directory(
    directory: Path, name: str, label: str | None = None, modalities: Collection[str] | None = None
) -> Source:
    """Open a directory with config.json and safetensors; nothing but headers is read.

    `modalities` say which encoders are wanted besides text (see `modalities.py`), None all of them.

    Raises: CheckpointError for another kind of model or damaged files.
    """
    values = safetensors.read_json(directory / "config.json")
    stops, processor = (
        safetensors.read_json(directory / file) if (directory / file).exists() else {}
        for file in ("generation_config.json", FILE)
    )
    config = restricted(text_config(values, stops, name, directory / "config.json", processor), modalities)
    tensors = safetensors.read_directory(directory)
    prefix = _prefix(tensors, directory)
    skipped = {key for key in tensors if _is_unwanted(key, config) or _is_borrowed(key, config)}
    if "lm_head.weight" in tensors:
        _check_tied(tensors["lm_head.weight"], tensors[prefix + "embed_tokens.weight"])
        skipped.add("lm_head.weight")
    return Source(
        kind="huggingface",
        name=name,
        label=label or name,
        config=config,
        tensors={key: tensor for key, tensor in tensors.items() if key not in skipped},
        table=TABLE.under(prefix) + ENCODERS.under(_encoder_prefix(tensors)),
        skipped=tuple(sorted(skipped)),
        origin=str(directory),
        tokenizer=directory if any((directory / file).exists() for file in _TOKENIZER_FILES) else None,
    )


def save(
    network,
    directory: Path,
    *,
    tokenizer=None,
    label: str | None = None,
    dtype: str | None = None,
    shard_bytes: int = _SHARD_BYTES,
) -> None:
    """Write a directory that transformers loads to equal logits, encoders and all.

    `dtype` ("float32", "bfloat16") defaults to each parameter's own. The directory appears whole or not at all; one
    that holds anything but an earlier save is left as it is.

    Raises: InputError for such a directory, CheckpointError for a config that transformers cannot express.
    """
    parameters = network.named_variables()
    described = config_json(network.text, dtype or str(parameters["embed.table"].dtype))
    with replaced_directory(Path(directory), name=network.text.name, label=label) as fresh:
        if tokenizer is not None:
            tokenizer.save(fresh)
        write_json(fresh / "config.json", described)
        write_json(fresh / "generation_config.json", generation_json(network.text))
        whole = network.vision is not None or network.audio is not None
        if whole:
            write_json(fresh / FILE, processor_json(network.text))
        table = TABLE.under("model.language_model." if whole else "model.") + ENCODERS.under("model.")
        _write_shards(fresh, outgoing(table, parameters, dtype), shard_bytes)


def _write_shards(directory: Path, tensors: list[Outgoing], shard_bytes: int) -> None:
    """One file, or as many as it takes to keep each below `shard_bytes` (a larger tensor gets its own)."""
    shards: list[list[Outgoing]] = [[]]
    for tensor in tensors:
        if shards[-1] and sum(other.nbytes for other in shards[-1]) + tensor.nbytes > shard_bytes:
            shards.append([])
        shards[-1].append(tensor)
    if len(shards) == 1:
        safetensors.write(directory / safetensors.SINGLE, shards[0])
        return
    placed = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        safetensors.write(directory / name, shard)
        placed.update({tensor.name: name for tensor in shard})
    total = sum(tensor.nbytes for tensor in tensors)
    write_json(directory / safetensors.INDEX, {"metadata": {"total_size": total}, "weight_map": placed})


def _prefix(tensors: Mapping[str, Tensor], directory: Path) -> str:
    for prefix in _PREFIXES:
        if prefix + "embed_tokens.weight" in tensors:
            return prefix
    raise CheckpointError(
        f"no tensor is named embed_tokens.weight, under any of the prefixes {', '.join(map(repr, _PREFIXES))}",
        directory,
        "give the directory of a whole Gemma 4 checkpoint, not of an adapter or of an encoder alone",
    )


def _encoder_prefix(tensors: Mapping[str, Tensor]) -> str:
    """What stands before the encoders' names, "model." or nothing."""
    return next((match[1] or "" for match in map(_ENCODER.match, tensors) if match), "model.")


def _is_unwanted(name: str, config: TextConfig) -> bool:
    """Tensors of an encoder that the config does not have."""
    match = _ENCODER.match(name)
    if not match:
        return False
    kind = next((kind for kind in ("vision", "audio") if kind in match[2]), None)
    return kind is None or getattr(config, kind) is None


def _is_borrowed(name: str, config: TextConfig) -> bool:
    """K/V weights of borrowing layers: some published files still carry them, and nothing has ever used them."""
    match = None if _ENCODER.match(name) else _BORROWED.search(name)
    return bool(match) and int(match[1]) >= config.owners


def _check_tied(head: Tensor, embedding: Tensor) -> None:
    """The output layer of Gemma 4 is the embedding table; a copy of it is dropped, another one refused."""
    same = head.shape == embedding.shape and all(
        np.array_equal(chunk, embedding.read(rows)) for rows, chunk in head.chunks()
    )
    if not same:
        raise CheckpointError(
            f"lm_head.weight {head.shape} differs from {embedding.name} {embedding.shape}",
            head.origin,
            "g4lab builds Gemma 4 with its output layer tied to the embedding: retie or merge the head first",
        )
