"""From the dicts that a user gives to checked messages whose contents are ready to be written.

A content is a tuple of strings: plain ones are the user's words, `Control` ones are places for media.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from g4lab.errors import InputError
from g4lab.text import controls

_ROLES = {"system": "system", "developer": "system", "user": "user", "model": "model", "assistant": "model"}
_MEDIA = {
    "image": controls.IMAGE,
    "image_url": controls.IMAGE,
    "audio": controls.AUDIO,
    "input_audio": controls.AUDIO,
    "video": controls.VIDEO,
}
_ANSWERS_NOTHING = "a tool message answers no call"
_AFTER_THE_CALL = "put it right after the message that has the tool_calls"


@dataclass(frozen=True)
class Call:
    """A tool call that the model made."""

    name: str
    arguments: Mapping[str, Any]
    id: object = None


@dataclass(frozen=True)
class Response:
    """What a tool answered: any JSON value, and places for the media that came with it."""

    name: str
    value: Any
    media: tuple[controls.Control, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message; tool responses belong to the message that called the tools."""

    role: Literal["system", "user", "model"]
    content: tuple[str, ...] = ()
    thought: str = ""
    calls: tuple[Call, ...] = ()
    responses: tuple[Response, ...] = ()

    @property
    def has_content(self) -> bool:
        """Whether anything but white space is in the content."""
        return bool("".join(self.content).strip())


def read(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Check messages and gather each tool response into the message that asked for it.

    Raises: InputError that names the message by its index.
    """
    if isinstance(messages, str | Mapping):
        raise InputError(
            f"messages is a {type(messages).__name__}",
            next='give a list such as [{"role": "user", "content": "Hi"}]',
        )
    messages = list(messages)
    done: list[Message] = []
    index = 0
    while index < len(messages):
        start, index = index, index + 1
        while index < len(messages) and _role(messages, index) == "tool":
            index += 1
        done.append(_message(messages, start, range(start + 1, index)))
    return done


def _message(messages: Sequence[Mapping], index: int, answers: range) -> Message:
    """The message at `index`, with the tool messages that follow it."""
    given, where, name = messages[index], f"messages[{index}]", _role(messages, index)
    if name == "tool":
        raise InputError(_ANSWERS_NOTHING, where, _AFTER_THE_CALL)
    if name not in _ROLES:
        raise InputError(f"the role is {name!r}", where, f"use one of {', '.join(_ROLES)}, tool")
    role = _ROLES[name]
    thought = given.get("reasoning") or given.get("reasoning_content") or ""
    if not isinstance(thought, str):
        raise InputError(f"the reasoning is a {type(thought).__name__}", where, "give a str")
    calls = tuple(_call(call, where) for call in given.get("tool_calls") or ())
    responses = tuple(_native(answer, where) for answer in given.get("tool_responses") or ())
    if role != "model" and (thought or calls or responses):
        raise InputError(f"a {name} message thinks or calls tools", where, "only the model's messages can")
    if answers and (responses or not calls):
        raise InputError(_ANSWERS_NOTHING, f"messages[{answers[0]}]", _AFTER_THE_CALL)
    responses += tuple(_answer(messages[i], calls, f"messages[{i}]") for i in answers)
    return Message(role, _content(given.get("content"), role, index, where), thought, calls, responses)


def _role(messages: Sequence[Mapping], index: int) -> str:
    if not isinstance(messages[index], Mapping) or not isinstance(messages[index].get("role"), str):
        where = f"messages[{index}]"
        raise InputError("a message is no dict with a role", where, 'give {"role": ..., "content": ...}')
    return messages[index]["role"]


def _content(content: Any, role: str, index: int, where: str) -> tuple[str, ...]:
    clean = _strip_thoughts if role == "model" else str.strip
    if content is None:
        return ()
    if isinstance(content, str):
        return (clean(content),)
    parts = _parts(content, where)
    if role == "system" and index == 0:
        # differs: the published template puts a space behind each part of the first system message.
        if any(isinstance(part, controls.Control) for part in parts):
            raise InputError("the first system message holds media", where, "put media into user messages")
        return tuple(part.strip() + " " for part in parts)
    return tuple(part if isinstance(part, controls.Control) else clean(part) for part in parts)


def _parts(content: Any, where: str) -> list[str]:
    """The parts of a content list: its texts as they are, and a place for each picture, sound or clip."""
    parts: list[str] = []
    for part in content if isinstance(content, list | tuple) else [content]:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text" and isinstance(part.get("text"), str):
            parts.append(f"{part['text']}")
        elif isinstance(kind, str) and kind in _MEDIA:
            parts.append(_MEDIA[kind])
        else:
            raise InputError(
                f"the content holds {part!r:.80}",
                where,
                'give a str, or a list of {"type": "text", "text": ...} and of parts with a type among '
                + ", ".join(_MEDIA),
            )
    return parts


def _strip_thoughts(text: str) -> str:
    """What the model said without what it thought: earlier thoughts are not shown to it again."""
    return "".join(part.split(controls.CHANNEL)[0] for part in text.split(controls.CHANNEL_END)).strip()


def _call(given: Any, where: str) -> Call:
    function = given.get("function") if isinstance(given, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InputError(
            "a tool call has no function name", where, 'give {"function": {"name": ..., "arguments": {...}}}'
        )
    arguments = function.get("arguments")
    if not isinstance(arguments, Mapping | None):
        raise InputError(
            f"the arguments are a {type(arguments).__name__}", where, "give a dict: json.loads a str first"
        )
    return Call(function["name"], arguments or {}, given.get("id"))


def _native(given: Any, where: str) -> Response:
    """A response in Gemma's own form, on the message that made the call."""
    if not isinstance(given, Mapping) or "response" not in given or not isinstance(given.get("name"), str):
        raise InputError(f"a tool response is {given!r:.80}", where, 'give {"name": ..., "response": ...}')
    return Response(given["name"], given["response"])


def _answer(given: Mapping, calls: tuple[Call, ...], where: str) -> Response:
    """A `tool` message: its call is the one with its tool_call_id, or the only one without an id."""
    asked = given.get("tool_call_id")
    fits = [call.name for call in calls if call.id == asked]
    if len(fits) > 1:
        raise InputError(
            "it is not clear which call this tool message answers",
            where,
            "give each call its own id and the tool message that id as tool_call_id",
        )
    name = fits[0] if fits else given.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(f"no call has the id {asked!r}", where, "give the tool_call_id of a call, or the tool's name")
    content = given.get("content")
    if not isinstance(content, list | tuple):
        return Response(name, content)
    parts = _parts(content, where)
    text = "".join(part for part in parts if not isinstance(part, controls.Control))
    return Response(name, text, tuple(part for part in parts if isinstance(part, controls.Control)))
