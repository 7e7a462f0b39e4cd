"""Where the processes of the parity tests meet: one directory with configs, checkpoints and arrays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from g4lab.config import TextConfig

BATCH, LENGTH = 2, 19
WITH_GRADIENTS = ("everything",)


class Workshop:
    """Paths and small files of one session."""

    def __init__(self, directory: Path):
        self.directory = Path(directory)

    def write_configs(self, configs: list[TextConfig]) -> None:
        (self.directory / "configs.json").write_text(json.dumps([config.to_dict() for config in configs]))

    def configs(self) -> list[TextConfig]:
        return [TextConfig.from_dict(values) for values in json.loads((self.directory / "configs.json").read_text())]

    def checkpoint(self, writer: str, layout: str, name: str) -> Path:
        """Who wrote it ("theirs", "ours"), in which layout ("huggingface", "keras-hub"), of which model."""
        return self.directory / writer / layout / name

    def save(self, maker: str, name: str, **arrays: np.ndarray) -> None:
        path = self.directory / "arrays" / maker
        path.mkdir(parents=True, exist_ok=True)
        np.savez(path / f"{name}.npz", **arrays)

    def load(self, maker: str, name: str) -> dict[str, np.ndarray]:
        with np.load(self.directory / "arrays" / maker / f"{name}.npz", allow_pickle=False) as arrays:
            return dict(arrays)


def tokens(config: TextConfig) -> np.ndarray:
    """The same tokens for everybody, int32 [B,T]."""
    return np.random.default_rng(1).integers(3, config.vocab_size, (BATCH, LENGTH), dtype=np.int32)


def cotangent(config: TextConfig) -> np.ndarray:
    """The weights of the loss sum(cotangent * logits) whose gradients are compared, float32 [B,T,V]."""
    return np.random.default_rng(2).standard_normal((BATCH, LENGTH, config.vocab_size), dtype=np.float32)
