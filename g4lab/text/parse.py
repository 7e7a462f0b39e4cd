"""What a model wrote, taken apart: its thought, its words, its tool calls.

Models make mistakes, so nothing here raises: what does not fit is named in `Reply.problems`.
Source: google/gemma-4-E2B-it chat template (2026-07-09).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from g4lab.text import controls

_MARK = re.compile("|".join(re.escape(name) for name in sorted(controls.ALL, key=len, reverse=True)))
_ENDS = (controls.TURN_END, controls.EOS, controls.TOOL_RESPONSE)
_MODEL_TURN = f"{controls.TURN}model\n"
_DEEPEST = 64


@dataclass(frozen=True)
class ToolCall:
    """A tool that the model wants called."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Usage:
    """How many tokens went in and came out."""

    prompt_tokens: int
    generated_tokens: int


@dataclass(frozen=True)
class Reply:
    """One turn of the model: `thought` is empty when it did not think, `usage` is filled in by who ran it."""

    text: str
    thought: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    problems: tuple[str, ...] = ()


def parse(reply: str) -> Reply:
    """Take apart the text that a model wrote after the generation prompt, control tokens written out.

    The text may begin inside a thought, as it does when the prompt opened one.
    """
    text: list[str] = []
    thoughts: list[str] = []
    calls: list[ToolCall] = []
    problems: list[str] = []
    at = len(_MODEL_TURN) if reply.startswith(_MODEL_TURN) else 0
    while mark := _MARK.search(reply, at):
        text.append(reply[at : mark.start()])
        at = mark.end()
        if mark[0] == controls.CHANNEL:
            thought, at = _thought(reply, at, problems)
            thoughts.append(thought)
        elif mark[0] == controls.CHANNEL_END and not thoughts and not calls:
            thoughts.append("".join(text).strip())
            text.clear()
        elif mark[0] == controls.TOOL_CALL:
            call, at = _call(reply, at, problems)
            calls += [call] if call else []
        elif mark[0] in _ENDS:
            if rest := reply[at:].replace(controls.PAD, "").strip():
                problems.append(f"after the end of the turn, {mark[0]}, comes {_excerpt(rest)}")
            at = len(reply)
        else:
            problems.append(f"{mark[0]} has no place here")
            text.append(mark[0])
    text.append(reply[at:])
    thought = "\n".join(filter(None, thoughts))
    return Reply("".join(text).strip(), thought, tuple(calls), problems=tuple(problems))


def _thought(reply: str, at: int, problems: list[str]) -> tuple[str, int]:
    """The thought that begins at `at`, and where it ends."""
    body, closed, _ = reply[at:].partition(controls.CHANNEL_END)
    if not closed:
        problems.append("the thought is not closed")
    channel, newline, thought = body.partition("\n")
    if channel != "thought" or not newline:
        problems.append(f"the channel does not begin with 'thought' and a newline but with {_excerpt(body)}")
        thought = body
    return thought.strip(), at + len(body) + len(closed)


def _call(reply: str, at: int, problems: list[str]) -> tuple[ToolCall | None, int]:
    """The tool call that begins at `at`, if it can be read, and where it ends."""
    reader = _Reader(reply, at)
    try:
        call = reader.call()
    except ValueError as error:
        body, closed, _ = reply[at:].partition(controls.TOOL_CALL_END)
        problems.append(f"the tool call {_excerpt(body)} cannot be read: {error}")
        return None, at + len(body) + len(closed)
    return call, reader.at


class _Reader:
    """Reads JSON with bare keys and `<|"|>` for quotes from a place in a text. Raises: ValueError."""

    def __init__(self, text: str, at: int):
        self.text = text
        self.at = at
        self._json = json.JSONDecoder(parse_constant=self._not_json)

    def call(self) -> ToolCall:
        self._expect("call:")
        name = self._until("{").strip()
        arguments = self._fields(depth=0)
        self._expect(controls.TOOL_CALL_END)
        return ToolCall(name, arguments)

    def _value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} levels deep")
        if self._take(controls.QUOTE):
            string = self._until(controls.QUOTE)
            self._expect(controls.QUOTE)
            return string
        if self._peek("{"):
            return self._fields(depth)
        if self._take("["):
            values = []
            while not self._take("]"):
                if values:
                    self._expect(",")
                values.append(self._value(depth + 1))
            return values
        value, self.at = self._json.raw_decode(self.text, self.at)
        return value

    def _fields(self, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        self._expect("{")
        while not self._take("}"):
            if fields:
                self._expect(",")
            key = self._key()
            self._expect(":")
            fields[key] = self._value(depth + 1)
        return fields

    def _key(self) -> str:
        if self._take(controls.QUOTE):
            key = self._until(controls.QUOTE)
            self._expect(controls.QUOTE)
            return key
        return self._until(":").strip().strip('"')

    def _peek(self, mark: str) -> bool:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1
        return self.text.startswith(mark, self.at)

    def _take(self, mark: str) -> bool:
        found = self._peek(mark)
        self.at += len(mark) if found else 0
        return found

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError(f"{mark} expected at {_excerpt(self.text[self.at :])}")

    def _until(self, mark: str) -> str:
        end = self.text.find(mark, self.at)
        if end < 0:
            raise ValueError(f"{mark} expected somewhere after {_excerpt(self.text[self.at :])}")
        found, self.at = self.text[self.at : end], end
        return found

    def _not_json(self, constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…") if text else "the end"
