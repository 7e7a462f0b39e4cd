"""What a training run consists of: the model, the mixture of domains and senses, and how both change with the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from g4lab.config import TextConfig


@dataclass(frozen=True)
class MediaShape:
    """How large the rows of media are; how much of a picture or film they hold is the model's own budget."""

    rows: int = 16
    length: int = 144
    """Tokens of a row."""
    sound: int = 400
    """Mel frames of the longest sound: 4 seconds."""


@dataclass(frozen=True)
class Phase:
    """A stretch of a run with its own mixture."""

    start: int
    """Its first step."""
    mixture: Mapping[str, float]
    """Share of the rows of text that each domain gets."""
    media: Mapping[str, float] = field(default_factory=dict)
    """Share of the steps that are about "pictures", "films" or "sounds"; the others are of text."""
    senses: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Share of the media that each kind of question gets, for each of these."""
    balance: float = 0.02
    """Weight of the load-balancing loss; it has no effect on a model without experts."""


@dataclass(frozen=True)
class Naming:
    """How an encoder learns, before anybody asks, to name what each soft token covers."""

    steps: int
    media: int
    """Pictures or sounds of a step; of films half as many."""
    kinds: Mapping[str, float]
    """Share of the media that each kind of question gives."""
    films: int = 0
    """Every so many steps are of films; 0 for none."""
    rate: float = 2e-3
    sharpness: float = 0.2
    """First value of the query norms' scales."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One model's training, from the first step to the last."""

    config: TextConfig
    about: str
    """What kind of model it is, for its card."""
    steps: int
    phases: tuple[Phase, ...]
    batch: int = 8
    """Rows of a step."""
    length: int = 256
    """Tokens of a row."""
    rate: float = 2e-3
    warmup: int = 100
    easy: int = 700
    """Steps during which recall, repetition, pairs and registers stay at their easiest."""
    ramp: int = 3500
    """Steps after those over which they grow to full length."""
    decay: float = 0.15
    """Share of the steps, at the end, over which the learning rate falls to nothing."""
    again: int | None = None
    """A step at which the learning rate, fallen to nothing, begins anew: rise, stay, fall."""
    weight_decay: float = 0.01
    sharpness: float = 0.1
    """First value of the query norms' scales. At 1, scores of untrained heads spread by sqrt(H): each softmax picks
    one key at random, hardly any gradient reaches the others, and recall stays at chance."""
    save_every: int = 100
    probe_every: int = 200
    probe_rows: int = 8
    """Held-out rows per domain on which the log's scores are measured."""
    media: MediaShape = MediaShape()
    naming: Mapping[str, Naming] = field(default_factory=dict)
    """What "vision" and "audio" learn alone, before the first step with media; from there on they stay as they are."""
    seed_of_tokenizer: int = 7
    documents_of_tokenizer: int = 1500
    """Documents per domain from which the tokenizer learns its pieces."""

    def phase(self, step: int) -> Phase:
        """The phase that a step belongs to."""
        return max((phase for phase in self.phases if phase.start <= step), key=lambda phase: phase.start)

    @property
    def first_with_media(self) -> int | None:
        """The first step that media have a share in; None for a recipe of text."""
        return min((phase.start for phase in self.phases if phase.media), default=None)

    def difficulty(self, step: int) -> float:
        """How long recall, repetition, pairs and registers are at a step, from 0 to 1."""
        return min(1.0, max(0, step - self.easy) / self.ramp)

    def sense(self, step: int, seed: int) -> str | None:
        """What the step of a run is about: "pictures", "films", "sounds", or None for text."""
        media = self.phase(step).media
        draw = np.random.default_rng([seed, step, 1]).random() - np.cumsum([*media.values(), 0.0])
        return next((name for name, left in zip(media, draw, strict=False) if left < 0), None)

    @property
    def senses(self) -> dict[str, tuple[str, ...]]:
        """Every kind of question of any phase, by what it is about."""
        found: dict[str, dict[str, None]] = {}
        for phase in self.phases:
            for name, kinds in phase.senses.items():
                found.setdefault(name, {}).update(dict.fromkeys(kinds))
        return {name: tuple(kinds) for name, kinds in found.items()}

    @property
    def domains(self) -> tuple[str, ...]:
        """Every domain of any phase, in order of appearance."""
        return tuple(dict.fromkeys(domain for phase in self.phases for domain in phase.mixture))
