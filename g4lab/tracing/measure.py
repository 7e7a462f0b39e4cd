"""What a metric returns: its value beside what chance would give, or that the sample is too small for a claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEVEL = 0.99
"""A band holds this share of what the null gives."""

DRAWS = 1000
"""Draws of a null that has no formula: the tails beyond a 99 % band hold five draws each."""

MEAN_TOKENS = 30
"""The fewest tokens for a mean over tokens: its standard error is then below a fifth of their spread."""

Number = float | np.ndarray


@dataclass(frozen=True, eq=False)
class Null:
    """What the metric gives where nothing is going on, and how that was found.

    `low` and `high` bound the band of `level`; both are None where the null is one fixed number.
    """

    expected: Number
    how: str
    low: Number | None = None
    high: Number | None = None
    level: float = LEVEL


@dataclass(frozen=True, eq=False)
class Measure:
    """One metric of one sample. `value` and `null` are None below the `needed` sample: then nothing is claimed.

    In an array NaN marks an entry (an expert, a pair) that is itself seen too seldom. `even` is what a router
    without any preference would give, by formula, where the null is something else (it keeps the real loads).
    """

    name: str
    sample: int
    needed: int
    value: Number | None = None
    null: Null | None = None
    of: str = "tokens"
    convention: str = ""
    even: float | None = None

    @property
    def enough(self) -> bool:
        """Whether the sample allows a claim."""
        return self.value is not None

    @property
    def beyond(self) -> Number | None:
        """-1 below the null's band, 0 inside, 1 above; None without a claim or a band."""
        if self.value is None or self.null is None or self.null.low is None:
            return None
        sign = (np.asarray(self.value) > self.null.high).astype(int) - (np.asarray(self.value) < self.null.low)
        return int(sign) if np.ndim(sign) == 0 else sign

    def __str__(self) -> str:
        if not self.enough:
            return f"{self.name}: too few {self.of} for a claim ({self.sample}; it needs at least {self.needed})"
        parts = [f"{self.name}: {_shown(self.value)}", *self._null_in_words()]
        if self.even is not None:
            parts.append(f"a router without preference gives {self.even:.4g}")
        if self.convention:
            parts.append(self.convention)
        return "; ".join([*parts, f"{self.sample} {self.of}"])

    def _null_in_words(self) -> list[str]:
        if self.null is None:
            return []
        band = ""
        if self.null.low is not None and np.ndim(self.null.low) == 0:
            low, high = self.null.low, self.null.high
            within = f"up to {high:.4g}" if low == -np.inf else f"within {low:.4g} to {high:.4g}"
            band = f" ({self.null.level:.0%} {within})"
        return [f"null {_shown(self.null.expected)}{band}: {self.null.how}"]


def null_of_draws(draws: np.ndarray, how: str, level: float = LEVEL, expected: Number | None = None) -> Null:
    """The null that many draws of a metric describe, one draw a row.

    A metric with one entry per expert gets one band that holds all its entries at once, so that the most extreme of
    them is compared with the most extreme that chance gives.

    Shapes: draws [draws] or [draws,E].
    """
    least, most = (draws.min(-1), draws.max(-1)) if draws.ndim > 1 else (draws, draws)
    tail = (1 - level) / 2
    mean = draws.mean(0) if expected is None else expected
    return Null(
        expected=float(mean) if np.ndim(mean) == 0 else mean,
        how=how,
        low=float(np.quantile(least, tail)),
        high=float(np.quantile(most, 1 - tail)),
        level=level,
    )


def _shown(value: Number) -> str:
    if np.ndim(value) == 0:
        return f"{value:.4g}"
    known = np.asarray(value)[np.isfinite(value)]
    return f"{known.size} numbers from {known.min():.4g} to {known.max():.4g}"
