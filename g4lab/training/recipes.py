"""What a training run consists of: the model, the mixture of domains, and how both change with the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Phase:
    """A stretch of a run with its own mixture."""

    start: int
    """Its first step."""
    mixture: Mapping[str, float]
    """Share of the rows that each domain gets."""
    ramp: int = 0
    """Steps over which recall, repetition and pairs grow from easy to full length."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One model's training, from the first step to the last."""

    config: TextConfig
    steps: int
    phases: tuple[Phase, ...]
    batch: int = 8
    """Rows of a step."""
    length: int = 256
    """Tokens of a row."""
    rate: float = 2e-3
    warmup: int = 100
    decay: float = 0.1
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
    """Documents per domain of the first phase from which the tokenizer learns its pieces."""

    def phase(self, step: int) -> Phase:
        """The phase that a step belongs to."""
        return max((phase for phase in self.phases if phase.start <= step), key=lambda phase: phase.start)

    def difficulty(self, step: int) -> float:
        """How long recall, repetition and pairs are at a step, from 0 to 1."""
        phase = self.phase(step)
        return min(1.0, (step - phase.start) / phase.ramp) if phase.ramp else 1.0

    @property
    def domains(self) -> tuple[str, ...]:
        """Every domain of any phase, in order of appearance."""
        return tuple(dict.fromkeys(domain for phase in self.phases for domain in phase.mixture))


def _shares(**percent: int) -> dict[str, float]:
    return {domain: share / 100 for domain, share in percent.items()}


RECIPES = {
    "tiny-moe": Recipe(
        config=TINY_MOE,
        steps=6300,
        phases=(
            Phase(
                0,
                _shares(recall=54, repetition=16, arithmetic=10, functions=6, stories=2, phrases=6, tools=6),
                ramp=1000,
            ),
            Phase(
                1200, _shares(recall=26, repetition=16, arithmetic=18, functions=14, stories=6, phrases=10, tools=10)
            ),
            # Recall had stayed at "one of the facts, at random". Pairs with nothing between name and word, from a
            # small alphabet that grows, are what taught small test networks to look a name up.
            Phase(
                4200,
                _shares(recall=22, repetition=8, arithmetic=20, functions=6, stories=2, phrases=6, tools=6, pairs=30),
                ramp=400,
            ),
            # The alphabet had grown faster than the skill.
            Phase(
                4700,
                _shares(recall=20, repetition=6, arithmetic=18, functions=5, stories=2, phrases=5, tools=4, pairs=40),
                ramp=2400,
            ),
            # Names are looked up; now in sentences, from near to far.
            Phase(
                5300,
                _shares(recall=40, repetition=9, arithmetic=15, functions=4, stories=3, phrases=4, tools=5, pairs=20),
                ramp=800,
            ),
            Phase(
                5500,
                _shares(
                    register=30,
                    recall=22,
                    pairs=12,
                    repetition=7,
                    arithmetic=14,
                    functions=4,
                    stories=3,
                    phrases=4,
                    tools=4,
                ),
                ramp=300,
            ),
            Phase(
                5700,
                _shares(
                    recall=38,
                    register=10,
                    pairs=4,
                    repetition=17,
                    arithmetic=17,
                    functions=4,
                    stories=3,
                    phrases=4,
                    tools=3,
                ),
                ramp=300,
            ),
        ),
    ),
}


def recipe(name: str) -> Recipe:
    """Look up a recipe.

    Raises: InputError for a name that has none.
    """
    if name not in RECIPES:
        raise InputError(f"there is no recipe {name!r}", "g4lab.training", f"choose one of {', '.join(RECIPES)}")
    return RECIPES[name]
