"""What SoftTokenAtlas asks of a model: a prompt with media, its answer, lenses on soft tokens, and regions hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from g4lab import prompt as prompting
from g4lab.errors import InputError
from g4lab.media.patches import ImagePatches, cut
from g4lab.tracing import hiding, media
from g4lab.tracing.hiding import Hiding
from g4lab.tracing.lens import Lens
from g4lab.tracing.media import Box, Part
from g4lab.tracing.trace import Trace

if TYPE_CHECKING:
    from g4lab.lab import Lab

SITES = ("embedding", "layers.*.attention.q", "layers.*.attention.k", "layers.*.residual")
READ_OUT = 1_024
"""So many soft tokens have a logit lens, the first of the prompt."""
TOP = 3
DRAWS = 3
"""Regions elsewhere that are hidden for comparison."""


@dataclass(frozen=True, eq=False)
class Sitting:
    """A prompt with its media and its answer, as the model reads it again and again."""

    ids: tuple[int, ...]
    """With every soft token in its place; the answer's last."""
    answer: tuple[int, int]
    """From where to where the answer goes."""
    media: tuple[Any, ...]
    sources: tuple[tuple[str, Any], ...]
    """(kind, as it was given), in the order of `media`."""

    def given(self, changed: dict[int, Any] | None = None) -> dict[str, list]:
        """The media as a model takes them beside ids, those of `changed` replaced."""
        now = [(changed or {}).get(index, medium) for index, medium in enumerate(self.media)]
        kinds = {"images": "image", "video": "video", "audio": "audio"}
        return {name: [medium for medium in now if medium.kind == kind] for name, kind in kinds.items()}


def sit(model: Lab, x: Any, given: dict[str, Iterable[Any]], answer: int | str, budget: int | None = None) -> Sitting:
    """Read the prompt, and let the model answer greedily with up to `answer` tokens, or take the text given.

    `budget` is that of pictures; None the model's own.

    Raises: InputError, MediaError.
    """
    sources = prompting.sources(x, **given)
    seen = [_at(model, kind, source, budget) for kind, source in sources]
    if not seen:
        advice = "give images=[...], audio=[...] or video=[...], or messages with media in them"
        raise InputError("there are no media in the prompt", "SoftTokenAtlas", advice)
    ready = {name: [m for m in seen if m.kind == kind] for name, kind in _NAMES.items()}
    if isinstance(x, Sequence) and not isinstance(x, str) and x and isinstance(x[0], dict):
        read = prompting.read(_emptied(x), model.tokenizer, model.config, add_generation_prompt=True, **ready)
    else:
        read = prompting.read(x, model.tokenizer, model.config, **ready)
    if not read.single:
        raise InputError("an atlas shows one prompt", "SoftTokenAtlas", "show the rows of a batch one by one")
    (row,) = read.rows
    sitting = Sitting(tuple(row), (len(row), len(row)), read.media, tuple(_in_order(sources, read.media)))
    more = _answer(model, sitting, answer)
    return replace(sitting, ids=(*row, *more), answer=(len(row), len(row) + len(more)))


_NAMES = {"images": "image", "video": "video", "audio": "audio"}


def _in_order(sources: list[tuple[str, Any]], read: tuple[Any, ...]) -> list[tuple[str, Any]]:
    waiting = {kind: iter([source for k, source in sources if k == kind]) for kind in media.KINDS}
    return [(medium.kind, next(waiting[medium.kind])) for medium in read]


def _at(model: Lab, kind: str, source: Any, budget: int | None) -> Any:
    """A medium as the model reads it, a picture at another budget if one is asked for."""
    if kind != "image" or budget is None or isinstance(source, ImagePatches):
        return prompting.read_medium(kind, source, model.config)
    return at_budget(model, source, budget)


def at_budget(model: Lab, source: Any, budget: int) -> ImagePatches:
    """A picture at another budget: the processor only. Raises: InputError for one that was read before, MediaError."""
    from g4lab.media import read_image

    if isinstance(source, ImagePatches):
        raise InputError("the original picture is not here", "SoftTokenAtlas", "give its path or its pixels")
    vision = model.config.vision
    return read_image(source, budget, pooling=vision.pooling, patch_size=vision.patch_size)


def _emptied(messages: Sequence[dict]) -> list[dict]:
    """The messages with empty places for their media, which are given beside them, read already."""
    kinds = {"image": "image", "image_url": "image", "audio": "audio", "input_audio": "audio", "video": "video"}
    done = []
    for message in messages:
        content = message.get("content")
        if isinstance(content, list | tuple):
            content = [
                {"type": kinds[part["type"]]} if isinstance(part, dict) and part.get("type") in kinds else part
                for part in content
            ]
        done.append({**message, "content": content})
    return done


def _answer(model: Lab, sitting: Sitting, answer: int | str) -> list[int]:
    """The answer's ids, at least one: where the model says nothing, the token that it would say next."""
    if isinstance(answer, str):
        ids = list(model.tokenizer.encode(answer))
        if not ids:
            raise InputError("the answer is empty", "SoftTokenAtlas", "give a text, or how many tokens to generate")
        return ids
    if not isinstance(answer, int) or isinstance(answer, bool) or answer < 1:
        raise InputError(f"answer is {answer!r}", "SoftTokenAtlas", "give a text, or how many tokens to generate")
    said = model.generate(list(sitting.ids), max_new_tokens=answer, temperature=0.0, **sitting.given())
    ids = list(model.tokenizer.encode(said))[:answer]
    return ids or [model.trace(list(sitting.ids), sites=(), **sitting.given()).next_token(1)[0].id]


def traced(model: Lab, sitting: Sitting) -> Trace:
    """The whole sequence with what attention and lens need."""
    return model.trace(list(sitting.ids), sites=SITES, **sitting.given())


def answered(model: Lab, sitting: Sitting, changed: dict[int, Any] | None = None) -> np.ndarray:
    """The log-probability of each of the answer's tokens. Shapes: -> float64 [A]. Units: nats."""
    surprisal = model.surprisal(list(sitting.ids), **sitting.given(changed))
    return -surprisal[slice(*sitting.answer)].astype(np.float64)


def without(sitting: Sitting, part: Part, boxes: Iterable[Box]) -> dict[int, Any]:
    """The medium of a part with boxes of it hidden, by its place among the media."""
    index = [i for i, medium in enumerate(sitting.media) if medium.kind == part.kind][part.number]
    medium = sitting.media[index]
    if part.kind == "image":
        return {index: _covered(medium, boxes)}
    frames = list(medium.frames)
    frames[part.frame] = _covered(frames[part.frame], boxes)
    return {index: replace(medium, frames=tuple(frames))}


def _covered(picture: ImagePatches, boxes: Iterable[Box]) -> ImagePatches:
    shape = {name: getattr(picture, name) for name in ("budget", "pooling", "patch_size", "notes")}
    return cut(hiding.hidden(picture.picture(), boxes), picture.original_size, **shape)


def hide_box(model: Lab, sitting: Sitting, before: np.ndarray, found: list[Part], index: int, box: Any) -> Hiding:
    """What the answer loses without a region, beside regions of its size elsewhere.

    Raises: InputError for no box, or a part that is a sound.
    """
    part = _pictured(found, index)
    (medium,) = without(sitting, part, ()).values()
    picture = medium if part.kind == "image" else medium.frames[part.frame]
    box = hiding.checked(box, *picture.size)
    nulls = [(other,) for other in hiding.elsewhere(box, *picture.size, picture.patch_size, DRAWS)]
    return _compared(model, sitting, before, "box", index, part, (box,), nulls)


def hide_tokens(
    model: Lab, sitting: Sitting, before: np.ndarray, found: list[Part], index: int, tokens: list[int], side: int
) -> Hiding:
    """What the answer loses without some soft tokens' pixels, beside as many random ones."""
    part = _pictured(found, index)
    nulls = [tuple(part.box(u, side) for u in drawn) for drawn in hiding.others(len(part), tokens, DRAWS)]
    return _compared(model, sitting, before, "attended", index, part, tuple(part.box(u, side) for u in tokens), nulls)


def _pictured(found: list[Part], index: Any) -> Part:
    if type(index) is not int or not 0 <= index < len(found):
        raise InputError(f"there is no part {index!r}", "SoftTokenAtlas", f"give a number from 0 to {len(found) - 1}")
    if found[index].kind == "audio":
        raise InputError(f"{found[index].name} has no pixels to hide", "SoftTokenAtlas", "choose a picture or a frame")
    return found[index]


def _compared(model, sitting, before, what, index, part, boxes, nulls) -> Hiding:
    after = answered(model, sitting, without(sitting, part, boxes))
    compared = [answered(model, sitting, without(sitting, part, null)) for null in nulls]
    stacked = np.stack(compared) if compared else np.zeros((0, len(before)))
    return Hiding(what, index, boxes, tuple(nulls), before, after, stacked)


@dataclass(frozen=True, eq=False)
class SoftLens:
    """What each soft token is read as after every layer, and what a shuffled one is read as.

    The null shuffles the coordinates of each stream: the same numbers, so the same length, in no order that means
    anything. Shapes: ids int, probability [L+1,U,k]; null [L+1,U], None where only a trace was given.
    """

    ids: np.ndarray
    probability: np.ndarray
    null: np.ndarray | None


def soft_lens(trace: Trace, model: Lab | None) -> SoftLens | None:
    """Read out the first `READ_OUT` soft tokens; without a model, what the trace carries, or None."""
    positions = media.soft_positions(trace)[:READ_OUT]
    if model is None:
        if "lens.ids" not in trace:
            return None
        lens = Lens.of(trace)
        k = min(TOP, lens.ids.shape[-1])
        return SoftLens(lens.ids[:, positions, :k], np.exp(lens.log_probabilities[:, positions, :k]), None)
    own = [name for name in trace.sites if name == "embedding" or name.endswith(".residual")]
    streams = {name: trace[name][positions].astype(np.float32) for name in own}
    rng = np.random.default_rng(0)
    shuffled = {name: rng.permuted(value, axis=-1) for name, value in streams.items()}
    tokens = tuple(trace.tokens[p] for p in positions)
    bare = replace(trace, tokens=tokens, sites=streams, segments=())
    lens = model.lens(bare, 0, k=TOP)
    null = model.lens(replace(bare, sites=shuffled), 0, k=1)
    return SoftLens(lens.ids, np.exp(lens.log_probabilities), np.exp(null.log_probabilities[:, :, 0]))
