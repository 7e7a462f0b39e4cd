"""What a view lets a model read, checked before the model is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from g4lab.errors import InputError

if TYPE_CHECKING:
    from g4lab.lab import Lab

MOST_TOKENS = 8_192
"""Twice the 4,096 beyond which no view draws every position."""
LONGEST = 4 * MOST_TOKENS
"""Characters of a prompt, at four a token."""


def readable(prompt: Any, view: str) -> Any:
    """The prompt: a text, messages or token ids. Raises: InputError for nothing, an empty text, or one too long."""
    if prompt is None:
        raise InputError("there is nothing to read", view, f'give a model and a prompt: {view}(model, "The red ball")')
    if isinstance(prompt, str) and not prompt.strip():
        raise InputError("the prompt is empty", view, "type some words for the model to read")
    return short_enough(prompt, view)


def short_enough(prompt: Any, view: str) -> Any:
    """The prompt, whatever it is; the model itself checks the rest. Raises: InputError for one too long to draw."""
    if isinstance(prompt, str):
        size, unit, most = len(prompt), "characters", LONGEST
    elif isinstance(prompt, Sequence) and prompt and all(isinstance(part, Mapping) for part in prompt):
        size, unit, most = sum(len(str(part.get("content", ""))) for part in prompt), "characters", LONGEST
    else:
        size, unit, most = len(prompt) if hasattr(prompt, "__len__") else 0, "tokens", MOST_TOKENS
    if size > most:
        advice = f"shorten it to {most:,} {unit}" + (f", about {MOST_TOKENS:,} tokens" if unit == "characters" else "")
        raise InputError(f"the prompt has {size:,} {unit}", view, advice)
    return prompt


def shown(prompt: Any) -> str | None:
    """What stands in the prompt box: the text, or nothing where ids were given."""
    return prompt if isinstance(prompt, str) else None


def required_model(model: Lab | None, view: str) -> Lab:
    """The model. Raises: InputError for a view of what is only a recording."""
    if model is None:
        raise InputError(
            "this view shows a recorded trace and has no model to run",
            view,
            f"give it a model and a prompt: {view}(model, prompt)",
        )
    return model
