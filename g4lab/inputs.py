"""What a user may give a model to read: a text, a conversation, or token ids; one of them or a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from g4lab.config import PRESETS, TextConfig
from g4lab.errors import InputError
from g4lab.text.chat import encode_chat
from g4lab.text.tokenizer import Tokenizer

FORMS = "give a text, a list of texts, a list of messages, or token ids [T] or [B,T]"


def read(x: Any, tokenizer: Tokenizer | None, config: TextConfig, **chat: Any) -> tuple[list[list[int]], bool]:
    """The rows of token ids that `x` stands for, and whether it stands for one row rather than for a batch.

    A text begins with <bos>, as every sequence that Gemma was trained on; what looks like a control token in it
    stays text. `chat` goes to `text.render` when `x` is a conversation.

    Raises: InputError when `x` is none of the forms, is empty, or holds ids outside the vocabulary.
    """
    if isinstance(x, str):
        return [_text(x, tokenizer)], True
    if isinstance(x, Sequence) and x and all(isinstance(part, str) for part in x):
        return [_text(part, tokenizer) for part in x], False
    if isinstance(x, Sequence) and x and all(isinstance(part, Mapping) for part in x):
        return [encode_chat(required(tokenizer), x, size=template_of(config), **chat)], True
    return _ids(x, config)


def template_of(config: TextConfig) -> str:
    """The released size whose chat template a model follows: its own, or E2B's if it has none of their shapes."""
    same = (
        name for name, released in PRESETS.items() if (released.width, released.kinds) == (config.width, config.kinds)
    )
    return next(same, "e2b")


def _text(text: str, tokenizer: Tokenizer | None) -> list[int]:
    tokenizer = required(tokenizer)
    return [tokenizer.bos_id, *tokenizer.encode(text)]


def required(tokenizer: Tokenizer | None) -> Tokenizer:
    """The tokenizer, or an InputError that says that there is none."""
    if tokenizer is None:
        raise InputError(
            "this checkpoint came without a tokenizer, so it cannot read text",
            "the model's directory",
            "give token ids, or put the checkpoint's tokenizer.json beside its config.json and load it again",
        )
    return tokenizer


def _ids(x: Any, config: TextConfig) -> tuple[list[list[int]], bool]:
    try:
        array = np.asarray(x)
    except ValueError:  # rows of unequal length
        array = None
    if array is None or array.dtype.kind not in "iu" or array.ndim not in (1, 2) or array.size == 0:
        rows = x if isinstance(x, Sequence) and x and all(isinstance(row, Sequence) and row for row in x) else None
        if rows is None or not all(_is_id(id) for row in rows for id in row):
            raise InputError(f"cannot read {_described(x)}", "the model's input", FORMS)
        array = None
    found = [list(map(int, row)) for row in (rows if array is None else np.atleast_2d(array))]
    outside = [id for row in found for id in row if not 0 <= id < config.vocab_size]
    if outside:
        raise InputError(
            f"token id {outside[0]} is outside the vocabulary of {config.vocab_size}",
            "the model's input",
            f"give ids from 0 to {config.vocab_size - 1}",
        )
    return found, array is not None and array.ndim == 1


def _is_id(x: Any) -> bool:
    return isinstance(x, int | np.integer) and not isinstance(x, bool)


def _described(x: Any) -> str:
    shape = getattr(x, "shape", None)
    return f"a {type(x).__name__}" + (f" of shape {tuple(shape)}" if shape is not None else f" ({str(x)[:60]!r})")
