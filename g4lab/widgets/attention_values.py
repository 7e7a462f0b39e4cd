"""How long the values of a trace's heads are, for AttentionExplorer's second mode: recorded, or from the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from g4lab.tracing.trace import Trace
from g4lab.tracing.value_weighted import head_value_lengths, lengths_site

if TYPE_CHECKING:
    from g4lab.lab import Lab


class ValueLengths:
    """The lengths after the output projection; a layer's projection is asked of the model once."""

    def __init__(self, trace: Trace, model: Lab | None):
        self.trace, self.model = trace, model
        self._outputs: dict[int, np.ndarray] = {}

    def of_all(self) -> bool:
        """Whether those of every layer can be known."""
        return all(self.known(row["index"]) for row in self.trace.plan)

    def known(self, layer: int) -> bool:
        """Whether those of a layer can be known."""
        recorded = f"layers.{self.trace.plan[layer]['owner']}.attention.v" in self.trace
        return lengths_site(layer) in self.trace or (self.model is not None and recorded)

    def of(self, layer: int, head: int) -> np.ndarray | None:
        """Those of one head, None where they cannot be known. Shapes: -> float64 [S]."""
        if not self.known(layer):
            return None
        if lengths_site(layer) in self.trace:
            return self.trace[lengths_site(layer)][:, head].astype(np.float64)
        if layer not in self._outputs:
            self._outputs[layer] = self.model.attention_output(layer)
        return head_value_lengths(self.trace, layer, head, self._outputs[layer])
