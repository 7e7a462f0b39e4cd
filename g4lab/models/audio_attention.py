"""Attention of the audio encoder: each frame reads itself and the eleven before it, by content and by distance."""

from __future__ import annotations

import math

import numpy as np
from keras import ops

from g4lab.encoder_config import AudioConfig
from g4lab.models.clipped import projection_of
from g4lab.models.masks import EMPTY, HIDDEN
from g4lab.models.part import Part
from g4lab.models.projection import Projection
from g4lab.models.sites import observe, watched
from g4lab.models.softmax import softmax
from g4lab.models.windows import cut, joined, visible_in_windows
from g4lab.runtime import value_of

QUERY_SCALE = 1 / math.log(2)
"""Times H^-1/2: softplus(0) is log 2, so a scale that was never trained leaves queries as they are."""
KEY_SCALE = math.log(1 + math.e) / math.log(2)


def distance_waves(span: int, width: int) -> np.ndarray:
    """Sines, then cosines, of each distance from 0 up to the span, from one radian a frame to a ten-thousandth.

    Shapes: -> float32 [span, D].
    """
    count = width // 2
    speeds = np.exp(-np.arange(count) * (math.log(10_000) / max(count - 1, 1)))
    angles = np.arange(span)[:, None] * speeds
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


class AudioAttention(Part):
    """Scores by content plus scores by distance, under a soft cap; all of it in float32.

    Works in chunks of `span` frames, each of which reads its own chunk and the one before. A frame sees `span` frames
    with itself, as in transformers and keras-hub; google-deepmind/gemma shows one more.

    Source: transformers `Gemma4AudioAttention` and `Gemma4AudioRelPositionalEncoding`.
    """

    def __init__(self, config: AudioConfig, dtype=None):
        super().__init__(dtype=dtype)
        linear, heads = projection_of(config), (config.heads, config.head_dim)
        self.span, self.softcap = config.span, config.softcap
        self.query = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.key = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.value = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.distance = Projection("td,dnh->tnh", (config.width, *heads), dtype)
        self.feature_scale = self.add_weight(shape=(config.head_dim,), initializer="zeros", name="feature_scale")
        self.output_ = linear("btnh,nhd->btd", (*heads, config.width), dtype)
        self.waves = distance_waves(config.span, config.width)
        self.query_scale = config.head_dim**-0.5 * QUERY_SCALE

    def call(self, x, valid, site: str):
        """Shapes: x [B,T,D], valid bool [B,T] -> [B,T,D]."""
        length = x.shape[1]
        query, key, value = (ops.cast(part(x), "float32") for part in (self.query, self.key, self.value))
        query = query * self.query_scale * ops.softplus(ops.cast(value_of(self.feature_scale), "float32"))
        query, key = observe(f"{site}.q", query), observe(f"{site}.k", key * KEY_SCALE)
        value = observe(f"{site}.v", value)
        key, value = (ops.transpose(part, (0, 2, 1, 3)) for part in (key, value))
        query, key, value = cut(query, key, value, self.span)
        scores = ops.einsum("btnh,bnsh->bnts", query, key) + self._by_distance(query)
        scores = self.softcap * ops.tanh(scores / self.softcap)
        places = ops.where(valid, ops.arange(length, dtype="int32")[None], EMPTY)
        seen = visible_in_windows(places, self.span)
        weights = self._observed(f"{site}.weights", softmax(ops.where(seen[:, None], scores, HIDDEN)), length)
        heads = joined(ops.einsum("bnts,bnsh->btnh", weights, value), length)
        return self.output_(ops.cast(observe(f"{site}.heads", heads), x.dtype))

    def _by_distance(self, query):
        """What a query scores a frame for being so many frames back.

        Shapes: query [chunks,C,N,H] -> [chunks,N,C,2C]; where the key is no distance of the span, any number.
        """
        span = self.span
        keys = ops.cast(self.distance(ops.cast(self.waves, self.compute_dtype)), "float32")
        scores = ops.einsum("btnh,dnh->bntd", query, keys)
        # Query t stands at place span + t of the chunk's 2 span keys.
        back = np.clip(span + np.arange(span)[:, None] - np.arange(2 * span)[None], 0, span - 1)
        return ops.take_along_axis(scores, ops.convert_to_tensor(back[None, None], "int32"), axis=-1)

    def _observed(self, name: str, weights, length: int):
        """Observe a pattern as [B,T,N,2C]: over the keys of a frame's chunk and of the chunk before it.

        Shapes: [chunks of all sounds,N,C,2C] -> the same. T is filled up to whole chunks.
        """
        if not watched(name):
            return weights
        by_query = ops.transpose(weights, (0, 2, 1, 3))
        padded = -(-length // self.span) * self.span
        seen = observe(name, ops.reshape(by_query, (-1, padded, *by_query.shape[2:])))
        return ops.transpose(ops.reshape(seen, (-1, *by_query.shape[1:])), (0, 2, 1, 3))
