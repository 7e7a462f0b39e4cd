"""A prompt with the pictures, sounds and films in it: what a user gives, read to token ids and arrays."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from g4lab import inputs
from g4lab.config import TextConfig
from g4lab.errors import InputError, MediaError
from g4lab.media import AudioFrames, ImagePatches, VideoFrames, expand, read_audio, read_image, read_video
from g4lab.text.chat import encode_chat
from g4lab.text.controls import Control
from g4lab.text.slots import Medium, block
from g4lab.text.tokenizer import Tokenizer

KINDS = ("image", "video", "audio")
"""In the order in which media without a place of their own stand before a text."""

_READY = {"image": ImagePatches, "video": VideoFrames, "audio": AudioFrames}
_PART_KINDS = {"image": "image", "image_url": "image", "audio": "audio", "input_audio": "audio", "video": "video"}
_ENCODER = {"image": "vision", "video": "vision", "audio": "audio"}


@dataclass(frozen=True)
class Prompt:
    """Rows of token ids, in which every soft token of a medium has its place, and the media in their order."""

    rows: list[list[int]]
    single: bool
    """Whether one text was given rather than a batch."""
    media: tuple[Medium, ...] = ()

    def of(self, kind: str) -> list[Medium]:
        """The media of a kind."""
        return [medium for medium in self.media if medium.kind == kind]


def read(
    x: Any,
    tokenizer: Tokenizer | None,
    config: TextConfig,
    images: Iterable[Any] = (),
    audio: Iterable[Any] = (),
    video: Iterable[Any] = (),
    **chat: Any,
) -> Prompt:
    """What the model will read.

    In messages each place for a medium holds it ({"type": "image", "image": path}) or takes the next of those given
    beside; in ids each <|image|>, <|audio|>, <|video|> does. Before a text they stand in the order images, films,
    sounds. A medium is whatever `media.read_image`, `read_video` or `read_audio` take, or what they made of it.

    Raises: InputError as `inputs.read`; MediaError for more places than media, or the other way round, for media that
        cannot be read, and for a model without the encoder.
    """
    given = {"image": _listed(images, "images"), "video": _listed(video, "video"), "audio": _listed(audio, "audio")}
    conversation = isinstance(x, Sequence) and not isinstance(x, str) and x and all(isinstance(m, Mapping) for m in x)
    if conversation:
        media = [read_medium(kind, source, config) for kind, source in _placed(x, given)]
        size = inputs.template_of(config)
        return Prompt([encode_chat(inputs.required(tokenizer), x, size=size, media=media, **chat)], True, tuple(media))
    rows, single = inputs.read(x, tokenizer, config, **chat)
    media = [read_medium(kind, source, config) for kind in KINDS for source in given[kind]]
    if not media:
        return Prompt(rows, single)
    if not single:
        raise InputError("media come with a batch", "the model's input", "give one text or one conversation at a time")
    tokenizer = inputs.required(tokenizer)
    return Prompt([_opened(x, rows[0], media, tokenizer, config)], True, tuple(media))


def sources(
    x: Any, images: Iterable[Any] = (), audio: Iterable[Any] = (), video: Iterable[Any] = ()
) -> list[tuple[str, Any]]:
    """The media of a prompt as they were given, unread: (kind, source), those of a kind in the order of `Prompt.of`.

    Raises: InputError and MediaError as `read`.
    """
    given = {"image": _listed(images, "images"), "video": _listed(video, "video"), "audio": _listed(audio, "audio")}
    if isinstance(x, Sequence) and not isinstance(x, str) and x and all(isinstance(m, Mapping) for m in x):
        return list(_placed(x, given))
    return [(kind, source) for kind in KINDS for source in given[kind]]


def read_medium(kind: str, source: Any, config: TextConfig) -> Medium:
    """A picture, sound or film as this model's encoder wants it.

    Raises: MediaError when it cannot be read, or the model has no encoder for it.
    """
    encoder = getattr(config, _ENCODER[kind])
    if encoder is None:
        sense = "hear" if kind == "audio" else "see"
        advice = "load a model that does, with all its modalities: tiny-e, e2b-it, e4b-it"
        raise MediaError(f"this model does not {sense}", f"{config.name}, given media of kind {kind}", advice)
    if isinstance(source, _READY[kind]):
        return source
    if kind == "audio":
        sound, rate = source if isinstance(source, tuple) else (source, None)
        return read_audio(sound, rate, mel_bins=encoder.mel_bins)
    shape = {"pooling": encoder.pooling, "patch_size": encoder.patch_size}
    if kind == "image":
        return read_image(source, encoder.budget, **shape)
    film, fps = source if isinstance(source, tuple) else (source, None)
    return read_video(film, fps, frames=encoder.frames, budget=encoder.frame_budget, **shape)


def arrays(prompt: Prompt) -> dict[str, np.ndarray]:
    """What a trace keeps of the media, so that a view can show what the model saw and heard, named like sites.

    Shapes: image.i.pixels uint8 [h,w,3], resized as the model read it; video.i.pixels uint8 [F,h,w,3] and
    video.i.seconds [F]; audio.i.waveform float32 [n] of 16,000 Hz and audio.i.mel float32 [frames,M].
    """
    found: dict[str, np.ndarray] = {}
    for kind in KINDS:
        for number, medium in enumerate(prompt.of(kind)):
            name = f"{kind}.{number}"
            if kind == "audio":
                found |= {f"{name}.waveform": medium.waveform, f"{name}.mel": medium.mel}
            elif kind == "video":
                pixels = np.stack([frame.picture() for frame in medium.frames])
                found |= {f"{name}.pixels": pixels, f"{name}.seconds": np.array(medium.seconds)}
            else:
                found[f"{name}.pixels"] = medium.picture()
    return found


def _listed(media: Any, name: str) -> list:
    """Media as they were given beside the text."""
    if isinstance(media, str | bytes) or not isinstance(media, Iterable):
        raise InputError(f"{name} is a {type(media).__name__}", "the model's input", f"give a list: {name}=[...]")
    return list(media)


def _placed(messages: Sequence[Mapping], given: Mapping[str, list]) -> Iterator[tuple[str, Any]]:
    """The media of a conversation in the order of their places: each one's own, or the next that was given beside."""
    waiting = {kind: iter(sources) for kind, sources in given.items()}
    places: Counter[str] = Counter()
    for part in _parts(messages):
        kind = _PART_KINDS.get(part.get("type"))
        if kind is None:
            continue
        own = _own(part, kind)
        if own is None:
            places[kind] += 1
            own = next(waiting[kind], None)
            if own is None:
                raise MediaError(*_mismatch(kind, places[kind], len(given[kind])))
        yield kind, own
    for kind, sources in given.items():
        if places[kind] < len(sources):
            raise MediaError(*_mismatch(kind, places[kind], len(sources)))


def _mismatch(kind: str, places: int, given: int) -> tuple[str, str, str]:
    name = "images" if kind == "image" else kind
    return (
        f"the messages have {places} places of kind {kind} that hold nothing, and {name}= has {given}",
        "the messages and their media",
        f'put {{"type": "{kind}"}} into a message for each, or the medium itself: {{"type": "{kind}", "{kind}": path}}',
    )


def _parts(messages: Sequence[Mapping]) -> Iterator[Mapping]:
    for message in messages:
        content = message.get("content")
        yield from (part for part in content if isinstance(part, Mapping)) if isinstance(content, list | tuple) else ()


def _own(part: Mapping, kind: str) -> Any:
    """What a part holds itself, None where it is a place only."""
    for name in (kind, "path", part["type"]):
        found = part.get(name)
        if isinstance(found, Mapping):  # {"url": ...}, {"data": ..., "format": ...}
            found = found.get("url", found.get("data"))
        if found is None:
            continue
        if isinstance(found, str) and part["type"] in ("image_url", "input_audio"):
            return _inline(found, part["type"])
        rate = part.get("rate" if kind == "audio" else "fps") if kind != "image" else None
        return found if rate is None else (found, rate)
    if "url" in part:
        return _inline(part["url"], "url")
    return None


def _inline(text: str, name: str) -> bytes:
    """The bytes of a data URL or of base64. Raises: MediaError for an address: nothing is fetched from the network."""
    head, comma, body = text.partition(",")
    if "://" in text or (comma and not head.startswith("data:")):
        advice = "download it yourself and give the path"
        raise MediaError(f"{text[:60]!r} is an address, and nothing is fetched", f"a part's {name}", advice)
    try:
        return base64.b64decode(body if comma else text, validate=True)
    except binascii.Error as error:
        raise MediaError(f"no base64: {error}", f"a part's {name}", "give a path, bytes, or base64") from error


def _opened(x: Any, row: list[int], media: list[Medium], tokenizer: Tokenizer, config: TextConfig) -> list[int]:
    """A row of ids with the media in it: before a text, or in the places that ids have for them."""
    if isinstance(x, str):
        before: list[int] = []
        for medium in media:
            for part in block(medium):
                before += [tokenizer.control_id(part)] if isinstance(part, Control) else tokenizer.encode(part)
        return [row[0], *before, *row[1:]]
    wanted = Counter()
    for medium in media:
        frames = len(medium.frames) if medium.kind == "video" else 1
        wanted[getattr(config, f"{medium.kind}_id")] += medium.soft_tokens * frames
    there = Counter(id for id in row if id in {getattr(config, f"{kind}_id") for kind in KINDS})
    return row if there == wanted else expand(row, media, tokenizer)
