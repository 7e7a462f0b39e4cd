"""Write a preset directory that keras-hub loads."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from g4lab.checkpoints.atomic import replaced_directory, write_json
from g4lab.checkpoints.kerashub import SINGLE, TABLE, TOKENIZER, h5_path
from g4lab.checkpoints.kerashub_config import config_json
from g4lab.checkpoints.kerashub_encoders import ENCODERS
from g4lab.checkpoints.outgoing import outgoing
from g4lab.config import TextConfig

_TOKENIZER_CONFIG = {
    "module": "keras_hub.src.models.gemma4.gemma4_tokenizer",
    "class_name": "Gemma4Tokenizer",
    "config": {
        "name": "gemma4_tokenizer",
        "trainable": True,
        "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "int32"}, "registered_name": None},
        "proto": None,
        "config_file": "tokenizer.json",
    },
    "registered_name": "keras_hub>Gemma4Tokenizer",
}


def save(network, directory: Path, *, tokenizer=None, label: str | None = None, dtype: str | None = None) -> None:
    """Write a directory from which keras_hub's Gemma4Backbone and Gemma4CausalLM give equal logits, encoders and all.

    What keras-hub needs besides to read files of pictures and sounds (its converters) is not written.
    keras-hub reads sentencepiece models only, so a tokenizer of another kind is left out. The directory appears
    whole or not at all; one that holds anything but an earlier save is left as it is.

    Raises: InputError for such a directory, CheckpointError for a config that keras-hub cannot express.
    """
    parameters = network.named_variables()
    described = config_json(network.text, dtype or str(parameters["embed.table"].dtype))
    with replaced_directory(Path(directory), name=network.text.name, label=label) as fresh:
        write_json(fresh / "config.json", described)
        write_json(fresh / "metadata.json", {"tasks": ["CausalLM"]})
        _write_weights(fresh / SINGLE, network, dtype)
        if tokenizer is not None:
            _write_tokenizer(fresh, tokenizer, network.text)


def _write_weights(path: Path, network, dtype: str | None) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_group("vars")  # the backbone's own variables: none, but keras looks for the group
        for tensor in outgoing(TABLE + ENCODERS, network.named_variables(), dtype):
            array = np.ascontiguousarray(tensor.make(), dtype=tensor.dtype).reshape(tensor.shape)
            dataset = file.create_dataset(h5_path(tensor.name, network.text), data=array)
            if tensor.dtype.name == "bfloat16":
                dataset.attrs["dtype"] = "bfloat16"
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_tokenizer(directory: Path, tokenizer, config: TextConfig) -> None:
    assets = directory / TOKENIZER
    assets.mkdir(parents=True)
    tokenizer.save(assets)
    model = assets / "tokenizer.model"
    if model.exists():
        model.rename(assets / "vocabulary.spm")
        sees, hears = config.vision is not None, config.audio is not None
        media = {"has_vision_tokens": sees, "has_audio_tokens": hears, "has_video_tokens": sees}
        described = _TOKENIZER_CONFIG | {"config": _TOKENIZER_CONFIG["config"] | media}
        write_json(directory / "tokenizer.json", described)
        return
    for file in assets.iterdir():
        file.unlink()
    assets.rmdir()
    assets.parent.rmdir()
