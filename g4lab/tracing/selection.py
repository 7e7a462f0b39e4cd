"""Which sites a trace holds: the usual ones, or those that the user names, in all layers or in some."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from g4lab.errors import InputError
from g4lab.models.plan import Layer

USUAL = ("embedding", "layers.*.attention.q", "layers.*.attention.k", "layers.*.residual")
OF_A_MIXTURE = ("layers.*.router.*", "layers.*.experts.weights")


def select(
    plan: Sequence[Layer], sites: str | Iterable[str] | None = None, layers: Iterable[int] | None = None
) -> tuple[str, ...]:
    """Patterns of sites, those that begin with "layers.*" spelled out for `layers` if these are given.

    A layer that borrows keys and values stands for its owner's.

    Raises: InputError for a layer that does not exist.
    """
    if sites is None:
        sites = USUAL + (OF_A_MIXTURE if plan[0].experts else ())
    sites = (sites,) if isinstance(sites, str) else tuple(sites)
    if layers is None:
        return sites
    rows = [_row(plan, layer) for layer in layers]
    return tuple(dict.fromkeys(name for pattern in sites for name in _spelled_out(pattern, rows)))


def _row(plan: Sequence[Layer], layer: int) -> Layer:
    if not 0 <= layer < len(plan):
        raise InputError(f"there is no layer {layer}", "the layers to trace", f"layers go up to {len(plan) - 1}")
    return plan[layer]


def _spelled_out(pattern: str, rows: Sequence[Layer]) -> list[str]:
    inner = pattern.removeprefix("layers.*.")
    if inner == pattern:
        return [pattern]
    of_owner = inner in ("attention.k", "attention.v")
    return [f"layers.{row.owner if of_owner else row.index}.{inner}" for row in rows]
