"""The models that chapters read with: any that g4lab loads, and tiny-e's shape with random weights, as a baseline."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from g4lab.lab import Lab

RANDOM = "random-e"


def load(name: str) -> Lab:
    """As `g4lab.load`; "random-e" is an untrained text decoder with E2B's parts: PLE, shared K/V, double-wide MLP.

    It shows where things are and that they count, never what training puts there.
    """
    from g4lab import lab

    return _random() if name == RANDOM else lab.load(name)


def _random() -> Lab:
    from g4lab import lab
    from g4lab.checkpoints.resolve import open_source
    from g4lab.models.gemma4 import Gemma4
    from g4lab.models.projection import unset_weights

    trained = open_source("tiny-e")
    with unset_weights():
        network = Gemma4(trained.config.replace(name=RANDOM, vision=None, audio=None), dtype="float32")
    for name, variable in network.named_variables().items():
        variable.assign(_weight(name, tuple(variable.shape)))
    return lab.Lab(network, trained.open_tokenizer(), RANDOM, "random weights in E2B's shape, untrained")


def _weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Norms of scale 1, and matrices that keep the size of what passes through: the same on every backend."""
    if name.endswith(("scale", "layer_scalar")):
        return np.ones(shape, np.float32)
    noise = np.random.default_rng([0, zlib.crc32(name.encode())]).standard_normal(shape, np.float32)
    # [in,...,out]; [N,H,D] where heads are put together; a table is read row by row
    summed = shape[-1:] if name.endswith("table") else shape[:-1] if ".output." in name else shape[:1]
    return noise * np.float32(np.prod(summed) ** -0.5)
