"""Small models for the tests of checkpoints."""

from __future__ import annotations

import numpy as np

from g4lab.checkpoints.outgoing import numpy_dtype
from g4lab.config import TextConfig
from g4lab.models.gemma4 import Gemma4
from g4lab.models.projection import unset_weights
from g4lab.runtime import assign, to_numpy

CONFIG = TextConfig(
    name="small",
    vocab_size=50,
    width=12,
    kinds=("local", "global", "local", "global"),
    heads=4,
    kv_heads=2,
    global_kv_heads=1,
    head_dim=6,
    global_head_dim=8,
    feedforward=10,
    window=3,
    shared_layers=1,
    double_wide=True,
    key_is_value=True,
    ple_dim=4,
    ple_vocab_size=50,
    experts=3,
    chosen=2,
    expert_feedforward=5,
    eos_ids=(1, 7),
)
"""Has every kind of parameter."""


def network(config: TextConfig = CONFIG, dtype: str = "float32", seed: int = 0) -> Gemma4:
    """A network whose every parameter is random, scales too."""
    with unset_weights():
        made = Gemma4(config, dtype=dtype)
    rng = np.random.default_rng(seed)
    for variable in made.named_variables().values():
        array = rng.standard_normal(variable.shape, dtype=np.float32)
        assign(variable, array.astype(numpy_dtype(dtype)))
    return made


def values(network: Gemma4) -> dict[str, np.ndarray]:
    """Every parameter as numpy."""
    return {name: to_numpy(variable) for name, variable in network.named_variables().items()}
