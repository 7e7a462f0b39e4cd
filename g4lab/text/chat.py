"""Conversations as Gemma 4 reads them: turns, the thinking switch, tools.

The text that `render` returns is what the published chat templates give, byte for byte. For a model use
`encode_chat`: in a rendered string a user's `<turn|>` looks like the template's own, in ids it does not.

Source: the chat templates of google/gemma-4-E2B-it and google/gemma-4-31B-it (2026-07-09).
Differs: `model` and `developer` are the same roles as `assistant` and `system` wherever they stand; a tool
message may hold a dict; and what those templates drop or leave half open (a tool message without a call, an
unknown kind of content, a declaration without a type) is an InputError.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from g4lab.errors import InputError
from g4lab.text import tools as tool_turns
from g4lab.text.controls import BOS, CHANNEL, CHANNEL_END, THINK, TOOL_RESPONSE, TURN, TURN_END, Control
from g4lab.text.messages import Message, read
from g4lab.text.slots import Medium, expand_parts
from g4lab.text.tokenizer import Tokenizer

# Whether the template of a size writes an empty thought when thinking is off.
_EMPTY_THOUGHT = {
    "e2b": False,
    "e4b": False,
    "26b-a4b": True,
    "31b": True,
    "tiny-e": False,
    "tiny-moe": False,
}


def render(
    messages: Iterable[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] = (),
    thinking: bool = False,
    add_generation_prompt: bool = True,
    size: str = "e2b-it",
) -> str:
    """A conversation as one string, up to where the model goes on.

    Args:
        messages: dicts with a `role` (system, developer, user, model, assistant, tool) and a `content`: a
            str, or a list of text, image, audio and video parts. The model's may have `reasoning` and
            `tool_calls`.
        tools: what the model may call, as {"type": "function", "function": {name, description, parameters}}.
        thinking: whether the model is asked to think first.
        add_generation_prompt: whether to open the model's turn.
        size: whose template to follow: a preset's name, with or without `-it`.

    Raises: InputError for messages or tools that cannot be written.
    """
    return "".join(_conversation(messages, tools, thinking, add_generation_prompt, size))


def encode_chat(
    tokenizer: Tokenizer,
    messages: Iterable[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] = (),
    thinking: bool = False,
    add_generation_prompt: bool = True,
    size: str = "e2b-it",
    media: Sequence[Medium] | None = None,
) -> list[int]:
    """The ids of a conversation, in which only the template's control tokens are control tokens.

    Everything between two of them is encoded in one go, the template's words ("user\\n") together with the
    user's, so that pieces form across that seam as they do in the whole string. For messages without control
    tokens written out in them the ids are therefore exactly `tokenizer.encode(render(...), control=True)`.

    Args: as in `render`, and
        media: what `g4lab.media` read, for the places in the messages, in their order; each place becomes as many
            tokens as its medium has soft tokens. Without it each place stays one token.
    Shapes: -> [T].
    Raises: InputError as `render` does, or when the vocabulary lacks a control token; MediaError for more places than
        media, or the other way round.
    """
    ids: list[int] = []
    parts = _conversation(messages, tools, thinking, add_generation_prompt, size)
    if media is not None:
        parts = expand_parts(parts, media)
    for is_control, group in groupby(parts, key=lambda part: isinstance(part, Control)):
        stretch = list(group)
        if is_control:
            ids += [tokenizer.control_id(name) for name in stretch]
        else:
            ids += tokenizer.encode("".join(stretch))
    return ids


def _conversation(
    messages: Iterable[Mapping],
    tools: Sequence[Mapping],
    thinking: bool,
    add_generation_prompt: bool,
    size: str,
) -> Iterator[str]:
    """The conversation as strings: `Control` ones from the template, all others plain text."""
    empty_thought = _empty_thought(size)
    turns = read(messages)
    yield BOS
    has_system = bool(turns) and turns[0].role == "system"
    if has_system or thinking or tools:
        yield from (TURN, "system\n")
        if thinking:
            yield from (THINK, "\n")
        if has_system:
            yield from turns.pop(0).content
        for index, tool in enumerate(tools):
            yield from tool_turns.declaration(tool, f"tools[{index}]")
        yield from (TURN_END, "\n")
    last_user = max((index for index, turn in enumerate(turns) if turn.role == "user"), default=-1)
    for index, turn in enumerate(turns):
        before = turns[index - 1] if index else None
        after = turns[index + 1] if index + 1 < len(turns) else None
        yield from _turn(turn, before, after, show_thought=index > last_user)
    if add_generation_prompt:
        yield from _generation_prompt(turns[-1] if turns else None, thinking, empty_thought)


def _turn(turn: Message, before: Message | None, after: Message | None, show_thought: bool) -> Iterator[str]:
    """One message; the model's messages in a row share one turn."""
    if not (_is_model(turn) and _is_model(before)):
        yield from (TURN, f"{turn.role}\n")
    if turn.thought and show_thought:
        yield from (CHANNEL, f"thought\n{turn.thought}\n", CHANNEL_END)
    for made in turn.calls:
        yield from tool_turns.call(made)
    for answer in turn.responses:
        yield from tool_turns.response(answer)
    yield from turn.content
    if turn.calls and not turn.responses:
        yield TOOL_RESPONSE  # the model has stopped here, waiting for the tool
    elif not (_is_model(turn) and _is_model(after)) and (turn.has_content or after or not turn.responses):
        yield from (TURN_END, "\n")


def _generation_prompt(last: Message | None, thinking: bool, empty_thought: bool) -> Iterator[str]:
    """Where the model goes on: in a turn of its own, or in the one that it left for a tool."""
    if last is None or not (last.calls or last.responses):
        yield from (TURN, "model\n")
        if empty_thought and not thinking:
            yield from (CHANNEL, "thought\n", CHANNEL_END)
    elif last.responses and thinking:
        yield from (CHANNEL, "thought\n")


def _is_model(turn: Message | None) -> bool:
    return turn is not None and turn.role == "model"


def _empty_thought(size: str) -> bool:
    name = size.removesuffix("-it")
    if name not in _EMPTY_THOUGHT:
        known = ", ".join(_EMPTY_THOUGHT)
        raise InputError(f"no chat template is known for size {size!r}", next=f"use one of {known}")
    return _EMPTY_THOUGHT[name]
