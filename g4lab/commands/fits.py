"""What each size needs in memory, by arithmetic on its config."""

from __future__ import annotations

from dataclasses import dataclass

from g4lab.config import TextConfig
from g4lab.models.plan import cache_bytes, parameter_counts

CONTEXT = 4096
"""Tokens of context that a size must hold to count as fitting."""

NF4_BITS = 4.127
"""Bits a value in NF4 with doubly quantised scales: 4 + 8/64 + 32/(64 * 256)."""

LOADING = 1.15
"""Loading may take this many times the loaded size, and one tensor more."""

_QUANTISED = ("attention", "dense MLP", "experts")


@dataclass(frozen=True)
class Need:
    """Bytes that one size needs in one storage."""

    name: str
    storage: str
    weights: int
    cache: int
    largest: int
    """The largest tensor, which is in memory twice while loading."""

    @property
    def peak(self) -> int:
        """The most that is needed at once, while loading or while generating."""
        return max(int(LOADING * self.weights) + self.largest, self.weights + self.cache)


def need(config: TextConfig, storage: str) -> Need:
    """What a size needs with weights in "bf16", or with its matrices in "nf4" and the rest in bfloat16."""
    counts = parameter_counts(config)
    four_bit = sum(counts.get(part, 0) for part in _QUANTISED) if storage == "nf4" else 0
    return Need(
        name=config.name,
        storage=storage,
        weights=int(four_bit * NF4_BITS / 8) + 2 * (sum(counts.values()) - four_bit),
        cache=cache_bytes(config, CONTEXT),
        largest=2 * max(counts["token embedding"], counts.get("PLE table", 0)),
    )
