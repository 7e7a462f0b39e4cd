"""Attention with grouped queries, a window on local layers, and keys and values that may be another layer's."""

from __future__ import annotations

from keras import ops

from g4lab.models.masks import HIDDEN
from g4lab.models.norms import RMSNorm, rms_norm
from g4lab.models.part import Part
from g4lab.models.plan import Layer
from g4lab.models.projection import Projection
from g4lab.models.rope import rotate
from g4lab.models.sites import observe
from g4lab.models.softmax import softmax
from g4lab.models.windows import cut, joined
from g4lab.runtime import reshape

BLOCK = 1024
"""Queries of a long text that a global layer works on at a time."""


class Attention(Part):
    """Queries against keys, then a weighted mean of values.

    * Scores are not divided by sqrt(H): queries and keys are RMS-normed per head instead, with learned scales.
    * Values are normed without a scale and are not rotated. With `key_is_value`, keys and values start from the
      same projection but are still two different things.
    * A layer that borrows has queries only.

    Source: transformers `Gemma4TextAttention`.
    """

    def __init__(self, layer: Layer, width: int, eps: float, dtype=None):
        super().__init__(dtype=dtype)
        self.layer = layer
        self.eps = eps
        heads, kv_heads, head_dim = layer.heads, layer.kv_heads, layer.head_dim
        self.query = Projection("btd,dnh->btnh", (width, heads, head_dim), dtype)
        self.query_norm = RMSNorm(head_dim, eps, dtype)
        if not layer.borrows:
            self.key = Projection("btd,dkh->btkh", (width, kv_heads, head_dim), dtype)
            self.key_norm = RMSNorm(head_dim, eps, dtype)
            if not layer.key_is_value:
                self.value = Projection("btd,dkh->btkh", (width, kv_heads, head_dim), dtype)
        self.output_ = Projection("btnh,nhd->btd", (heads, head_dim, width), dtype)

    def keys_and_values(self, x, rope, site: str):
        """What this layer offers to be read; only layers that own keys and values have this.

        Shapes: x [B,T,D] -> keys and values, each [B,K,T,H].
        """
        raw_key = self.key(x)
        raw_value = raw_key if self.layer.key_is_value else self.value(x)
        key = observe(f"{site}.attention.k", rotate(self.key_norm(raw_key), *rope))
        value = observe(f"{site}.attention.v", rms_norm(raw_value, eps=self.eps))
        return ops.transpose(key, (0, 2, 1, 3)), ops.transpose(value, (0, 2, 1, 3))

    def call(self, x, rope, keys, values, mask, site: str):
        """Read `values` where `mask` allows; a mask of fewer queries than T is one of windows (`windows.py`).

        Shapes: x [B,T,D], keys and values [B,K,S,H], mask [B,T,S] or [B * windows, W, 2W] bool -> [B,T,D].
        """
        query = observe(f"{site}.attention.q", rotate(self.query_norm(self.query(x)), *rope))
        length, window = query.shape[1], mask.shape[1]
        if window < length:
            heads = joined(attend(*cut(query, keys, values, window), mask), length)
        elif self.layer.window is None and length == keys.shape[2]:
            heads = attend_in_blocks(query, keys, values, mask)
        else:
            heads = attend(query, keys, values, mask)
        return self.output_(observe(f"{site}.attention.heads", heads))


def attend_in_blocks(query, keys, values, mask):
    """As `attend` of a causal mask over the queries' own tokens, `BLOCK` queries at a time with the keys up to them.

    Of the pairs of a long text nearly half lie in the future; they are not scored, and the others not all at once.

    Shapes: as `attend`, with S = T.
    """
    length = query.shape[1]
    ends = [*range(BLOCK, length, BLOCK), length]
    parts = [
        attend(query[:, start:end], keys[:, :, :end], values[:, :, :end], mask[:, start:end, :end])
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=1)


def attend(query, keys, values, mask):
    """Softmax attention; query head n reads key/value head n // G.

    Shapes: query [B,T,N,H], keys and values [B,K,S,H], mask [B,T,S] bool -> [B,T,N,H]. The softmax is float32.
    """
    batch, length, heads, head_dim = query.shape
    groups = heads // keys.shape[1]
    query = ops.transpose(reshape(query, (-1, length, keys.shape[1], groups, head_dim)), (0, 2, 3, 1, 4))
    scores = ops.einsum("bkgth,bksh->bkgts", query, keys)
    scores = ops.where(mask[:, None, None], ops.cast(scores, "float32"), HIDDEN)
    pattern = ops.cast(softmax(scores), values.dtype)
    mixed = ops.einsum("bkgts,bksh->bkgth", pattern, values)
    return reshape(ops.transpose(mixed, (0, 3, 1, 2, 4)), (-1, length, heads, head_dim))
