"""Small models of every shape: some drawn at random, some that hold everything at once."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from g4lab.config import TextConfig

VOCABULARY = 300


@st.composite
def text_configs(draw) -> TextConfig:
    """Any decoder that g4lab, transformers and keras-hub can all express.

    transformers makes the last layer global; keras-hub has K=V exactly where global layers have K/V heads of their own.
    """
    kinds = (*draw(st.lists(st.sampled_from(("local", "global")), min_size=2, max_size=5)), "global")
    depths = [
        depth for depth in range(len(kinds)) if set(kinds[len(kinds) - depth :]) <= set(kinds[: len(kinds) - depth])
    ]
    kv_heads = draw(st.integers(1, 3))
    heads = kv_heads * draw(st.integers(1, 3))
    divisors = [count for count in range(1, heads + 1) if heads % count == 0]
    key_is_value = draw(st.booleans())
    mixture = draw(st.booleans())
    ple_dim = draw(st.sampled_from((0, 4, 7)))
    experts = draw(st.integers(2, 9)) if mixture else 0
    return TextConfig(
        name="drawn",
        vocab_size=VOCABULARY,
        width=draw(st.integers(32, 64)),
        kinds=kinds,
        heads=heads,
        kv_heads=kv_heads,
        global_kv_heads=draw(st.sampled_from(divisors)) if key_is_value else None,
        head_dim=2 * draw(st.integers(3, 8)),
        global_head_dim=2 * draw(st.integers(4, 10)),
        feedforward=draw(st.integers(24, 70)),
        window=draw(st.integers(1, 9)),
        shared_layers=draw(st.sampled_from(depths)),
        double_wide=draw(st.booleans()),
        key_is_value=key_is_value,
        ple_dim=ple_dim,
        ple_vocab_size=VOCABULARY + (draw(st.sampled_from((0, 9))) if ple_dim else 0),
        experts=experts,
        chosen=draw(st.integers(1, experts)) if mixture else 0,
        expert_feedforward=draw(st.integers(5, 24)) if mixture else 0,
        softcap=draw(st.sampled_from((30.0, 4.0, None))),
        norm_eps=draw(st.sampled_from((1e-6, 1e-3))),
        local_theta=draw(st.sampled_from((10_000.0, 500.0))),
        global_theta=draw(st.sampled_from((1_000_000.0, 2_000.0))),
        rotary_fraction=draw(st.sampled_from((0.25, 0.4, 1.0))),
    )


EVERYTHING = TextConfig(
    name="everything",
    vocab_size=VOCABULARY,
    width=48,
    kinds=("local", "global") * 3,
    heads=6,
    kv_heads=2,
    global_kv_heads=3,
    head_dim=12,
    global_head_dim=16,
    feedforward=40,
    window=5,
    shared_layers=2,
    double_wide=True,
    key_is_value=True,
    ple_dim=8,
    ple_vocab_size=VOCABULARY,
    experts=7,
    chosen=3,
    expert_feedforward=20,
    softcap=8.0,
    global_theta=3_000.0,
    local_theta=100.0,
    rotary_fraction=0.25,
)
"""Every part at once, so that there is something to switch off."""

LIKE_E2B = EVERYTHING.replace(
    name="like-e2b",
    kinds=("local", "local", "global", "local", "local", "local", "global"),
    global_kv_heads=None,
    kv_heads=1,
    shared_layers=4,
    key_is_value=False,
    experts=0,
    chosen=0,
    expert_feedforward=0,
    window=3,
)
LIKE_E4B = LIKE_E2B.replace(name="like-e4b", kv_heads=2, shared_layers=3, double_wide=False, window=4, softcap=30.0)
LIKE_26B = EVERYTHING.replace(
    name="like-26b", kinds=("local", "local", "global"), shared_layers=0, double_wide=False, ple_dim=0, chosen=2
)
FIXED = (EVERYTHING, LIKE_E2B, LIKE_E4B, LIKE_26B)


def drawn(count: int, kind: st.SearchStrategy | None = None, name: str = "drawn") -> list[TextConfig]:
    """So many random configs of a kind, text alone if none is given; the same ones every time."""
    found: list[TextConfig] = []

    @settings(
        max_examples=count + 1,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(text_configs() if kind is None else kind)
    def collect(config):
        found.append(config)

    collect()
    return [config.replace(name=f"{name}-{i}") for i, config in enumerate(found[-count:])]


def all_configs() -> list[TextConfig]:
    """The fixed ones, then the drawn ones."""
    return [*FIXED, *drawn(7)]
