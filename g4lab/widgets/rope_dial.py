"""RopeDial: how position turns queries and keys, pair by pair, on local and on global layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.widgets import rope_content as content
from g4lab.widgets.base import View
from g4lab.widgets.configs import config_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.rope_picture import picture
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab


class RopeDial(View):
    """A dial for each frequency pair, turned by a position, and the dot product of two tokens by their distance.

    Local layers turn every pair; global ones only the fastest (p-RoPE), and what the rest would do is there to compare.
    Give it a config, the name of a released size, or a model.

        widgets.RopeDial("e2b")

    Raises: ConfigError for a name that is no released size.
    """

    module = "rope_dial"

    def __init__(self, source: TextConfig | str | Lab):
        self.config, self.model = config_of(source, "RopeDial")
        self.rotations = content.rotations(self.config)

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws: the frequencies that the model turns by, in its own precision."""
        fields = ("name", "kind", "head_dim", "theta", "rotary_pairs", "window", "layers", "what_if")
        header = {
            "model": self.model,
            "live": live,
            "rotations": [{field: getattr(rotation, field) for field in fields} for rotation in self.rotations],
            "spans": content.spans(self.config),
        }
        return header, {f"frequencies.{i}": rotation.frequencies for i, rotation in enumerate(self.rotations)}

    def sentence(self) -> str:
        """Which pairs turn, how fast, and what is left of the dot product at a distance."""
        said = []
        for rotation in self.rotations:
            if rotation.what_if:
                continue
            pairs, turning = rotation.head_dim // 2, rotation.rotary_pairs
            slowest = 2 * np.pi / float(rotation.frequencies[turning - 1])
            far = content.dot_by_distance(rotation.frequencies, np.array([256]))[0]
            still = "all turn" if turning == pairs else f"{pairs - turning} never turn"
            said.append(
                f"{rotation.kind} layers (theta {rotation.theta:,.0f}): {pairs} pairs, {still}; the fastest takes "
                f"{2 * np.pi / float(rotation.frequencies[0]):.2f} tokens a turn, the slowest {slowest:,.0f}; "
                f"equal vectors 256 tokens apart keep {far:.3f} of their dot product"
            )
        first = self.rotations[0]
        chance = f"Random directions: 0 ± {first.head_dim**-0.5:.3f} on {first.kind} layers."
        return f"{self.model['name']}: {'. '.join(said)}. {chance}"

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 640

    def handle(self, message: dict[str, Any]) -> None:
        """Raises: InputError; the page has all it needs and asks for nothing."""
        raise InputError(f"RopeDial answers no {message.get('kind')!r}", "RopeDial")

    def to_csv(self) -> str:
        """One line for each pair of each kind of layer, and one for all pairs together."""
        return content.table(self.config)

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """A still picture: how long each pair takes for a turn, and the dot product by distance."""
        return picture(self.rotations, self.model, self.sentence(), pointed)
