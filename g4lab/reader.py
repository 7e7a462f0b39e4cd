"""Reader: a model that reads. Scores, traces, lenses, and edits of what it computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import Any, Self

import numpy as np

from g4lab import lensing, runtime
from g4lab.config import TextConfig
from g4lab.encoded import encode, is_of_media
from g4lab.errors import InputError
from g4lab.generation.loop import bucket, pad_left
from g4lab.models.gemma4 import Gemma4
from g4lab.models.plan import Layer, parameter_counts, plan
from g4lab.models.sites import Edit, as_edits
from g4lab.models.watched import Watched
from g4lab.prompt import Prompt, arrays, read
from g4lab.text.tokenizer import Tokenizer
from g4lab.tracing.build import build_trace
from g4lab.tracing.lens import Lens
from g4lab.tracing.readout import Readout
from g4lab.tracing.selection import select
from g4lab.tracing.trace import Trace

SMALL = 50_000_000
"""Up to so many parameters, reading 128 tokens costs less than compiling for another length."""

_EDITS: ContextVar[Mapping[int, tuple[tuple[str, Edit], ...]]] = ContextVar("edits in force, by model", default={})  # noqa: B039


class Reader:
    """What a network and a tokenizer can be asked about a text that is there."""

    def __init__(self, network: Gemma4, tokenizer: Tokenizer | None = None, name: str | None = None, label: str = ""):
        self.network = network
        self.tokenizer = tokenizer
        self.name = name or network.text.name
        self.label = label or self.name
        self._watched = Watched(network)
        self._least = 128 if sum(parameter_counts(network.text).values()) <= SMALL else 16

    @property
    def config(self) -> TextConfig:
        """The numbers that define the model."""
        return self.network.text

    @cached_property
    def plan(self) -> tuple[Layer, ...]:
        """One row per layer: what it is made of."""
        return plan(self.config)

    def logits(self, x: Any, **media: Iterable[Any]) -> np.ndarray:
        """Scores of every token of the vocabulary as the next one, after every position.

        `media` are images=, audio= and video=, as in `prompt.read`; here and in the methods below.

        Shapes: x a text, messages, or ids [T] or [B,T] -> float32 [B,T,V].
        Raises: InputError, also when the rows of a batch differ in length.
        """
        prompt = self._read(x, **media)
        length = len(prompt.rows[0])
        if any(len(row) != length for row in prompt.rows):
            raise InputError("the rows of the batch differ in length", "Lab.logits", "ask for them one by one")
        given, _ = self._given(prompt)
        logits, _ = self._watched.run("logits", partial(_logits, self.network), *given, edits=self._text_edits)
        return runtime.to_numpy(logits)[:, -length:]

    def surprisal(self, x: Any, **media: Iterable[Any]) -> np.ndarray:
        """How unexpected each token was after those before it: -log p, NaN for the first.

        Scores of the vocabulary are held for a few positions at a time, so that long texts take no more memory. A
        model that knows nothing is surprised by log V everywhere.

        Shapes: x a text, messages, or ids [T] -> float32 [T]. Units: nats.
        Raises: InputError, also for a batch, and where an edit of the logits is in force.
        """
        prompt = self._read(x, **media)
        if not prompt.single:
            raise InputError("a batch has no one surprisal", "Lab.surprisal", "ask for its rows one by one")
        if any(fnmatchcase("logits", pattern) for pattern, _ in self._text_edits):
            advice = "take it from model.logits(x), which an edit of the logits changes"
            raise InputError("the logits are edited, and surprisal never has them all", "Lab.surprisal", advice)
        given, _ = self._given(prompt)
        hidden, _ = self._watched.run("hidden", partial(_hidden, self.network), *given, edits=self._text_edits)
        (row,) = prompt.rows
        return lensing.surprisal(self._watched, runtime.to_numpy(hidden)[0, -len(row) :], row)

    def trace(
        self,
        x: Any,
        sites: Iterable[str] | None = None,
        layers: Iterable[int] | None = None,
        edits: Mapping[str, Any] | None = None,
        **media: Iterable[Any],
    ) -> Trace:
        """Read one sequence and keep the values of some sites.

        `sites` are patterns such as "layers.*.router.*", None the usual ones (`tracing.selection`); those of an encoder
        begin with the kind and number of the medium: "image.*.soft_tokens", "audio.0.layers.2.attention.weights".
        `layers` restricts patterns that begin with "layers.*" (keys and values: to those that these layers read);
        `edits` are as in `edit`, for this run only.

        Raises: InputError, also for a pattern that no site matches.
        """
        prompt = self._read(x, **media)
        if not prompt.single:
            raise InputError("a trace holds one sequence", "Lab.trace", "trace the rows of a batch one by one")
        sites = [sites] if isinstance(sites, str) else sites if sites is None else list(sites)
        record = select(self.plan, None if sites is None else [p for p in sites if not is_of_media(p)], layers)
        given, seen = self._given(prompt, [p for p in sites or () if is_of_media(p)], as_edits(edits))
        everywhere = any(fnmatchcase("logits", pattern) for pattern in record)
        next_logits, values = self._watched.run(
            ("trace", everywhere),
            partial(_next_logits, self.network, everywhere=everywhere),
            *given,
            record=record,
            edits=self._text_edits + _of_text(as_edits(edits)),
        )
        (row,) = prompt.rows
        found = {name: runtime.to_numpy(value)[0, -len(row) :] for name, value in values.items()}
        found |= {"next.logits": runtime.to_numpy(next_logits)[0], **arrays(prompt), **seen}
        return build_trace(self.name, self.label, self.config, self.plan, self.tokenizer, row, found)

    def lens(self, trace: Trace, targets: int | np.ndarray | None = None, k: int = 10) -> Lens:
        """Read what the model would say next after every layer: the logit lens, with the model's own final norm.

        The scores of the whole vocabulary never leave the backend. The trace needs the usual sites; `targets` is one
        token id, or one for each position, None the tokens that come next (`tracing.lens.next_ids`).

        Raises: InputError, also when the trace is of a model of another shape.
        """
        return lensing.lens(self._watched, trace, targets, k)

    def readout(self, ids: Iterable[int] | None = None) -> Readout:
        """Final norm, unembedding, soft cap and layer scalars in numpy, for attribution and for lenses without a model.

        `ids` are the tokens whose rows are wanted; None copies the whole table, in float32.
        """
        return lensing.readout(self.network, ids)

    def attention_output(self, layer: int) -> np.ndarray:
        """How a layer writes its heads to the stream: the output projection times the scale of the norm after it.

        Shapes: -> float32 [N,H,D].
        Raises: InputError when the layer does not exist.
        """
        return lensing.attention_output(self.network, layer)

    @contextmanager
    def edit(self, edits: Mapping[str, Any]) -> Iterator[Self]:
        """Inside the block, put other values in the place of some sites' values; the model itself stays as it is.

        `edits` maps patterns of site names to a function of the value (written with keras.ops), to an array, or to
        an `Edit`. Logits, generation and traces all run with them; edits of an inner block come after an outer's.
        A function gets [B,T,...], where the last position is the last token and padding may come before the first;
        an array is as a trace holds it, [T,...], or of a shape that broadcasts.

        Raises: InputError, when the model runs, for a pattern that no site matches or a function that fails.
        """
        token = _EDITS.set({**_EDITS.get(), id(self): self._edits + as_edits(edits)})
        try:
            yield self
        finally:
            _EDITS.reset(token)

    @property
    def _edits(self) -> tuple[tuple[str, Edit], ...]:
        return _EDITS.get().get(id(self), ())

    @property
    def _text_edits(self) -> tuple[tuple[str, Edit], ...]:
        return _of_text(self._edits)

    def _read(self, x: Any, **options) -> Prompt:
        """`options`: media as in `prompt.read`, and what a chat template takes."""
        prompt = read(x, self.tokenizer, self.config, **options)
        longest, limit = max(map(len, prompt.rows)), self.config.max_positions
        if longest > limit:
            raise InputError(f"the text has {longest:,} tokens", repr(self), f"this model reads up to {limit:,}")
        return prompt

    def _given(self, prompt: Prompt, record: Iterable[str] = (), edits: tuple[tuple[str, Edit], ...] = ()):
        """What the text model is given (tokens, positions and, with media, soft tokens), and the encoders' sites."""
        length = max(len(row) for row in prompt.rows)
        padded = bucket(length, self._least) if runtime.compiles() else length
        tokens, positions = pad_left(prompt.rows, padded, self.config.pad_id)
        encoded, sites = encode(self._watched, prompt, record, self._edits + edits)
        if encoded is None:
            return (tokens, positions), sites
        return (tokens, positions, encoded.at(tokens, positions, self.config)), sites


def _of_text(edits: tuple[tuple[str, Edit], ...]) -> tuple[tuple[str, Edit], ...]:
    return tuple((pattern, edit) for pattern, edit in edits if not is_of_media(pattern))


def _hidden(network, tokens, positions, soft=None):
    return network.hidden(tokens, positions, soft=soft)


def _logits(network, tokens, positions, soft=None):
    return network.logits(network.hidden(tokens, positions, soft=soft))


def _next_logits(network, tokens, positions, soft=None, *, everywhere: bool):
    hidden = network.hidden(tokens, positions, soft=soft)
    return network.logits(hidden if everywhere else hidden[:, -1:])[:, -1]
