"""The place where model, tokenizer, generation and tracing meet: what `g4lab.load` returns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from g4lab.checkpoints import loader
from g4lab.checkpoints.resolve import embedded_names, open_source
from g4lab.checkpoints.source import Source
from g4lab.errors import InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from g4lab.writer import Writer


def load(source: Any, dtype: str | None = None, modalities: Collection[str] | None = None) -> Lab:
    """Open a model.

    Args:
        source: an embedded name ("tiny-moe"), a released size ("e2b-it", downloaded), a local directory (Hugging
            Face layout or keras-hub preset), "hf://owner/name", "kaggle://keras/gemma4/keras/<preset>/<version>",
            or a live keras_hub model.
        dtype: "float32" or "bfloat16"; None keeps the checkpoint's own, and float32 for the embedded models.
        modalities: which of "text", "image", "video" and "audio" are wanted; encoders for others stay unread.
            None reads all that there are.

    Raises: CheckpointError, DownloadError, or InputError for a dtype that Gemma 4 does not survive.
    """
    if dtype not in (None, "float32", "bfloat16"):
        raise InputError(
            f"dtype {dtype!r} cannot be used" + (": some sizes overflow in it" if dtype == "float16" else ""),
            "g4lab.load",
            'give "bfloat16", "float32" or None',
        )
    embedded = isinstance(source, str) and source in embedded_names()
    opened = open_source(source, modalities=modalities)
    return Lab.from_source(opened, dtype or ("float32" if embedded else opened.dtype))


class Lab(Writer):
    """A model with everything around it: read it, run it, look inside, change it, save it."""

    skipped: tuple[str, ...] = ()
    """Tensors of the checkpoint that were left unread, such as those of an encoder that was not wanted."""

    @classmethod
    def from_source(cls, source: Source, dtype: str) -> Lab:
        """Build the network and fill it, one tensor at a time."""
        with unset_weights():
            network = Gemma4(source.config, dtype=dtype)
        loaded = loader.load_weights(network, source)
        lab = cls(network, source.open_tokenizer(), source.name, source.label)
        lab.skipped = loaded.skipped
        return lab

    def __repr__(self) -> str:
        return f"Lab({self.name}: {self.label}, {self.config.layers} layers, {self.network.compute_dtype})"

    def save(self, directory: Any, format: str = "huggingface", dtype: str | None = None) -> None:
        """Write the model and its tokenizer into a directory that transformers (or keras-hub) loads.

        `dtype` ("float32", "bfloat16") defaults to the network's own.
        """
        writers = _writers()
        if format not in writers:
            raise InputError(f"format {format!r} is unknown", "Lab.save", f"choose one of {', '.join(writers)}")
        writers[format](self.network, directory, tokenizer=self.tokenizer, label=self.label, dtype=dtype)


def _writers():
    from g4lab.checkpoints import huggingface, kerashub_save

    return {"huggingface": huggingface.save, "keras-hub": kerashub_save.save}
