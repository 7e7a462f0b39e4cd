"""Which encoders of a checkpoint are wanted: a model of text alone leaves the others unread."""

from __future__ import annotations

from collections.abc import Collection

from g4lab.config import TextConfig
from g4lab.errors import InputError

ENCODER_OF = {"text": None, "image": "vision", "video": "vision", "audio": "audio"}
"""The encoder that each modality takes."""


def restricted(config: TextConfig, modalities: Collection[str] | None) -> TextConfig:
    """The config without the encoders that `modalities` do not need; None keeps all.

    Raises: InputError for an unknown modality, and for one that the checkpoint has no encoder for.
    """
    if modalities is None:
        return config
    wanted = [modalities] if isinstance(modalities, str) else list(modalities)
    unknown = sorted(set(wanted) - set(ENCODER_OF))
    if unknown:
        raise InputError(f"modalities holds {unknown}", "g4lab.load", f"choose among {', '.join(ENCODER_OF)}")
    encoders = {ENCODER_OF[modality] for modality in wanted}
    for modality in wanted:
        encoder = ENCODER_OF[modality]
        if encoder and getattr(config, encoder) is None:
            raise InputError(f"{config.name} has no encoder for {modality}", "g4lab.load", "leave it out")
    return config.replace(**{encoder: None for encoder in ("vision", "audio") if encoder not in encoders})
