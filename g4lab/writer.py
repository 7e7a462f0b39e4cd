"""Writer: a reader that goes on with a text. Whole texts, piece by piece, and turns of a conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from g4lab import inputs
from g4lab.encoded import encode
from g4lab.errors import InputError
from g4lab.generation.loop import STEPS
from g4lab.generation.sampling import Sampling
from g4lab.generation.texts import Request, new_ids, pieces, stops, texts
from g4lab.prompt import Prompt
from g4lab.reader import Reader
from g4lab.text.parse import Reply, Usage, parse


class Writer(Reader):
    """What a model can be asked to write; edits that are in force hold here too."""

    def generate(
        self,
        x: Any,
        max_new_tokens: int = 128,
        temperature: float = 1.0,
        top_k: int | None = 64,
        top_p: float = 0.95,
        seed: int | None = None,
        images: Iterable[Any] = (),
        audio: Iterable[Any] = (),
        video: Iterable[Any] = (),
        stop: str | int | Sequence[str | int] | None = None,
    ) -> str | list[str]:
        """The text that the model goes on with; a list of texts for a batch.

        Ends at a token of `config.eos_ids`, at the end of a turn, at a stop (a token id or a text), none of which are
        part of the result, and at the model's last position. Temperature 0 is greedy. The same seed gives the same
        text on every backend, up to rounding; None draws another each time.

        Media stand where the messages have a place for them, before a text otherwise (`prompt.read`).

        Raises: InputError; MediaError for media that cannot be read, or without a place.
        """
        prompt = self._read(x, images=images, audio=audio, video=video)
        request = self._request(prompt, max_new_tokens, Sampling(temperature, top_k, top_p), seed, stop)
        *_, last = texts(self._watched, inputs.required(self.tokenizer), request)
        return last[0] if prompt.single else last

    def stream(
        self,
        x: Any,
        max_new_tokens: int = 128,
        temperature: float = 1.0,
        top_k: int | None = 64,
        top_p: float = 0.95,
        seed: int | None = None,
        images: Iterable[Any] = (),
        audio: Iterable[Any] = (),
        video: Iterable[Any] = (),
        stop: str | int | Sequence[str | int] | None = None,
    ) -> Iterator[str]:
        """As `generate`, piece by piece; a piece never ends inside a character."""
        prompt = self._read(x, images=images, audio=audio, video=video)
        if not prompt.single:
            raise InputError("a batch cannot be streamed", "Lab.stream", "stream one text at a time")
        request = self._request(prompt, max_new_tokens, Sampling(temperature, top_k, top_p), seed, stop, steps=1)
        return pieces(texts(self._watched, inputs.required(self.tokenizer), request))

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
        prompt = self._read(messages, tools=tools, thinking=thinking)
        ids: list[int] = []
        request = self._request(prompt, max_new_tokens, Sampling(temperature, top_k, top_p), seed)
        for piece in new_ids(self._watched, request):
            ids += piece[0]
        reply = parse(self.tokenizer.decode(ids))
        return Reply(reply.text, reply.thought, reply.tool_calls, Usage(len(prompt.rows[0]), len(ids)), reply.problems)

    @property
    def stop_ids(self) -> list[int]:
        """Tokens at which generation ends."""
        turn_end = self.tokenizer.turn_end_id if self.tokenizer else None
        return sorted({*self.config.eos_ids, *([] if turn_end is None else [turn_end])})

    def _request(self, prompt: Prompt, max_new_tokens, sampling, seed, stop=None, steps=STEPS) -> Request:
        stop_texts, stop_ids = stops(stop)
        encoded, _ = encode(self._watched, prompt, edits=self._edits)
        return Request(
            rows=prompt.rows,
            max_new_tokens=self._room(prompt.rows, max_new_tokens),
            sampling=sampling,
            seed=seed,
            stop_ids=stop_ids | set(self.stop_ids),
            stop_texts=stop_texts,
            edits=self._text_edits,
            steps=steps,
            least=self._least,
            soft=None if encoded is None else partial(encoded.at, config=self.config),
        )

    def _room(self, rows, wanted: int) -> int:
        """How many tokens may follow: the model has a last position."""
        room = self.config.max_positions - max(map(len, rows))
        if not room:
            limit = f"this model has {self.config.max_positions:,} positions"
            raise InputError("no token can follow: the text is as long as the model reads", repr(self), limit)
        return min(wanted, room)
