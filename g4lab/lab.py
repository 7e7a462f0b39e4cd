"""The place where model, tokenizer, generation and tracing meet: what `g4lab.load` returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import Any

import numpy as np

from g4lab import inputs, runtime
from g4lab.checkpoints import loader
from g4lab.checkpoints.resolve import embedded_names, open_source
from g4lab.checkpoints.source import Source
from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.generation.loop import STEPS, bucket, pad_left
from g4lab.generation.sampling import Sampling
from g4lab.generation.texts import Request, new_ids, stops, texts
from g4lab.models.gemma4 import Gemma4
from g4lab.models.plan import Layer, parameter_counts, plan
from g4lab.models.projection import unset_weights
from g4lab.models.sites import Edit, set_to
from g4lab.models.watched import Watched
from g4lab.text.parse import Reply, Usage, parse
from g4lab.text.tokenizer import Tokenizer
from g4lab.tracing.build import build_trace
from g4lab.tracing.trace import Trace

DEFAULT_SITES = (
    "embedding",
    "layers.*.attention.q",
    "layers.*.attention.k",
    "layers.*.router.*",
    "layers.*.experts.weights",
    "layers.*.residual",
)
"""What a trace holds unless told otherwise; sites that a model does not have are left out."""

SMALL = 50_000_000
"""Up to so many parameters, reading 128 tokens costs less than compiling for another length."""


def load(source: Any, dtype: str | None = None) -> Lab:
    """Open a model.

    Args:
        source: an embedded name ("tiny-moe"), a released size ("e2b-it", downloaded), a local directory (Hugging
            Face layout or keras-hub preset), "hf://owner/name", "kaggle://keras/gemma4/keras/<preset>/<version>",
            or a live keras_hub model.
        dtype: "float32" or "bfloat16"; None keeps the checkpoint's own, and float32 for the embedded models.

    Raises: CheckpointError, DownloadError, or InputError for a dtype that Gemma 4 does not survive.
    """
    if dtype not in (None, "float32", "bfloat16"):
        raise InputError(
            f"dtype {dtype!r} cannot be used" + (": some sizes overflow in it" if dtype == "float16" else ""),
            "g4lab.load",
            'give "bfloat16", "float32" or None',
        )
    embedded = isinstance(source, str) and source in embedded_names()
    opened = open_source(source)
    return Lab.from_source(opened, dtype or ("float32" if embedded else opened.dtype))


class Lab:
    """A model with everything around it: read it, run it, look inside, change it, save it."""

    def __init__(self, network: Gemma4, tokenizer: Tokenizer | None = None, name: str | None = None, label: str = ""):
        self.network = network
        self.tokenizer = tokenizer
        self.name = name or network.text.name
        self.label = label or self.name
        self.skipped: tuple[str, ...] = ()
        """Tensors of the checkpoint that were left unread, such as its image encoder's."""
        self._watched = Watched(network)
        self._edits: tuple[tuple[str, Edit], ...] = ()
        self._least = 128 if sum(parameter_counts(network.text).values()) <= SMALL else 16

    @classmethod
    def from_source(cls, source: Source, dtype: str) -> Lab:
        """Build the network and fill it, one tensor at a time."""
        with unset_weights():
            network = Gemma4(source.config, dtype=dtype)
        loaded = loader.load_weights(network, source)
        lab = cls(network, source.open_tokenizer(), source.name, source.label)
        lab.skipped = loaded.skipped
        return lab

    def __repr__(self) -> str:
        return f"Lab({self.name}: {self.label}, {self.config.layers} layers, {self.network.compute_dtype})"

    @property
    def config(self) -> TextConfig:
        """The numbers that define the model."""
        return self.network.text

    @cached_property
    def plan(self) -> tuple[Layer, ...]:
        """One row per layer: what it is made of."""
        return plan(self.config)

    def logits(self, x: Any) -> np.ndarray:
        """Scores of every token of the vocabulary as the next one, after every position.

        Shapes: x a text, messages, or ids [T] or [B,T] -> float32 [B,T,V].
        Raises: InputError, also when the rows of a batch differ in length.
        """
        rows, _ = self._read(x)
        length = len(rows[0])
        if any(len(row) != length for row in rows):
            raise InputError("the rows of the batch differ in length", "Lab.logits", "ask for them one by one")
        logits, _ = self._watched.run("logits", partial(_logits, self.network), *self._padded(rows), edits=self._edits)
        return runtime.to_numpy(logits)[:, -length:]

    def generate(
        self,
        x: Any,
        max_new_tokens: int = 128,
        temperature: float = 1.0,
        top_k: int | None = 64,
        top_p: float = 0.95,
        seed: int | None = None,
        stop: str | int | Sequence[str | int] | None = None,
    ) -> str | list[str]:
        """The text that the model goes on with; a list of texts for a batch.

        Ends at a token of `config.eos_ids`, at the end of a turn, or at a stop (a token id or a text), none of which
        are part of the result. Temperature 0 is greedy. The same seed gives the same text on every backend, up to
        rounding; None draws another each time.

        Raises: InputError.
        """
        rows, single = self._read(x)
        request = self._request(rows, max_new_tokens, Sampling(temperature, top_k, top_p), seed, stop)
        *_, last = texts(self._watched, inputs.required(self.tokenizer), request)
        return last[0] if single else last

    def stream(
        self,
        x: Any,
        max_new_tokens: int = 128,
        temperature: float = 1.0,
        top_k: int | None = 64,
        top_p: float = 0.95,
        seed: int | None = None,
        stop: str | int | Sequence[str | int] | None = None,
    ) -> Iterator[str]:
        """As `generate`, piece by piece; a piece never ends inside a character."""
        rows, single = self._read(x)
        if not single:
            raise InputError("a batch cannot be streamed", "Lab.stream", "stream one text at a time")
        request = self._request(rows, max_new_tokens, Sampling(temperature, top_k, top_p), seed, stop, steps=1)
        shown = 0
        for (text,) in texts(self._watched, inputs.required(self.tokenizer), request):
            if len(text) > shown:
                yield text[shown:]
                shown = len(text)

    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] = (),
        thinking: bool = False,
        max_new_tokens: int = 512,
        temperature: float = 1.0,
        top_k: int | None = 64,
        top_p: float = 0.95,
        seed: int | None = None,
    ) -> Reply:
        """The model's next turn: its text, its thought, and the tools that it wants called.

        Raises: InputError.
        """
        rows, _ = self._read(messages, tools=tools, thinking=thinking)
        ids: list[int] = []
        request = self._request(rows, max_new_tokens, Sampling(temperature, top_k, top_p), seed)
        for piece in new_ids(self._watched, request):
            ids += piece[0]
        reply = parse(self.tokenizer.decode(ids))
        return Reply(reply.text, reply.thought, reply.tool_calls, Usage(len(rows[0]), len(ids)), reply.problems)

    def trace(
        self,
        x: Any,
        sites: Iterable[str] | None = None,
        layers: Iterable[int] | None = None,
        edits: Mapping[str, Any] | None = None,
    ) -> Trace:
        """Read one sequence and keep the values of `sites` (patterns such as "layers.*.router.*").

        `layers` restricts patterns that begin with "layers.*" (keys and values: to those that these layers read);
        `edits` are as in `edit`, for this run only.

        Raises: InputError, also for a pattern that no site matches.
        """
        rows, single = self._read(x)
        if not single:
            raise InputError("a trace holds one sequence", "Lab.trace", "trace the rows of a batch one by one")
        record = self._record(sites, layers)
        everywhere = any(fnmatchcase("logits", pattern) for pattern in record)
        next_logits, values = self._watched.run(
            ("trace", everywhere),
            partial(_next_logits, self.network, everywhere=everywhere),
            *self._padded(rows),
            record=record,
            edits=self._edits + _as_edits(edits),
        )
        arrays = {name: runtime.to_numpy(value)[0, -len(rows[0]) :] for name, value in values.items()}
        arrays["next.logits"] = runtime.to_numpy(next_logits)[0]
        return build_trace(self.name, self.label, self.config, self.plan, self.tokenizer, rows[0], arrays)

    @contextmanager
    def edit(self, edits: Mapping[str, Any]) -> Iterator[Lab]:
        """Inside the block, put other values in the place of some sites' values; the model itself stays as it is.

        `edits` maps patterns of site names to a function of the value (written with keras.ops), to an array, or to
        an `Edit`. Logits, generation and traces all run with them; edits of an inner block come after an outer's.
        A function gets [B,T,...], where the last position is the last token and padding may come before the first;
        an array is as a trace holds it, [T,...], or of a shape that broadcasts.

        Raises: InputError, when the model runs, for a pattern that no site matches or a function that fails.
        """
        before = self._edits
        self._edits = before + _as_edits(edits)
        try:
            yield self
        finally:
            self._edits = before

    def save(self, directory: Any, format: str = "huggingface", dtype: str | None = None) -> None:
        """Write the model and its tokenizer into a directory that transformers (or keras-hub) loads.

        `dtype` ("float32", "bfloat16") defaults to the network's own.
        """
        writers = _writers()
        if format not in writers:
            raise InputError(f"format {format!r} is unknown", "Lab.save", f"choose one of {', '.join(writers)}")
        writers[format](self.network, directory, tokenizer=self.tokenizer, label=self.label, dtype=dtype)

    @property
    def stop_ids(self) -> list[int]:
        """Tokens at which generation ends."""
        turn_end = self.tokenizer.turn_end_id if self.tokenizer else None
        return sorted({*self.config.eos_ids, *([] if turn_end is None else [turn_end])})

    def _read(self, x: Any, **chat) -> tuple[list[list[int]], bool]:
        return inputs.read(x, self.tokenizer, self.config, **chat)

    def _padded(self, rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
        length = max(len(row) for row in rows)
        return pad_left(rows, bucket(length, self._least) if runtime.compiles() else length, self.config.pad_id)

    def _record(self, sites: Iterable[str] | None, layers: Iterable[int] | None) -> tuple[str, ...]:
        if sites is None:
            absent = () if self.config.experts else ("router", "experts")
            sites = [site for site in DEFAULT_SITES if not any(part in site for part in absent)]
        elif isinstance(sites, str):
            sites = [sites]
        if layers is None:
            return tuple(sites)
        rows = []
        for layer in layers:
            if not 0 <= layer < self.config.layers:
                raise InputError(f"there is no layer {layer}", repr(self), f"layers go up to {self.config.layers - 1}")
            rows.append(self.plan[layer])
        kept = []
        for pattern in sites:
            inner = pattern.removeprefix("layers.*.")
            if inner == pattern:
                kept.append(pattern)
            else:
                borrowed = inner in ("attention.k", "attention.v")
                kept += [f"layers.{row.owner if borrowed else row.index}.{inner}" for row in rows]
        return tuple(dict.fromkeys(kept))

    def _request(self, rows, max_new_tokens, sampling, seed, stop=None, steps=STEPS) -> Request:
        stop_texts, stop_ids = stops(stop)
        return Request(
            rows=rows,
            max_new_tokens=max_new_tokens,
            sampling=sampling,
            seed=seed,
            stop_ids=stop_ids | set(self.stop_ids),
            stop_texts=stop_texts,
            edits=self._edits,
            steps=steps,
            least=self._least,
        )


def _logits(network, tokens, positions):
    return network.logits(network.hidden(tokens, positions))


def _next_logits(network, tokens, positions, everywhere: bool):
    hidden = network.hidden(tokens, positions)
    return network.logits(hidden if everywhere else hidden[:, -1:])[:, -1]


def _as_edits(edits: Mapping[str, Any] | None) -> tuple[tuple[str, Edit], ...]:
    return tuple((pattern, _as_edit(edit)) for pattern, edit in (edits or {}).items())


def _as_edit(edit: Any) -> Edit:
    if isinstance(edit, Edit):
        return edit
    return Edit(edit) if callable(edit) else Edit(set_to, np.asarray(edit))


def _writers():
    from g4lab.checkpoints import huggingface, kerashub_save

    return {"huggingface": huggingface.save, "keras-hub": kerashub_save.save}
