"""keras-hub's presets: which of its variables is which of ours, and a directory read without keras-hub."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import ml_dtypes
import numpy as np

from g4lab.checkpoints import kerashub_encoders
from g4lab.checkpoints.kerashub_config import BACKBONE, text_config
from g4lab.checkpoints.kerashub_encoders import ENCODERS
from g4lab.checkpoints.modalities import restricted
from g4lab.checkpoints.rules import Table, row
from g4lab.checkpoints.safetensors import read_json
from g4lab.checkpoints.source import Source, Tensor
from g4lab.config import TextConfig
from g4lab.errors import CheckpointError

# Theirs is the way from the backbone to a variable: attributes, then the variable's own name.
TABLE = Table(
    (
        row("token_embedding/embeddings", "embed.table", "vd -> vd"),
        row("per_layer_token_embedding/embeddings", "ple.table", "vp -> vp"),
        row("per_layer_model_projection/kernel", "ple.projection.kernel", "dp -> dp"),
        row("per_layer_projection_norm/scale", "ple.norm.scale", "p -> p"),
        row("layer_norm/scale", "final_norm.scale", "d -> d"),
        row("block_{i}/pre_attention_norm/scale", "layers.{i}.attention_norm.scale", "d -> d"),
        row("block_{i}/attention/query_dense/kernel", "layers.{i}.attention.query.kernel", "dnh -> ndh"),
        row("block_{i}/attention/key_dense/kernel", "layers.{i}.attention.key.kernel", "dkh -> kdh"),
        row("block_{i}/attention/value_dense/kernel", "layers.{i}.attention.value.kernel", "dkh -> kdh"),
        row("block_{i}/attention/output_dense/kernel", "layers.{i}.attention.output.kernel", "nhd -> nhd"),
        row("block_{i}/attention/query_norm/scale", "layers.{i}.attention.query_norm.scale", "h -> h"),
        row("block_{i}/attention/key_norm/scale", "layers.{i}.attention.key_norm.scale", "h -> h"),
        row("block_{i}/post_attention_norm/scale", "layers.{i}.attention_post_norm.scale", "d -> d"),
        row("block_{i}/pre_ffw_norm/scale", "layers.{i}.feedforward_norm.scale", "d -> d"),
        row("block_{i}/gating_ffw/kernel", "layers.{i}.feedforward.gate.kernel", "df -> df"),
        row("block_{i}/gating_ffw_2/kernel", "layers.{i}.feedforward.up.kernel", "df -> df"),
        row("block_{i}/ffw_linear/kernel", "layers.{i}.feedforward.down.kernel", "fd -> fd"),
        row("block_{i}/post_ffw_norm/scale", "layers.{i}.feedforward_post_norm.scale", "d -> d"),
        row("block_{i}/moe_router/per_dim_scale", "layers.{i}.router.scale", "d -> d"),
        row("block_{i}/moe_router/proj/kernel", "layers.{i}.router.projection.kernel", "de -> de"),
        row("block_{i}/moe_expert_bank/per_expert_scale", "layers.{i}.router.expert_scale", "e -> e"),
        row("block_{i}/moe_expert_bank/gate_proj", "layers.{i}.experts.gate.kernel", "edf -> edf"),
        row("block_{i}/moe_expert_bank/up_proj", "layers.{i}.experts.up.kernel", "edf -> edf"),
        row("block_{i}/moe_expert_bank/down_proj", "layers.{i}.experts.down.kernel", "efd -> efd"),
        row("block_{i}/post_ffw_norm_dense/scale", "layers.{i}.dense_post_norm.scale", "d -> d"),
        row("block_{i}/pre_ffw_norm_moe/scale", "layers.{i}.experts_norm.scale", "d -> d"),
        row("block_{i}/post_ffw_norm_moe_path/scale", "layers.{i}.experts_post_norm.scale", "d -> d"),
        row("block_{i}/per_layer_input_gate/kernel", "layers.{i}.ple_gate.kernel", "dp -> dp"),
        row("block_{i}/per_layer_up_proj/kernel", "layers.{i}.ple_projection.kernel", "pd -> pd"),
        row("block_{i}/post_per_layer_input_norm/scale", "layers.{i}.ple_post_norm.scale", "d -> d"),
        row("block_{i}/layer_scalar", "layers.{i}.layer_scalar", "x -> "),
    )
)

SINGLE = "model.weights.h5"
INDEX = "model.weights.json"
TOKENIZER = Path("assets") / "tokenizer"
_HOMES = {"vision": "layers/gemma4_vision_encoder", "audio": "layers/gemma4_audio_encoder"}
# A file names layers by class and number, and a layer's variables by number alone.
_GROUPS = {
    "token_embedding": "reversible_embedding",
    "per_layer_token_embedding": "embedding",
    "per_layer_model_projection": "dense",
    "per_layer_projection_norm": "rms_normalization",
}
_NUMBERS = {"up_proj": 1, "down_proj": 2, "per_expert_scale": 3}
_FETCH_AGAIN = "the file is damaged or was not downloaded completely: fetch it again"


def h5_path(name: str, config: TextConfig) -> str:
    """Where a preset's file keeps the variable that the table calls `name`."""
    first, *middle, variable = name.split("/")
    if first in _HOMES:
        return kerashub_encoders.h5_path(name)
    if first.startswith("block_"):
        number = first.removeprefix("block_")
        group = "gemma4_text_decoder_block" + ("" if number == "0" else f"_{number}")
    elif first == "layer_norm":
        group = "rms_normalization_1" if config.ple_dim else "rms_normalization"
    else:
        group = _GROUPS[first]
    return "/".join(["layers", group, *middle, "vars", str(_NUMBERS.get(variable, 0))])


def open_directory(
    directory: Path, name: str, label: str | None = None, modalities: Collection[str] | None = None
) -> Source:
    """Open a preset directory; only the shapes of its variables are read.

    `modalities` say which encoders are wanted besides text (see `modalities.py`), None all of them.

    Raises: CheckpointError for another kind of preset or damaged files.
    """
    path = directory / "config.json"
    values = read_json(path)
    if values.get("registered_name") != BACKBONE:
        raise CheckpointError(f"a preset of {values.get('registered_name')!r}", path, f"g4lab reads {BACKBONE}")
    config = restricted(text_config(values["config"], name, path), modalities)
    by_path = {h5_path(name, config): name for name in names(config)}
    unwanted = tuple(home for kind, home in _HOMES.items() if getattr(config, kind) is None)
    tensors, skipped = {}, []
    for file in _weight_files(directory):
        for path, tensor in _datasets(file):
            if path.startswith(unwanted) or "seed_generator" in path:
                skipped.append(path)
            else:
                tensors[by_path.get(path, path)] = tensor
    return Source(
        kind="keras-hub",
        name=name,
        label=label or name,
        config=config,
        tensors=tensors,
        table=TABLE + ENCODERS,
        skipped=tuple(sorted(skipped)),
        origin=str(directory),
        tokenizer=directory / TOKENIZER if (directory / TOKENIZER / "vocabulary.spm").exists() else None,
    )


def names(config: TextConfig) -> Iterator[str]:
    """Every name that a model with so many layers could have."""
    for rule in (TABLE + ENCODERS).rows:
        part = getattr(config, rule.theirs.split("/")[0], config) if rule in ENCODERS.rows else config
        layers = 0 if part is None else part.layers if "{i}" in rule.theirs else 1
        for index in range(layers):
            yield rule.theirs.replace("{i}", str(index))


def _weight_files(directory: Path) -> list[Path]:
    if (directory / SINGLE).exists():
        return [directory / SINGLE]
    placed = read_json(directory / INDEX).get("weight_map", {})
    shards = {shard for files in placed.values() for shard in ([files] if isinstance(files, str) else files)}
    missing = sorted(shard for shard in shards if Path(shard).name != shard or not (directory / shard).exists())
    if missing or not shards:
        raise CheckpointError(f"shards are missing: {', '.join(missing) or 'all'}", directory, _FETCH_AGAIN)
    return [directory / shard for shard in sorted(shards)]


def _datasets(path: Path) -> list[tuple[str, Tensor]]:
    """Every array of one file, unread, by its path in the file."""
    import h5py

    found = []

    def visit(name: str, item) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise CheckpointError(f"{name!r} keeps its data in another file", path, "use a preset saved by keras-hub")
        bfloat16 = item.attrs.get("dtype") == "bfloat16"  # HDF5 has no such type: keras stores two opaque bytes
        dtype = np.dtype(ml_dtypes.bfloat16) if bfloat16 else item.dtype
        found.append((name, Tensor(name, item.shape, dtype, str(path), lambda rows: _read(path, name, rows, dtype))))

    try:
        with h5py.File(path, "r") as file:
            file.visititems(visit)
    except OSError as error:
        raise CheckpointError(f"not a readable HDF5 file: {error}", path, _FETCH_AGAIN) from error
    return found


def _read(path: Path, name: str, rows: slice, dtype: np.dtype) -> np.ndarray:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            dataset = file[name]
            return np.asarray(dataset[rows] if dataset.shape else dataset[()]).view(dtype)
    except OSError as error:
        raise CheckpointError(f"tensor {name!r} cannot be read: {error}", path, _FETCH_AGAIN) from error
