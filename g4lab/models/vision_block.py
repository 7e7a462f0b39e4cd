"""One layer of the vision encoder: every patch reads every other."""

from __future__ import annotations

from functools import partial

from keras import ops

from g4lab.encoder_config import VisionConfig
from g4lab.models.clipped import projection_of
from g4lab.models.feedforward import FeedForward
from g4lab.models.masks import HIDDEN
from g4lab.models.norms import RMSNorm, rms_norm
from g4lab.models.part import Part
from g4lab.models.rope import rotate
from g4lab.models.sites import observe, watched
from g4lab.models.softmax import softmax


class VisionAttention(Part):
    """Attention without a causal mask; one half of a head turns with a patch's column, the other with its row.

    As in the text decoder, queries and keys are normed with learned scales, values without, and scores are not
    divided by sqrt(H).

    Source: transformers `Gemma4VisionAttention`.
    """

    def __init__(self, config: VisionConfig, dtype=None):
        super().__init__(dtype=dtype)
        linear, heads = projection_of(config), (config.heads, config.head_dim)
        self.eps = config.norm_eps
        self.query = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.key = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.value = linear("btd,dnh->btnh", (config.width, *heads), dtype)
        self.query_norm = RMSNorm(config.head_dim, config.norm_eps, dtype)
        self.key_norm = RMSNorm(config.head_dim, config.norm_eps, dtype)
        self.output_ = linear("btnh,nhd->btd", (*heads, config.width), dtype)

    def call(self, x, ropes, there, site: str):
        """Shapes: x [B,T,D], there [B,T] bool, False where there is no patch -> [B,T,D]."""
        query = observe(f"{site}.q", rotate_by_axes(self.query_norm(self.query(x)), ropes))
        key = observe(f"{site}.k", rotate_by_axes(self.key_norm(self.key(x)), ropes))
        value = observe(f"{site}.v", rms_norm(self.value(x), eps=self.eps))
        mask, name = there[:, None, None], f"{site}.weights"
        if watched(name):
            heads = read_by_weights(query, key, value, mask, name)
        else:
            # The pattern of 2,520 patches takes 300 MB a layer; the backend's own way need not hold it all.
            heads = ops.dot_product_attention(query, key, value, mask=mask, scale=1.0)
        return self.output_(observe(f"{site}.heads", heads))


def rotate_by_axes(x, ropes):
    """Turn each half of a head by the angles of its axis.

    Shapes: x [B,T,N,H], ropes one (cos, sin) for columns and one for rows, each [B,T,1,H/4] -> [B,T,N,H].
    """
    return ops.concatenate(
        [rotate(half, *rope) for half, rope in zip(ops.split(x, 2, axis=-1), ropes, strict=True)], axis=-1
    )


def read_by_weights(query, key, value, mask, name: str):
    """Attention whose pattern is a site. The softmax is float32.

    Shapes: query, key, value [B,T,N,H], mask bool [B,1,1,S] -> [B,T,N,H]; the pattern is [B,T,N,S].
    """
    scores = ops.cast(ops.einsum("btnh,bsnh->btns", query, key), "float32")
    weights = observe(name, ops.cast(softmax(ops.where(mask, scores, HIDDEN)), value.dtype))
    return ops.einsum("btns,bsnh->btnh", weights, value)


class VisionBlock(Part):
    """x + norm(attention(norm x)), then x + norm(feed-forward(norm x)).

    Source: transformers `Gemma4VisionEncoderLayer`.
    """

    def __init__(self, config: VisionConfig, dtype=None):
        super().__init__(dtype=dtype)
        norm = partial(RMSNorm, config.width, config.norm_eps, dtype)
        self.attention_norm = norm()
        self.attention = VisionAttention(config, dtype)
        self.attention_post_norm = norm()
        self.feedforward_norm = norm()
        self.feedforward = FeedForward(config.width, config.feedforward, dtype, projection_of(config))
        self.feedforward_post_norm = norm()

    def call(self, x, ropes, there, site: str):
        """Shapes: x [B,T,D], there [B,T] bool -> [B,T,D]."""
        attended = self.attention(self.attention_norm(x), ropes, there, f"{site}.attention")
        x = x + observe(f"{site}.attention.output", self.attention_post_norm(attended))
        changed = self.feedforward(self.feedforward_norm(x))
        x = x + observe(f"{site}.feedforward.output", self.feedforward_post_norm(changed))
        return observe(f"{site}.residual", x)
