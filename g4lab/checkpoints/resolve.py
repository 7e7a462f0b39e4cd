"""From what a user asks for to an opened checkpoint: a name, a directory, an address or a live model."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from g4lab.checkpoints import huggingface, kerashub, safetensors
from g4lab.checkpoints.atomic import MARK
from g4lab.checkpoints.download import from_huggingface, from_kaggle
from g4lab.checkpoints.source import Source
from g4lab.errors import CheckpointError, InputError

EMBEDDED = Path(__file__).parent / "embedded"

HUGGINGFACE_NAMES = {
    "e2b": "google/gemma-4-E2B",
    "e4b": "google/gemma-4-E4B",
    "26b-a4b": "google/gemma-4-26B-A4B",
    "31b": "google/gemma-4-31B",
}
HUGGINGFACE_NAMES |= {f"{name}-it": f"{repository}-it" for name, repository in HUGGINGFACE_NAMES.items()}
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


def embedded_names() -> list[str]:
    """The small trained models inside the package."""
    return sorted(path.parent.name for path in EMBEDDED.glob("*/config.json"))


def open_source(spec, name: str | None = None, modalities: Collection[str] | None = None) -> Source:
    """Open a checkpoint; of its tensors only the shapes are read.

    `spec` is an embedded name ("tiny-moe"), a released size ("e2b-it", downloaded), a local directory,
    "hf://owner/name[@revision]", "kaggle://keras/gemma4/keras/<preset>/<version>", or a live keras_hub model. A name
    wins over a directory of the same name: write "./e2b" for the directory. `modalities` ("text", "image", "video",
    "audio") say which encoders are wanted, None all that there are.

    Raises: InputError for a spec that means nothing, DownloadError, CheckpointError.
    """
    if not isinstance(spec, (str, os.PathLike)):
        from g4lab.checkpoints.kerashub_live import open_model

        return open_model(spec, modalities)
    directory, given = _located(spec)
    return open_directory(directory, name or given, modalities)


def _located(spec: str | os.PathLike) -> tuple[Path, str | None]:
    """The directory of a checkpoint, fetched if need be, and the name that the spec gives it."""
    text = os.fspath(spec)
    if text.startswith("hf://"):
        repository = text.removeprefix("hf://")
        return from_huggingface(repository), repository.partition("@")[0].split("/")[-1]
    if text.startswith("kaggle://"):
        handle = text.removeprefix("kaggle://")
        return from_kaggle(handle), handle.split("/")[3]
    if isinstance(spec, str) and text in embedded_names():
        return EMBEDDED / text, None
    if isinstance(spec, str) and text in HUGGINGFACE_NAMES:
        return from_huggingface(HUGGINGFACE_NAMES[text]), text
    directory = Path(text).expanduser()
    if text and directory.is_dir():
        return directory, None
    raise InputError(
        f"{text!r} is a file: a checkpoint is a directory" if directory.is_file() else f"there is no model {text!r}",
        "g4lab.load",
        f"give {', '.join([*embedded_names(), *HUGGINGFACE_NAMES])}, a directory, hf://owner/name, "
        "kaggle://keras/gemma4/keras/<preset>/<version>, or a live keras_hub model",
    )


def open_directory(directory: Path, name: str | None = None, modalities: Collection[str] | None = None) -> Source:
    """Open a local directory of either layout.

    Raises: CheckpointError for a directory that is neither, or whose weights could run code when loaded.
    """
    files = {path.name for path in directory.iterdir()}
    mark = safetensors.read_json(directory / MARK) if MARK in files else {}
    name = name or mark.get("name") or directory.resolve().name
    label = mark.get("label")
    if files & {kerashub.SINGLE, kerashub.INDEX}:
        return kerashub.open_directory(directory, name, label, modalities)
    if files & {safetensors.SINGLE, safetensors.INDEX}:
        return huggingface.open_directory(directory, name, label, modalities)
    pickles = sorted(file for file in files if file.endswith(_PICKLES))
    if pickles:
        raise CheckpointError(
            f"the weights are pickled ({', '.join(pickles[:3])}), and a pickle can run any code when it is loaded",
            directory,
            "use a checkpoint in safetensors, or convert this one with a library that you trust it to",
        )
    expected = ", ".join((safetensors.SINGLE, safetensors.INDEX, kerashub.SINGLE, kerashub.INDEX))
    raise CheckpointError(
        f"no weights here: none of {expected}",
        directory,
        f"it holds {', '.join(sorted(files)[:8]) or 'nothing'}: give the directory of a whole checkpoint",
    )
