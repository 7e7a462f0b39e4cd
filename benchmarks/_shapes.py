"""The shapes that are timed: large enough that weights do not fit a cache, small enough for a laptop."""

from g4lab.config import TextConfig, repeat_pattern

MIXTURE = TextConfig(
    name="bench-mixture",
    vocab_size=4096,
    width=512,
    kinds=repeat_pattern(12, 5),
    heads=8,
    kv_heads=4,
    head_dim=64,
    global_head_dim=64,
    feedforward=1024,
    window=512,
    experts=64,
    chosen=4,
    expert_feedforward=256,
)
DENSE = MIXTURE.replace(name="bench-dense", experts=0, chosen=0, expert_feedforward=0)

MODELS = {"mixture": MIXTURE, "dense": DENSE}

PROMPT, NEW = 16, 64
PREFILL = 256
TRAIN_ROWS, TRAIN_LENGTH = 2, 256


def read_bytes(config: TextConfig, bytes_per_value: int = 4) -> int:
    """Bytes of weights that one decoded token must read at least: everything but the experts not chosen."""
    from g4lab.models.plan import parameter_counts

    counts = parameter_counts(config)
    idle = counts.get("experts", 0) * (1 - config.chosen / config.experts) if config.experts else 0
    return int((sum(counts.values()) - idle) * bytes_per_value)
