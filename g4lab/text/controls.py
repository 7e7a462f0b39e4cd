"""The control tokens of Gemma 4: marks that only a template or the model may write, never a user.

Source: google/gemma-4-E2B-it chat template (2026-07-09) and
ai.google.dev/gemma/docs/core/prompt-formatting-gemma4.
"""

from __future__ import annotations


class Control(str):
    """A control token written by a template; the same letters in an ordinary `str` are plain text."""

    __slots__ = ()


PAD = Control("<pad>")
EOS = Control("<eos>")
BOS = Control("<bos>")
UNKNOWN = Control("<unk>")
MASK = Control("<mask>")

TURN = Control("<|turn>")
TURN_END = Control("<turn|>")
THINK = Control("<|think|>")
CHANNEL = Control("<|channel>")
CHANNEL_END = Control("<channel|>")

TOOL = Control("<|tool>")
TOOL_END = Control("<tool|>")
TOOL_CALL = Control("<|tool_call>")
TOOL_CALL_END = Control("<tool_call|>")
TOOL_RESPONSE = Control("<|tool_response>")
TOOL_RESPONSE_END = Control("<tool_response|>")
QUOTE = Control('<|"|>')
"""Opens and closes every string in declarations, calls and responses."""

IMAGE_START = Control("<|image>")
IMAGE_END = Control("<image|>")
IMAGE = Control("<|image|>")
"""The place of one soft token of a picture; a template writes one for the whole picture."""
AUDIO_START = Control("<|audio>")
AUDIO_END = Control("<audio|>")
AUDIO = Control("<|audio|>")
VIDEO = Control("<|video|>")

ALL: tuple[Control, ...] = (
    PAD, EOS, BOS, UNKNOWN, MASK,
    TURN, TURN_END, THINK, CHANNEL, CHANNEL_END,
    TOOL, TOOL_END, TOOL_CALL, TOOL_CALL_END, TOOL_RESPONSE, TOOL_RESPONSE_END, QUOTE,
    IMAGE_START, IMAGE_END, IMAGE, AUDIO_START, AUDIO_END, AUDIO, VIDEO,
)  # fmt: skip
