"""What a training run consists of: the model, the mixture of domains, and how both change with the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from g4lab.config import TextConfig
from g4lab.errors import InputError

TINY_MOE = TextConfig(
    name="tiny-moe",
    vocab_size=2048,
    width=128,
    kinds=("local", "local", "global") * 2,
    heads=4,
    kv_heads=2,
    global_kv_heads=1,
    head_dim=32,
    global_head_dim=64,
    feedforward=256,
    window=32,
    key_is_value=True,
    experts=32,
    chosen=2,
    expert_feedforward=48,
    max_positions=1024,
    bidirectional_images=True,
    eos_ids=(1, 16, 9),  # <eos>, <turn|>, <|tool_response>
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One model's training, from the first step to the last."""

    config: TextConfig
    steps: int
    batch: int = 8
    """Rows of a step."""
    length: int = 256
    """Tokens of a row."""
    mixture: Mapping[str, float]
    """Share of the rows that each domain gets."""
    opening: Mapping[str, float] = field(default_factory=dict)
    """The mixture of the first steps, while looking back is learned; everything else is quick to learn after it."""
    opening_steps: int = 0
    curriculum: int = 0
    """Steps over which recall and repetition grow from easy to full length."""
    rate: float = 2e-3
    warmup: int = 100
    decay: float = 0.3
    """Share of the steps, at the end, over which the learning rate falls to nothing."""
    weight_decay: float = 0.01
    balance: float = 0.05
    """Weight of the load-balancing loss."""
    sharpness: float = 0.2
    """First value of the query norms' scales. At 1, scores of untrained heads spread by sqrt(H): each softmax picks
    one key at random, hardly any gradient reaches the others, and recall stays at chance."""
    save_every: int = 100
    probe_every: int = 200
    probe_rows: int = 8
    """Held-out rows per domain on which the log's scores are measured."""
    seed_of_tokenizer: int = 7
    documents_of_tokenizer: int = 1500
    """Documents per domain from which the tokenizer learns its pieces."""

    def mixture_at(self, step: int) -> Mapping[str, float]:
        """Share of the rows that each domain gets at a step."""
        return self.opening if step < self.opening_steps else self.mixture

    def difficulty(self, step: int) -> float:
        """How long recall and repetition are at a step, from 0 to 1."""
        return min(1.0, step / self.curriculum) if self.curriculum else 1.0


RECIPES = {
    "tiny-moe": Recipe(
        config=TINY_MOE,
        steps=6000,
        opening={
            "recall": 0.54,
            "repetition": 0.16,
            "arithmetic": 0.10,
            "functions": 0.06,
            "stories": 0.02,
            "phrases": 0.06,
            "tools": 0.06,
        },
        opening_steps=1200,
        mixture={
            "recall": 0.26,
            "repetition": 0.16,
            "arithmetic": 0.18,
            "functions": 0.14,
            "stories": 0.06,
            "phrases": 0.10,
            "tools": 0.10,
        },
        curriculum=1000,
    ),
}


def recipe(name: str) -> Recipe:
    """Look up a recipe.

    Raises: InputError for a name that has none.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}", "g4lab.training", f"choose one of {', '.join(RECIPES)}")
    return RECIPES[name]
