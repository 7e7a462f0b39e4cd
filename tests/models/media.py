"""A small network with both encoders, and what it is shown."""

from __future__ import annotations

import zlib

import numpy as np

from g4lab.encoder_config import BOUNDS
from tests.models.networks import weight
from tests.parity.media_configs import SEES_AND_HEARS, SEES_BOTH_WAYS, media, prompt

__all__ = ["SEES_AND_HEARS", "SEES_BOTH_WAYS", "batch", "media", "network", "prompt"]


def network(config=SEES_AND_HEARS, dtype: str = "float32"):
    """A Gemma4 whose weights follow from the config alone; bounds of clipped maps are near 1."""
    from g4lab.models.gemma4 import Gemma4
    from g4lab.models.projection import unset_weights

    with unset_weights():
        made = Gemma4(config, dtype=dtype)
    for name, variable in made.named_variables().items():
        shape, side = tuple(variable.shape), BOUNDS.get(name.rsplit(".", 1)[1])
        noise = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
        if side:
            variable.assign((side * (1 + 0.3 * np.abs(noise))).astype("float32"))
        elif len(shape) == 1:
            variable.assign((1 + 0.3 * noise).astype("float32"))
        elif name.startswith(("vision", "audio")):
            variable.assign((noise / np.prod(shape[:-1]) ** 0.5).astype("float32"))
        else:
            variable.assign(weight(name, shape, 0))
    return made


def batch(config=SEES_AND_HEARS) -> dict:
    """What a network is called with: two texts with pictures, films and sounds."""
    from g4lab.models.placing import arranged

    tokens, seen = prompt(config), media(config)
    positions = np.broadcast_to(np.arange(tokens.shape[1], dtype=np.int32), tokens.shape).copy()
    places, ends = arranged(tokens, positions, seen, config)
    return {"tokens": tokens, "positions": positions, "media": seen, "places": places, "ends": ends}
