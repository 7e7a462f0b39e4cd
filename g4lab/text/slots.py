"""Where media stand in a prompt: one slot for each, opened out to a place for every soft token.

Source: transformers 5.24, models/gemma4/processing_gemma4.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Protocol

from g4lab.errors import MediaError
from g4lab.text.controls import AUDIO, AUDIO_END, AUDIO_START, IMAGE, IMAGE_END, IMAGE_START, VIDEO, Control
from g4lab.text.tokenizer import Tokenizer

SLOTS: dict[str, Control] = {"image": IMAGE, "audio": AUDIO, "video": VIDEO}


class Medium(Protocol):
    """What a slot needs to know: `g4lab.media`'s ImagePatches, AudioFrames and VideoFrames say it."""

    kind: Literal["image", "audio", "video"]

    @property
    def soft_tokens(self) -> int:
        """U; of a film, those of one frame."""


def block(medium: Medium) -> list[str]:
    """What stands in the prompt for a medium: `Control` strings and, before each frame of a film, its time as text."""
    slots = [SLOTS[medium.kind]] * medium.soft_tokens
    if medium.kind == "image":
        return [IMAGE_START, *slots, IMAGE_END]
    if medium.kind == "audio":
        return [AUDIO_START, *slots, AUDIO_END]
    parts: list[str] = []
    for time in medium.timestamps:
        parts += [f"{' ' if parts else ''}{time} ", IMAGE_START, *slots, IMAGE_END]
    return parts


def expand_parts(parts: Iterable[str], media: Sequence[Medium]) -> list[str]:
    """The parts of a conversation with every slot opened out.

    The n-th slot of a kind takes the n-th medium of that kind; kinds may be mixed in any order. Ordinary strings are
    text, whatever is written in them: only `Control` ones are slots.

    Raises: MediaError for more slots of a kind than media, or the other way round.
    """
    parts = list(parts)
    kinds = {slot: kind for kind, slot in SLOTS.items()}
    waiting = _matched(Counter(kinds[p] for p in parts if isinstance(p, Control) and p in kinds), media)
    opened: list[str] = []
    for part in parts:
        kind = kinds.get(part) if isinstance(part, Control) else None
        opened += [part] if kind is None else block(next(waiting[kind]))
    return opened


def expand(ids: Iterable[int], media: Sequence[Medium], tokenizer: Tokenizer) -> list[int]:
    """The same for token ids, in which each slot is one <|image|>, <|audio|> or <|video|>.

    The times of a film are encoded by themselves; `encode_chat(media=...)` encodes them together with the text beside
    them, as the published processor does.

    Shapes: [T] -> [T'].
    Raises: MediaError as `expand_parts` does; InputError when the vocabulary lacks a control token.
    """
    ids = list(ids)
    kinds = {tokenizer.control[slot]: kind for kind, slot in SLOTS.items() if slot in tokenizer.control}
    waiting = _matched(Counter(kinds[id] for id in ids if id in kinds), media)
    opened: list[int] = []
    for id in ids:
        if id not in kinds:
            opened.append(id)
            continue
        for part in block(next(waiting[kinds[id]])):
            opened += [tokenizer.control_id(part)] if isinstance(part, Control) else tokenizer.encode(part)
    return opened


def _matched(slots: Counter[str], media: Sequence[Medium]) -> dict[str, Iterator[Medium]]:
    """The media by kind. Raises: MediaError when a kind has more or fewer of them than slots."""
    by_kind: dict[str, list[Medium]] = {kind: [] for kind in SLOTS}
    for medium in media:
        by_kind[medium.kind].append(medium)
    for kind, given in by_kind.items():
        if len(given) != slots[kind]:
            raise MediaError(
                f"the prompt has {slots[kind]} {SLOTS[kind]} and {len(given)} of kind {kind} came with it",
                "the prompt and its media",
                f"write {SLOTS[kind]} once for each of them, in their order",
            )
    return {kind: iter(given) for kind, given in by_kind.items()}
