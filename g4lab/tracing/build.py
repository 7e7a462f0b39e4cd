"""Put together a trace from what one run of a model recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from g4lab.config import TextConfig
from g4lab.models.plan import Layer
from g4lab.text.tokenizer import Tokenizer
from g4lab.tracing.trace import Segment, Token, Trace

CANDIDATES = 256
"""So many of the likeliest next tokens have their text in the trace."""


def build_trace(
    name: str,
    label: str,
    config: TextConfig,
    plan: Sequence[Layer],
    tokenizer: Tokenizer | None,
    ids: Sequence[int],
    sites: Mapping[str, np.ndarray],
) -> Trace:
    """A trace of `ids` with the recorded `sites` and what a reader needs to know about the model."""
    likeliest = np.argsort(-sites["next.logits"], kind="stable")[:CANDIDATES].tolist()
    return Trace(
        tokens=tuple(_token(id, tokenizer) for id in ids),
        segments=(*(() if tokenizer is None else _turns(ids, tokenizer)), *_media(ids, config)),
        pieces={id: tokenizer.pieces([id])[0] for id in likeliest if _has_text(id, tokenizer)},
        model={
            "name": name,
            "label": label,
            "plan": [asdict(layer) for layer in plan],
            "experts": config.experts,
            "chosen": config.chosen,
            "window": config.window,
            "bidirectional_images": config.bidirectional_images,
            **({"soft_token_pixels": config.vision.pooling * config.vision.patch_size} if config.vision else {}),
        },
        sites=sites,
    )


def _token(id: int, tokenizer: Tokenizer | None) -> Token:
    if not _has_text(id, tokenizer):
        return Token(id, f"#{id}")
    return Token(id, tokenizer.pieces([id])[0], tokenizer.kind(id))


def _media(ids: Sequence[int], config: TextConfig):
    """A segment for each unbroken run of placeholders of one kind: a picture, a frame of a film, a sound."""
    kinds = {getattr(config, f"{kind}_id"): kind for kind in ("image", "video", "audio")}
    start = 0
    while start < len(ids):
        end = start + 1
        while end < len(ids) and ids[end] == ids[start]:
            end += 1
        if ids[start] in kinds:
            yield Segment(kinds[ids[start]], start, end)
        start = end


def _has_text(id: int, tokenizer: Tokenizer | None) -> bool:
    # The tables of a network may have more rows than its tokenizer has pieces.
    return tokenizer is not None and id < tokenizer.vocab_size


def _turns(ids: Sequence[int], tokenizer: Tokenizer):
    """A segment for each turn, named after who speaks; an open turn reaches to the end."""
    opening, closing = tokenizer.control.get("<|turn>"), tokenizer.turn_end_id
    if opening is None:
        return
    starts = [i for i, id in enumerate(ids) if id == opening]
    for start in starts:
        end = next((i + 1 for i in range(start, len(ids)) if ids[i] == closing), len(ids))
        words = tokenizer.decode(id for id in ids[start + 1 : end] if _has_text(id, tokenizer))
        yield Segment(words.split("\n")[0], start, end)
