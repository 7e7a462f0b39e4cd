"""A live keras-hub model as a checkpoint."""

from __future__ import annotations

from collections.abc import Collection

import ml_dtypes
import numpy as np

from g4lab.checkpoints.kerashub import TABLE, names
from g4lab.checkpoints.kerashub_config import text_config
from g4lab.checkpoints.kerashub_encoders import ENCODERS, live_part
from g4lab.checkpoints.modalities import restricted
from g4lab.checkpoints.source import Source, Tensor
from g4lab.errors import CheckpointError, InputError


def open_model(model, modalities: Collection[str] | None = None) -> Source:
    """Read a live Gemma4Backbone or Gemma4CausalLM; its variables are copied, never shared.

    `modalities` as in `kerashub.open_directory`.

    Raises: InputError for another object, CheckpointError for a quantised one.
    """
    backbone = getattr(model, "backbone", model)
    if type(backbone).__name__ != "Gemma4Backbone":
        raise InputError(
            f"an object of type {type(model).__name__} is no checkpoint",
            "g4lab.load",
            "give a name, a directory, or a keras_hub Gemma4Backbone or Gemma4CausalLM",
        )
    where = f"live {type(model).__name__}"
    config = restricted(text_config(backbone.get_config(), backbone.name, where), modalities)
    found = {name: _live_variable(backbone, name) for name in names(config)}
    tensors = {name: _live_tensor(name, value, where) for name, value in found.items() if value is not None}
    unwanted = [
        encoder
        for encoder, kept in ((backbone.vision_encoder, config.vision), (backbone.audio_encoder, config.audio))
        if encoder is not None and kept is None
    ]
    tokenizer = getattr(getattr(model, "preprocessor", None), "tokenizer", None)
    return Source(
        kind="keras-hub",
        name=backbone.name,
        label=backbone.name,
        config=config,
        tensors=tensors,
        table=TABLE + ENCODERS,
        skipped=tuple(variable.path for encoder in unwanted for variable in encoder.variables),
        origin=where,
        tokenizer=getattr(tokenizer, "proto", None),
    )


def _live_variable(backbone, name: str):
    """Follow a name of the table; None where this model has no such variable."""
    first, *rest = name.split("/")
    if first in ("vision", "audio"):
        step = live_part(backbone, first, rest.pop(0))
        for attribute in rest:
            step = getattr(step, attribute, None)
        return step
    step = backbone.transformer_layers[int(first.removeprefix("block_"))] if first.startswith("block_") else backbone
    for attribute in rest if step is not backbone else [first, *rest]:
        step = getattr(step, attribute, None)
    return step


def _live_tensor(name: str, value, where: str) -> Tensor:
    import keras

    from g4lab.runtime import to_numpy

    dtype = keras.backend.standardize_dtype(value.dtype)
    if "float" not in dtype:
        raise CheckpointError(f"{name} is quantised to {dtype}", where, "load the model without quantisation")
    stored = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    whole = keras.ops.convert_to_tensor(value)
    return Tensor(name, tuple(value.shape), stored, where, lambda rows: to_numpy(whole[rows] if value.shape else whole))
