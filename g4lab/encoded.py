"""The media of a prompt as soft tokens, and where they stand once the prompt is padded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from g4lab import runtime
from g4lab.config import TextConfig
from g4lab.errors import InputError
from g4lab.generation.loop import bucket
from g4lab.media import stack_audio, stack_images
from g4lab.models.embeddings import SoftTokens
from g4lab.models.masks import EMPTY
from g4lab.models.placing import picture_ends
from g4lab.models.sites import Edit
from g4lab.models.watched import Watched
from g4lab.prompt import KINDS, Prompt
from g4lab.text.slots import Medium

FRAMES = 8
"""Frames of a film that are encoded at a time."""

_ADVICE = 'name a medium and a site of its encoder, such as "image.0.soft_tokens" or "audio.*.layers.*.residual"'

_SITE = {"image": "vision.", "video": "video.", "audio": "audio."}
"""How the encoders' own sites begin; those of a medium begin with its kind and its number."""


@dataclass(frozen=True)
class Encoded:
    """Soft tokens, kind after kind.

    Shapes: vectors float32 [R,D], filled up to a size that seldom changes.
    """

    vectors: np.ndarray
    counts: Mapping[str, int]

    def at(self, tokens: np.ndarray, positions: np.ndarray, config: TextConfig) -> SoftTokens:
        """What the text model reads: each medium's soft tokens in the placeholders of its kind, in their order.

        Shapes: tokens and positions int [B,T].
        """
        places, first = np.full(tokens.shape, EMPTY, np.int32), 0
        for kind, count in self.counts.items():
            places[tokens == getattr(config, f"{kind}_id")] = np.arange(first, first + count, dtype=np.int32)
            first += count
        return SoftTokens(self.vectors, places, picture_ends(tokens, positions, config))


def encode(
    watched: Watched, prompt: Prompt, record: Iterable[str] = (), edits: Sequence[tuple[str, Edit]] = ()
) -> tuple[Encoded | None, dict[str, np.ndarray]]:
    """The soft tokens of a prompt (None without media), and the recorded values of its encoders.

    Sites are named after the medium: "image.0.layers.3.attention.q", "video.0.soft_tokens" (which has an axis of
    frames first), "audio.1.output".

    Raises: InputError for a pattern of media that the prompt does not hold.
    """
    _check(prompt, [*record, *(pattern for pattern, _ in edits)])
    if not prompt.media:
        return None, {}
    counts, rows, sites = {}, [], {}
    for kind in KINDS:
        found = []
        for number, medium in enumerate(prompt.of(kind)):
            name = f"{kind}.{number}."
            wanted = [_SITE[kind] + rest for rest in _of(record, kind, number)]
            changed = [(_SITE[kind] + rest, edit) for p, edit in edits for rest in _of([p], kind, number)]
            vectors, values = _one(watched, medium, wanted, changed)
            found.append(vectors)
            sites |= {name + site.removeprefix(_SITE[kind]): value for site, value in values.items()}
        rows += found
        counts[kind] = sum(len(vectors) for vectors in found)
    vectors = np.concatenate(rows)
    filler = bucket(len(vectors), 64) - len(vectors) if runtime.compiles() else 0
    return Encoded(np.pad(vectors, ((0, filler), (0, 0))), counts), sites


def is_of_media(pattern: str) -> bool:
    """Whether a pattern of sites is about an encoder."""
    return pattern.split(".")[0] in KINDS


def _check(prompt: Prompt, patterns: Iterable[str]) -> None:
    there = [(kind, number) for kind in KINDS for number in range(len(prompt.of(kind)))]
    for pattern in patterns:
        if is_of_media(pattern) and not any(_of([pattern], *medium) for medium in there):
            names = ", ".join(f"{kind}.{number}" for kind, number in there) or "no media"
            raise InputError(f'no medium of the prompt is meant by "{pattern}"', f"a prompt with {names}", _ADVICE)


def _of(patterns: Iterable[str], kind: str, number: int) -> list[str]:
    """What patterns ask of one medium: "image.*.soft_tokens" asks every picture for its "soft_tokens"."""
    split = (pattern.split(".", 2) for pattern in patterns)
    whole = (parts for parts in split if len(parts) == 3)
    return [site for start, which, site in whole if start == kind and fnmatchcase(str(number), which)]


def _one(watched: Watched, medium: Medium, record: list[str], edits: list) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The soft tokens of one medium, [U,D] (a film's frames one after the other), and recorded values.

    Values have no batch axis, a film's one of frames; what padded the medium is cut off.
    """
    if medium.kind == "audio":
        frames = bucket(len(medium.mel), 128) if runtime.compiles() else len(medium.mel)
        arrays = dict(zip(("mel", "valid"), stack_audio([medium], frames), strict=True))
        vectors, values = watched.encode("audio", arrays, record, edits)
        values = {name: _plain(value)[0, : medium.soft_tokens] for name, value in values.items()}
        return _plain(vectors)[: medium.soft_tokens], values
    pictures = medium.frames if medium.kind == "video" else (medium,)
    some = pictures[0]
    patches = some.budget * some.pooling**2 if runtime.compiles() else len(some.pixels)
    real = {patches: len(some.pixels), patches // some.pooling**2: some.soft_tokens}
    at_once = min(FRAMES, len(pictures))
    made: list[tuple[np.ndarray, dict]] = []
    for start in range(0, len(pictures), at_once):
        part = list(pictures[start : start + at_once])
        pixels, positions = stack_images(part, patches)
        # the last few frames are as many as the others, so that one size is compiled
        lacking = ((0, at_once - len(part)), (0, 0), (0, 0))
        arrays = {"pixels": np.pad(pixels, lacking), "positions": np.pad(positions, lacking, constant_values=EMPTY)}
        vectors, values = watched.encode(medium.kind, arrays, record, edits)
        kept = {name: _cut(name, value, real)[: len(part)] for name, value in values.items()}
        vectors = _plain(vectors).reshape(at_once, -1, vectors.shape[-1])
        made.append((vectors[: len(part), : some.soft_tokens], kept))
    width = made[0][0].shape[-1]
    values = {name: np.concatenate([values[name] for _, values in made]) for name in made[0][1]}
    vectors = np.concatenate([vectors for vectors, _ in made]).reshape(-1, width)
    return vectors, values if medium.kind == "video" else {name: value[0] for name, value in values.items()}


def _cut(site: str, value: Any, real: Mapping[int, int]) -> np.ndarray:
    """A value [B,T,...] without what padded the picture; attention weights end in an axis S of keys, as long as T."""
    value = _plain(value)
    count = real[value.shape[1]]
    return value[:, :count, ..., :count] if site.endswith(".weights") else value[:, :count]


def _plain(value: Any) -> np.ndarray:
    value = np.asarray(runtime.to_numpy(value))
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value
