"""Whether a trace file says of itself what Trace wrote: a hand may have changed it, and every view believes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

KINDS = ("text", "control", "image", "audio", "video")
PER_TOKEN = ("logits", "embedding", "final_norm.output")
HEADS = {"q": "heads", "heads": "heads", "k": "kv_heads", "v": "kv_heads"}


def problems(header: Mapping[str, Any], sites: Mapping[str, np.ndarray]) -> Iterator[str]:
    """What does not fit, in words; nothing for a header and arrays as `Trace.save` writes them."""
    yield from _tokens(header["tokens"])
    yield from _segments(header["segments"], len(header["tokens"]) if isinstance(header["tokens"], list) else 0)
    pieces = header["pieces"]
    if not isinstance(pieces, dict) or not all(id.isdecimal() and isinstance(text, str) for id, text in pieces.items()):
        yield "the pieces are not texts by id"
    wrong = list(_model(header["model"]))
    yield from wrong
    if not wrong and isinstance(header["tokens"], list):
        for name, array in sites.items():
            yield from _site(name, array, len(header["tokens"]), header["model"]["plan"])


def _tokens(tokens: Any) -> Iterator[str]:
    if not isinstance(tokens, list):
        yield "the tokens are not a list"
        return
    for index, token in enumerate(tokens):
        match token:
            case [int(), str(), str(kind)] if kind in KINDS:
                continue
        yield f"token {index} is {token!r}, not an id, a text and a kind"


def _segments(segments: Any, tokens: int) -> Iterator[str]:
    if not isinstance(segments, list):
        yield "the segments are not a list"
        return
    for segment in segments:
        match segment:
            case [str(), int(start), int(end)] if 0 <= start <= end <= tokens:
                continue
        yield f"the segment {segment!r} lies nowhere in {tokens} tokens"


def _model(model: Any) -> Iterator[str]:
    if not isinstance(model, dict) or not isinstance(model.get("plan"), list):
        yield "there is no plan of the model's layers"
        return
    yield from (f"the model has no {key}" for key in ("name", "label") if not isinstance(model.get(key), str))
    for index, row in enumerate(model["plan"]):
        match row:
            case {
                "index": int(i),
                "kind": "local" | "global",
                "window": None | int(),
                "heads": int(heads),
                "kv_heads": int(kv_heads),
                "owner": int(owner),
                "experts": int(),
                "chosen": int(),
            } if i == index and 0 <= owner <= index and heads >= kv_heads > 0 and heads % kv_heads == 0:
                continue
        yield f"row {index} of the plan describes no layer"


def _site(name: str, array: np.ndarray, tokens: int, plan: list[dict[str, Any]]) -> Iterator[str]:
    """Each row is a token's, each head's is a head, and an expert's number is one of an expert."""
    parts = name.split(".")
    if name not in PER_TOKEN and parts[0] != "layers":
        return
    if array.ndim == 0 or len(array) != tokens:
        yield f'site "{name}" has shape {list(array.shape)} for {tokens} tokens'
        return
    if parts[0] != "layers":
        return
    if len(parts) < 3 or not parts[1].isdecimal() or int(parts[1]) >= len(plan):
        yield f'site "{name}" is of no layer'
        return
    row, part = plan[int(parts[1])], parts[-1]
    wanted = None
    if parts[2] == "attention" and part in HEADS:
        wanted = row[HEADS[part]]
    elif parts[2] == "router" and part in ("logits", "probabilities"):
        wanted = row["experts"]
    elif part in ("experts", "weights") and parts[2] in ("router", "experts"):
        wanted = row["chosen"]
    if wanted is not None and (array.ndim < 2 or array.shape[1] != wanted):
        yield f'site "{name}" has shape {list(array.shape)}, and its layer {wanted} in the second axis'
    elif name.endswith("router.experts") and array.size and not 0 <= array.min() <= array.max() < row["experts"]:
        yield f'site "{name}" names an expert that layer {parts[1]} lacks'
