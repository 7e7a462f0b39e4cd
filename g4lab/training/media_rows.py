"""Rows of tokens about a picture, a film or a sound: which, and what is asked, depends on seed and step alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from g4lab.media import stack_audio, stack_images
from g4lab.models.placing import arranged
from g4lab.prompt import read_medium
from g4lab.text.chat import encode_chat
from g4lab.text.slots import Medium
from g4lab.text.tokenizer import Tokenizer
from g4lab.training.batches import Rows
from g4lab.training.corpus import tiny_world
from g4lab.training.recipe import Recipe

SAMPLES = 16_000
"""A second of the generated speech."""

SPOKEN = {"train": 20_000, "held-out": 500}
"""Utterances that are spoken once and kept; each is heard again and again, with other noise."""


@dataclass(frozen=True)
class MediaBatch(Rows):
    """Rows of one sense, each about one medium.

    Shapes: tokens and weights as in `Rows`; places and ends int32 [B,T] and media as `Gemma4` takes them.
    """

    tokens: np.ndarray
    weights: np.ndarray
    media: dict[str, dict[str, np.ndarray]]
    places: np.ndarray
    ends: np.ndarray

    @property
    def inputs(self) -> dict:
        """What the model reads."""
        return {"tokens": self.tokens[:, :-1], "media": self.media, "places": self.places, "ends": self.ends}


class MediaRows:
    """The media of a run; what is spoken for it is kept in its folder."""

    def __init__(self, recipe: Recipe, tokenizer: Tokenizer, seed: int, folder: Path):
        self.recipe = recipe
        self.config = recipe.config
        self.tokenizer = tokenizer
        self.seed = seed
        self.folder = folder

    def training(self, sense: str, step: int) -> MediaBatch:
        """The batch of a step: each row draws its kind of question from the phase's shares."""
        phase, rows = self.recipe.phase(step), self.recipe.media.rows
        shares = phase.senses[sense]
        kinds = np.random.default_rng([self.seed, step, 2]).choice(list(shares), rows, p=list(shares.values()))
        return self._batch([(str(kind), step * rows + place) for place, kind in enumerate(kinds)], "train")

    def held_out(self, kind: str, rows: int) -> MediaBatch:
        """Rows of one kind that share nothing with the training rows."""
        return self._batch([(kind, row) for row in range(rows)], "held-out")

    def record(self, kind: str, number: int, split: str):
        """One question with its medium, as the generator gives it."""
        recordings = self._recordings[split] if kind == "speech" else None
        return tiny_world().seen(kind, self.seed, number, split, recordings)

    @cached_property
    def _recordings(self) -> dict:
        return {
            split: tiny_world().record(self.folder / "spoken", self.seed, split, count)
            for split, count in SPOKEN.items()
        }

    def _batch(self, wanted: list[tuple[str, int]], split: str) -> MediaBatch:
        records = [self.record(kind, number, split) for kind, number in wanted]
        media = [medium_of(record, self.config) for record in records]
        more = [
            tiny_world().further(record, np.random.default_rng([self.seed, number, 3]))
            for record, (_, number) in zip(records, wanted, strict=True)
        ]
        rows = [self._row(*self._talk(*talk)) for talk in zip(records, more, media, strict=True)]
        tokens, weights = (np.stack(arrays) for arrays in zip(*rows, strict=True))
        stacked, read = self.stacked(media), tokens[:, :-1]
        positions = np.broadcast_to(np.arange(read.shape[1], dtype=np.int32), read.shape)
        places, ends = arranged(read, positions, stacked, self.config)
        return MediaBatch(tokens, weights, stacked, places, ends)

    def stacked(self, media: list[Medium]) -> dict[str, dict[str, np.ndarray]]:
        """The media as `Gemma4.soft_tokens` takes them, of sizes that are the same in every batch: one is compiled."""
        kind, vision = media[0].kind, self.config.vision
        if kind == "audio":
            return {"audio": dict(zip(("mel", "valid"), stack_audio(media, self.recipe.media.sound), strict=True))}
        if kind == "image":
            pictures, budget = media, vision.budget
        else:
            pictures, budget = [frame for film in media for frame in film.frames], vision.frame_budget
        pixels, positions = stack_images(pictures, budget * vision.pooling**2)
        # Short films leave frames without patches at the end.
        lacking = 0 if kind == "image" else len(media) * vision.frames - len(pictures)
        pixels = np.pad(pixels, ((0, lacking), (0, 0), (0, 0)))
        positions = np.pad(positions, ((0, lacking), (0, 0), (0, 0)), constant_values=-1)
        return {kind: {"pixels": pixels, "positions": positions}}

    def _talk(self, record, more, medium: Medium) -> tuple[list[int], list[float]]:
        """A chat about the medium, as many questions as fit, and what each token counts: the answers, little else."""
        world, room = tiny_world(), self.recipe.media.length + 1
        messages = [{"role": "user", "content": [{"type": medium.kind}]}]
        ids, weights = [], []
        for question, answer in ((record.question, record.answer), *more):
            messages[-1]["content"].append({"type": "text", "text": question})
            asked = self._encode(messages, medium, open_turn=True)
            messages.append({"role": "model", "content": answer})
            answered = self._encode(messages, medium, open_turn=False)
            if len(answered) > room:
                break
            weights += [world.GIVEN] * (len(asked) - len(ids)) + [world.ANSWER] * (len(answered) - len(asked))
            ids = answered
            messages.append({"role": "user", "content": []})
        if not ids:
            raise AssertionError(f"{room} tokens do not hold {record!r}")
        return ids, weights

    def _row(self, ids: list[int], weights: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """A chat, then padding. Shapes: -> int32 [T+1], float32 [T]."""
        length = self.recipe.media.length + 1
        tokens = np.full(length, self.config.pad_id, np.int32)
        counts = np.zeros(length, np.float32)
        tokens[: len(ids)], counts[: len(ids)] = ids, weights
        slots = [self.config.image_id, self.config.video_id, self.config.audio_id]
        counts[np.isin(tokens, slots)] = 0  # nothing in the text predicts what comes next in a picture
        return tokens, counts[1:]

    def _encode(self, messages: list[dict], medium: Medium, open_turn: bool) -> list[int]:
        size = self.config.name
        return encode_chat(self.tokenizer, messages, add_generation_prompt=open_turn, size=size, media=[medium])


def medium_of(record, config) -> Medium:
    """What the model's own processor makes of a question's medium."""
    if record.sound is not None:
        return read_medium("audio", (record.sound, SAMPLES), config)
    if record.frames is not None:
        return read_medium("video", (record.frames, record.fps), config)
    (picture,) = record.pictures
    return read_medium("image", picture, config)
