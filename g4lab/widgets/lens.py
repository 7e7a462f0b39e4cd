"""LogitLens: what each layer would say, and which parts made the answer."""

from __future__ import annotations

import csv
import io
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.components import sites_of
from g4lab.tracing.trace import Trace
from g4lab.widgets import lens_reading, prompts
from g4lab.widgets.base import View
from g4lab.widgets.lens_picture import picture
from g4lab.widgets.linking import Selection, selection_of
from g4lab.widgets.pointed import NOTHING, Pointed
from g4lab.widgets.still import Still

if TYPE_CHECKING:
    from g4lab.lab import Lab

VIEW = "LogitLens"
POSITIONS = 512
"""So many of the last positions are read unless more are asked for."""
CELLS = 60_000
"""Up to so many cells each have five top tokens in the page; beyond it, one."""


class LogitLens(View):
    """Layers x positions: the token that the stream would give if the network ended there, and the target's rank.

    Give it a model and a prompt, a trace and the model that it was recorded with, or a trace that carries a lens
    (`model.lens(trace).carried_by(trace)`; with `model.readout().carried_by(trace)` it has the attribution as well).
    The target is the true next token, the predicted one, or `token`, a text of one token or an id. `prior` [V] holds
    counts or probabilities of tokens without context, a baseline beside the uniform one.

        widgets.LogitLens(g4lab.load("tiny-moe"), "The red ball is in the", token=" box")

    Raises: InputError.
    """

    module = "logit_lens"

    def __init__(
        self,
        source: Lab | Trace,
        x: Any = None,
        token: str | int | None = None,
        prior: np.ndarray | None = None,
        positions: int = POSITIONS,
    ):
        if not isinstance(positions, int) or isinstance(positions, bool) or positions < 1:
            raise InputError(f"positions is {positions!r}", VIEW, "give a whole number from 1")
        self.positions, self.prompt, self.chosen = positions, None, None
        if isinstance(source, Trace):
            self.model = None if x is None else lens_reading.made_by(source, x)
            self._show(source, self._target_id(token))
        else:
            self.model = source
            self.chosen = self._target_id(token)
            self.run(x)
        self.prior = None if prior is None else _normalised(prior, self.reading.vocabulary)

    def run(self, prompt: Any) -> None:
        """Let the model read another prompt."""
        model = prompts.required_model(self.model, VIEW)
        prompt = prompts.readable(prompt, VIEW)
        self.working(f"{model.name} reads the prompt")
        trace = model.trace(prompt, sites=sites_of(model.config))
        self.prompt = prompt
        self._show(trace, self.chosen)
        self.refresh()

    def follow(self, token: str | int | None) -> None:
        """Follow a token of your own through the layers; None lets it go."""
        model = prompts.required_model(self.model, VIEW)
        chosen = self._target_id(token)
        self.working(f"{model.name} reads the streams out")
        self._show(self.trace, chosen)
        self.refresh()

    def content(self, live: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """What the module draws."""
        reading = self.reading
        arrays = {
            "top.ids": reading.top_ids.astype(np.int32),
            "top.probability": reading.top_probability.astype(np.float32),
        }
        for name, target in reading.targets.items():
            for field, value in vars(target).items():
                kind = np.int32 if field in ("ids", "rank") else np.float32
                arrays[f"{name}.{field}"] = value.astype(kind)
        header = {
            "model": {key: self.trace.model[key] for key in ("name", "label")},
            "rows": reading.rows,
            "components": reading.components,
            "tokens": [{"id": token.id, "text": token.text, "kind": token.kind} for token in self.trace.tokens],
            "start": reading.start,
            "columns": len(self.trace) - reading.start,
            "texts": self._texts(),
            "targets": list(reading.targets),
            "targets_shown": "true" if self.chosen is None and "true" in reading.targets else "chosen",
            "null_first": None if reading.null_first is None else reading.null_first.tolist(),
            "vocabulary": reading.vocabulary,
            "softcap": reading.softcap,
            "priors": self._priors(),
            "prior_name": None if self.prior is None else "unigram prior",
            "live": live,
            "editable": live and isinstance(self.prompt, str),
            "can_follow": live and self.model is not None,
            "prompt": prompts.shown(self.prompt),
        }
        return header, arrays

    def sentence(self) -> str:
        """From which row on the true next token is the likeliest, and what a guess would give."""
        reading, model = self.reading, self.trace.model
        name, target = next(iter(reading.targets.items()))
        known = target.ids >= 0
        count, first = int(known.sum()), (target.rank[:, known] == 1).sum(1)
        text = (
            f"{model['name']} ({model['label']}) reads {len(self.trace)} tokens. Read out at the embedding, the {name} "
            f"token comes first at {first[0]} of {count} positions; at {reading.rows[-1]['name']}, at {first[-1]}; a "
            f"guess at random would be right at {count / reading.vocabulary:.2g}."
        )
        if not reading.components:
            return f"{text} There is no attribution: the trace carries no outputs of parts, or no readout."
        rest = max(np.nanmax(np.abs(target.rest)) for target in reading.targets.values())
        return f"{text} The parts add up to the targets' logits but for {rest:.2g} at most."

    def selection(self) -> Selection:
        """What is pointed at, in every view of these tokens."""
        return selection_of(self.trace)

    def height(self) -> int:
        """About how tall the view is, in CSS pixels."""
        return 420 + min(24 * len(self.reading.rows), 440) + 20 * len(self.reading.rows)

    def handle(self, message: dict[str, Any]) -> None:
        """Carry out what the page asks."""
        match message:
            case {"kind": "run", "prompt": prompt}:
                self.run(prompt)
            case {"kind": "token", "token": token}:
                self.follow(token)
            case _:
                raise InputError("the page asked for something unknown", message, "run the cell again")

    def to_csv(self) -> str:
        """One line for each row and position: the top token, and rank and probability of each target."""
        out = io.StringIO()
        lines = csv.writer(out, lineterminator="\n")
        names = list(self.reading.targets)
        heads = [f"{name}_{field}" for name in names for field in ("id", "rank", "probability")]
        lines.writerow(["read_out_at", "position", "id", "text", "top_id", "top_text", "top_probability", *heads])
        texts = self._texts()
        for r, row in enumerate(self.reading.rows):
            for c, token in enumerate(self.trace.tokens[self.reading.start :]):
                best, probability = int(self.reading.top_ids[r, c, 0]), self.reading.top_probability[r, c, 0]
                line = [row["name"], self.reading.start + c, token.id, token.text, best, texts[best]]
                line.append(repr(float(probability)))
                for name in names:
                    target = self.reading.targets[name]
                    exists = target.ids[c] >= 0
                    fields = (int(target.ids[c]), int(target.rank[r, c]), repr(float(target.probability[r, c])))
                    line += fields if exists else ("", "", "")
                lines.writerow(line)
        return out.getvalue()

    def attribution(self, position: int = -1, target: str = "predicted") -> dict[str, float]:
        """What each part adds to the target's logit at a position, before the soft cap, and the rest.

        Raises: InputError for a position that the lens does not read, or a target that is not there.
        """
        if target not in self.reading.targets:
            raise InputError(f"there is no target {target!r}", VIEW, f"choose one of {', '.join(self.reading.targets)}")
        length, start = len(self.trace), self.reading.start
        column = (position + length if position < 0 else position) - start
        if not 0 <= column < length - start:
            raise InputError(f"the lens does not read position {position}", VIEW, f"give {start} to {length - 1}")
        found = self.reading.targets[target]
        names = [c["part"] if c["layer"] is None else f"{c['layer']}.{c['part']}" for c in self.reading.components]
        parts = dict(zip(names, map(float, found.parts[column]), strict=True))
        return parts | {"rest": float(found.rest[column]), "logit": float(found.logit[column])}

    def still(self, pointed: Pointed = NOTHING) -> Still:
        """The map of top tokens, and the attribution of the prediction at the token pointed at, or the last."""
        return picture(self.trace, self.reading, self._texts(), self.sentence(), pointed)

    def _show(self, trace: Trace, chosen: int | None) -> None:
        k = 5 if min(len(trace), self.positions) * len(trace.plan) <= CELLS else 1
        reading = lens_reading.read(trace, self.model, self.positions, k, chosen)
        self.trace, self.reading, self.chosen = trace, reading, chosen
        self.__dict__.pop("_listed", None)

    def _target_id(self, token: str | int | None) -> int | None:
        if token is None:
            return None
        model = prompts.required_model(self.model, VIEW)
        size, tokenizer = model.config.vocab_size, model.tokenizer
        if isinstance(token, str):
            if tokenizer is None:
                raise InputError("this model has no tokenizer", VIEW, f"give the token's id, from 0 to {size - 1}")
            ids = tokenizer.encode(token)
            if len(ids) != 1:
                pieces = " ".join(map(repr, tokenizer.pieces(ids))) if ids else "nothing"
                raise InputError(f"{token[:40]!r} is {len(ids)} tokens: {pieces[:80]}", VIEW, "give one token's text")
            return ids[0]
        if isinstance(token, int | np.integer) and not isinstance(token, bool) and 0 <= token < size:
            return int(token)
        raise InputError(f"there is no token {token!r}", VIEW, f"give a text of one token, or an id below {size}")

    @cached_property
    def _listed(self) -> dict[int, str]:
        ids = {*self.reading.top_ids.ravel().tolist()}
        ids.update(int(id) for target in self.reading.targets.values() for id in target.ids if id >= 0)
        tokenizer = None if self.model is None else self.model.tokenizer
        known = tokenizer is not None
        return {
            id: tokenizer.pieces([id])[0] if known and id < tokenizer.vocab_size else self.trace.text_of(id)
            for id in sorted(ids)
        }

    def _texts(self) -> dict[int, str]:
        return self._listed

    def _priors(self) -> dict[str, list] | None:
        if self.prior is None:
            return None
        return {name: [self._prior_of(int(id)) for id in t.ids] for name, t in self.reading.targets.items()}

    def _prior_of(self, id: int) -> dict[str, Any] | None:
        if id < 0:
            return None
        own = self.prior[id]
        return {"probability": float(own), "rank": int(1 + (self.prior > own).sum())}


def _normalised(prior: Any, size: int) -> np.ndarray:
    prior = np.asarray(prior, np.float64)
    if prior.shape != (size,) or not np.isfinite(prior).all() or (prior < 0).any() or not prior.sum():
        advice = f"give {size} counts or probabilities, one for each token of the vocabulary"
        raise InputError(f"the prior has shape {prior.shape}, or is no distribution", VIEW, advice)
    return prior / prior.sum()
