"""Where two runs of the same model first differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def first_divergence(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], tolerance: float = 1e-4) -> str:
    """Name the first site, in the order in which `theirs` was recorded, whose values differ.

    Sites that only one side has are passed over.
    """
    compared = [site for site in theirs if site in ours]
    for before, site in zip([None, *compared], compared, strict=False):
        difference = np.abs(ours[site] - theirs[site])
        if not difference.max() <= tolerance:  # NaN differs too
            worst = tuple(int(i) for i in np.unravel_index(np.nanargmax(difference), difference.shape))
            return (
                f"{site} is the first to differ: by {difference.max():.3g} at {worst}, where ours is "
                f"{ours[site][worst]:.6g} and theirs {theirs[site][worst]:.6g}; "
                + (f"{before} still agrees" if before else "nothing before it agrees")
            )
    return f"nothing differs at {len(compared)} sites"
