"""What a checkpoint looks like before anything is read: names, shapes, and a way to fetch one array at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

    from g4lab.checkpoints.rules import Table
    from g4lab.config import TextConfig
    from g4lab.text.tokenizer import Tokenizer

CHUNK_BYTES = 4_000_000


@dataclass(frozen=True)
class Tensor:
    """One array of a checkpoint, not yet read."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    origin: str
    """The file (or the live object) that holds it."""
    read: Callable[[slice], np.ndarray] = field(repr=False)
    """Fetches some rows (entries of the first axis) as a fresh array; a scalar comes whole."""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    def chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """The whole array, a few rows at a time, with the place of those rows."""
        if not self.shape:
            yield slice(None), self.read(slice(None))
            return
        row_bytes = max(1, self.size // max(1, self.shape[0]) * self.dtype.itemsize)
        step = max(1, CHUNK_BYTES // row_bytes)
        for start in range(0, self.shape[0], step):
            rows = slice(start, min(start + step, self.shape[0]))
            yield rows, self.read(rows)


@dataclass(frozen=True, kw_only=True)
class Source:
    """An opened checkpoint: what it says about the model, and its tensors, still unread."""

    kind: Literal["huggingface", "keras-hub"]
    name: str
    label: str
    """What views call the model: the checkpoint's name, or "tiny, trained by g4lab"."""
    config: TextConfig
    tensors: Mapping[str, Tensor] = field(repr=False)
    """The tensors by the checkpoint's own names."""
    table: Table = field(repr=False)
    """Which tensor becomes which of our parameters."""
    skipped: tuple[str, ...] = field(default=(), repr=False)
    """Tensors left unread: unwanted encoders, unused K/V of borrowing layers, a second copy of a tied table."""
    origin: str
    """Where it was found: a directory or an object."""
    tokenizer: Path | bytes | None = None
    """The directory with the tokenizer's file, or a sentencepiece model itself; None if the checkpoint has neither."""

    @property
    def dtype(self) -> str:
        """The type to compute in: bfloat16 if most numbers are stored in it, else float32."""
        bfloat16 = sum(tensor.size for tensor in self.tensors.values() if tensor.dtype.name == "bfloat16")
        return "bfloat16" if 2 * bfloat16 > sum(tensor.size for tensor in self.tensors.values()) else "float32"

    def open_tokenizer(self) -> Tokenizer | None:
        """The checkpoint's tokenizer, or None if it has none."""
        from g4lab.text.tokenizer import Tokenizer
        from g4lab.text.vocabulary import SentencePieceVocabulary

        if isinstance(self.tokenizer, bytes):
            return Tokenizer(SentencePieceVocabulary(self.tokenizer, self.origin))
        return None if self.tokenizer is None else Tokenizer.from_directory(self.tokenizer)
