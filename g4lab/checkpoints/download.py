"""Fetch a checkpoint that the user named, and say what else there is when that fails."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from g4lab.errors import DownloadError, InputError, SetupError

_WANTED = ["*.safetensors", "*.safetensors.index.json", "*.json", "tokenizer.model", "*.jinja"]
_KAGGLE = "kaggle://keras/gemma4/keras/gemma4_instruct_2b/2"
_ALTERNATIVES = (
    f'Hugging Face ("hf://google/gemma-4-E2B-it"), else Kaggle ("{_KAGGLE}"), else a directory fetched elsewhere, '
    'else "tiny-moe", which is inside g4lab and needs no network'
)


def from_huggingface(address: str) -> Path:
    """The local copy of "owner/name[@revision]"; safetensors, JSON and tokenizer files only, fetched once.

    Raises: DownloadError, InputError for an address of another form.
    """
    repository, _, revision = address.partition("@")
    if repository.count("/") != 1:
        raise InputError(f"hf://{address} is no repository", "g4lab.load", "write hf://owner/name[@revision]")
    _require("huggingface_hub", "huggingface-hub", f"hf://{address}")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(repository, revision=revision or None, allow_patterns=_WANTED))
    except Exception as error:  # the network, the site and the disk each have their own kinds
        raise _failed("Hugging Face", f"hf://{address}", error) from error


def from_kaggle(handle: str) -> Path:
    """The local copy of "owner/model/framework/variation[/version]", fetched once.

    Raises: DownloadError, InputError for a handle of another form.
    """
    if handle.count("/") not in (3, 4):
        raise InputError(f"kaggle://{handle} is no model", "g4lab.load", f"write it as in {_KAGGLE}")
    _require("kagglehub", "kagglehub", f"kaggle://{handle}")
    import kagglehub

    try:
        return Path(kagglehub.model_download(handle))
    except Exception as error:  # the network, the site and the disk each have their own kinds
        raise _failed("Kaggle", f"kaggle://{handle}", error) from error


def _require(module: str, package: str, where: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise SetupError(f"{package} is not installed", where, f"run: pip install {package}")


def _failed(site: str, where: str, error: Exception) -> DownloadError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DownloadError(
        f"fetching from {site} failed: {type(error).__name__}: {reason}", where, f"try {_ALTERNATIVES}"
    )
