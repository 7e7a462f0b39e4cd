"""Gemma 4's turn format, written out: `<|turn>role`, a newline, the text, `<turn|>`."""

from .document import Document


def opened(document: Document, user: str, system: str = "") -> Document:
    """Begin a chat: an optional system turn, the user's turn, and the opening of the model's turn."""
    if system:
        document.add(f"<|turn>system\n{system}<turn|>\n")
    return document.add("<|turn>user\n").given(user).add("<turn|>\n<|turn>model\n")


def asked(document: Document, user: str) -> Document:
    """Close the model's turn, ask again, and open the model's next turn."""
    return document.add("<turn|>\n<|turn>user\n").given(user).add("<turn|>\n<|turn>model\n")


def thought(document: Document, text: str) -> Document:
    """Write the model's thought before its answer."""
    return document.add("<|channel>thought\n").answer(text).add("\n<channel|>")


def closed(document: Document) -> Document:
    """End the model's turn."""
    return document.answer("<turn|>").add("\n")
