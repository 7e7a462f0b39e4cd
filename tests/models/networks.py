"""Small networks with weights from numpy: the same ones on every backend, and every part of them matters."""

from __future__ import annotations

import zlib
from functools import cache

import numpy as np

from g4lab import runtime
from g4lab.config import TextConfig
from tests.parity.configs import EVERYTHING

# Two layers are enough for most questions, and compile in a second.
DENSE = EVERYTHING.replace(
    name="dense",
    kinds=("local", "global"),
    shared_layers=0,
    double_wide=False,
    ple_dim=0,
    experts=0,
    chosen=0,
    expert_feedforward=0,
)
MIXTURE = DENSE.replace(name="mixture", experts=7, chosen=3, expert_feedforward=20)
SHARING = DENSE.replace(
    name="sharing", kinds=("local", "global", "local", "global"), shared_layers=2, double_wide=True, ple_dim=8, window=4
)


def network(config: TextConfig, dtype: str = "float32", seed: int = 0):
    """A Gemma4 whose weights follow from the config and the seed alone."""
    from g4lab.models.gemma4 import Gemma4
    from g4lab.models.projection import unset_weights

    with unset_weights():
        made = Gemma4(config, dtype=dtype)
    for name, variable in made.named_variables().items():
        variable.assign(weight(name, tuple(variable.shape), seed))
    return made


def weight(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Scales around 1, and matrices that keep the size of what passes through them."""
    noise = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(shape)
    if name.endswith("scale"):
        return (1 + 0.3 * noise).astype("float32")
    if name.endswith("layer_scalar"):
        return (0.8 + 0.1 * noise).astype("float32")
    # [in,...,out], [N,H,D] where heads are put together, [E,in,out] in a bank; a table is read row by row.
    summed = {"table": shape[-1:], "output": shape[:-1]}.get(name.split(".")[-2].replace("embed", "table"), shape[:1])
    if ".experts." in name:
        summed = shape[1:2]
    return (noise / np.prod(summed) ** 0.5).astype("float32")


def tokens(batch: int, length: int, seed: int = 1) -> np.ndarray:
    """Shapes: -> int32 [B,T], without control tokens."""
    return np.random.default_rng(seed).integers(3, EVERYTHING.vocab_size, (batch, length), dtype=np.int32)


def forward(net, ids: np.ndarray, positions: np.ndarray | None = None) -> np.ndarray:
    """Logits without Lab, cache or tap, compiled: float32 [B,T,V]."""
    inputs = {"tokens": ids} | ({} if positions is None else {"positions": positions})
    return runtime.to_numpy(_compiled(net)(inputs))


@cache
def _compiled(net):
    return runtime.compile(net, net)
