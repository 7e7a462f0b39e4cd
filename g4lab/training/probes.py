"""Scores for the log: loss and answers per held-out domain, and how evenly the experts work."""

from __future__ import annotations

import numpy as np
from keras import ops

from g4lab import runtime
from g4lab.models.sites import Tap, watching
from g4lab.training.batches import Batches
from g4lab.training.media_rows import MediaRows


class Probe:
    """Held-out rows of every domain, and a compiled function that reads them."""

    def __init__(self, network, batches: Batches, media: MediaRows, rows: int):
        self.experts = network.text.experts
        self.held_out = {domain: batches.held_out(domain, rows) for domain in batches.recipe.domains}
        kinds = [kind for kinds in batches.recipe.senses.values() for kind in kinds]
        self.held_out |= {kind: media.held_out(kind, batches.recipe.media.rows) for kind in kinds}

        def read(inputs, targets):
            tap = Tap(record=("layers.*.router.experts",) if self.experts else ())
            with watching(tap):
                logits = network(inputs)
            scores = ops.log_softmax(logits, axis=-1)
            surprise = -ops.take_along_axis(scores, targets[..., None], axis=-1)[..., 0]
            return surprise, ops.equal(ops.argmax(logits, axis=-1), targets), tap.values

        self._read = runtime.compile(read, network)

    def __call__(self) -> dict:
        """Loss and share of right answer tokens by domain, and the least and greatest load of an expert (1 is even)."""
        losses, answers, chosen = {}, {}, []
        for domain, batch in self.held_out.items():
            read = self._read(batch.inputs, batch.targets)
            surprise, right = (runtime.to_numpy(value) for value in read[:2])
            losses[domain] = round(float(surprise[batch.weights > 0].mean()), 4)
            if batch.answers.any():
                answers[domain] = round(float(right[batch.answers].mean()), 4)
            chosen.append(np.stack([runtime.to_numpy(layer).ravel() for layer in read[2].values()] or [[]]))
        scores = {"loss": losses, "answers": answers}
        if self.experts:
            # [domains, layers, choices] -> how often each expert of each layer was chosen, over an even share
            layers = np.stack(chosen).swapaxes(0, 1)
            loads = np.stack([np.bincount(layer.ravel(), minlength=self.experts) for layer in layers])
            loads = loads / loads.mean(axis=1, keepdims=True)
            scores["load"] = [round(float(loads.min()), 3), round(float(loads.max()), 3)]
        return scores
