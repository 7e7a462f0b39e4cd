"""Spoken digits kept in files, since starting espeak-ng for each clip of a training run takes too long."""

import os
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import numpy as np

from g4lab.errors import SetupError

from .speech import Utterance, spoken, utterance

SHARD = 500  # utterances in a file; about 14 MB


def record(
    folder: Path | str,
    seed: int,
    split: str,
    count: int,
    workers: int = 2,
    tell: Callable[[int], None] = lambda done: None,
) -> "Recordings":
    """Speak the first `count` utterances of a seed and split into a folder; files that hold them already are kept.

    Each worker waits for an espeak-ng of its own. `tell` is called with the number of utterances that are done.
    Raises: SetupError where espeak-ng is missing.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, count, SHARD):
            size = min(SHARD, count - start)
            path = _path(folder, seed, split, start)
            said = [utterance(seed, index, split) for index in range(start, start + size)]
            if not path.exists() or _said(path)[:size] != [_written(one) for one in said]:
                _write(path, said, list(pool.map(spoken, said)))
            tell(start + size)
    return Recordings(folder, seed, split)


class Recordings:
    """Utterances 0 to len - 1 of a seed and split, read from a folder as they are asked for."""

    def __init__(self, folder: Path | str, seed: int, split: str):
        """Raises: SetupError when the folder holds none of them, or some of another version of the corpus."""
        self.seed, self.split = seed, split
        self._paths, self._ends = [], []
        while (path := _path(Path(folder), seed, split, len(self))).exists():
            if not (said := _said(path)):
                raise SetupError(*_another_version(path))
            self._paths.append(path)
            self._ends.append(len(self) + len(said))
        self._open: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        if not self._paths:
            raise SetupError(
                f"no recordings of seed {seed}, {split}",
                Path(folder),
                "make them with record(folder, seed, split, count)",
            )

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, index: int) -> np.ndarray:
        """What `spoken` returns for utterance `index`. Shapes: -> [n] int16.

        Raises: SetupError when the file holds other utterances than those that are drawn now.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"utterance {index} of {len(self)}")
        shard = bisect_right(self._ends, index)
        first = self._ends[shard - 1] if shard else 0
        if shard not in self._open:
            self._open[shard] = self._read(self._paths[shard], first)
        samples, edges = self._open[shard]
        return samples[edges[index - first] : edges[index - first + 1]]

    def _read(self, path: Path, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Samples of a file, one utterance behind the other, and where each begins."""
        said = _said(path)
        if said != [_written(utterance(self.seed, first + place, self.split)) for place in range(len(said))]:
            raise SetupError(*_another_version(path))
        with np.load(path) as file:
            return file["samples"], np.concatenate([[0], np.cumsum(file["lengths"])])


def _path(folder: Path, seed: int, split: str, start: int) -> Path:
    return folder / f"digits-{seed}-{split}-{start:08d}.npz"


def _another_version(path: Path) -> tuple[str, Path, str]:
    return "these recordings were made by another version of the corpus", path, "call record again; it makes them anew"


def _said(path: Path) -> list[str]:
    with np.load(path) as file:
        return file["said"].tolist() if "said" in file else []


def _written(said: Utterance) -> str:
    return " ".join(map(str, (said.digits, *astuple(said.voice))))


def _write(path: Path, said: list[Utterance], sounds: list[np.ndarray]) -> None:
    """Write beside the place and move there, so that a file is whole or absent."""
    fresh = path.with_suffix(".new")
    held = {"samples": np.concatenate(sounds), "lengths": np.array([len(sound) for sound in sounds], np.int32)}
    with fresh.open("wb") as file:
        np.savez(file, said=np.array([_written(one) for one in said]), **held)
    os.replace(fresh, path)
