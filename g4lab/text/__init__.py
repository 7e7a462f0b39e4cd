"""Text in and out: the tokenizer, and the turns of a conversation."""

from g4lab.text.chat import encode_chat, render
from g4lab.text.parse import Reply, ToolCall, Usage, parse
from g4lab.text.stream import Detokenizer
from g4lab.text.tokenizer import Tokenizer

__all__ = ["Detokenizer", "Reply", "Tokenizer", "ToolCall", "Usage", "encode_chat", "parse", "render"]
