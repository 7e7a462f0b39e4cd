"""The merges that a tokenizer learned, in the order in which it learned them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from g4lab.errors import InputError

if TYPE_CHECKING:
    from g4lab.text.tokenizer import Tokenizer


def merge_ranks(tokenizer: Tokenizer) -> dict[tuple[str, str], int]:
    """Each pair of pieces that may become one, with its rank; the lowest goes first.

    Raises: InputError for a tokenizer whose file is no tokenizer.json.
    """
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save(folder)
        path = Path(folder) / "tokenizer.json"
        if not path.is_file():
            advice = "load a checkpoint in the Hugging Face layout"
            raise InputError("this tokenizer keeps no list of merges", "merge_ranks", advice)
        merges = json.loads(path.read_text(encoding="utf-8"))["model"]["merges"]
    pairs = (tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in merges)
    return {pair: rank for rank, pair in enumerate(pairs)}
