"""Sums and differences of two numbers: bare, in a chat, and with the worked thought that leads to the answer."""

import numpy as np

from .document import Document, draw
from .turns import closed, opened, thought

QUESTIONS = ("What is {} {} {}?", "Compute {} {} {}.", "{} {} {} = ?", "How much is {} {} {}?")


def write(rng: np.random.Generator, held_out: bool, difficulty: float) -> Document:
    """Write one exercise, or a line of bare ones; the operand pair and the sign decide the split."""
    form = rng.choice(["bare", "chat", "thought"], p=[0.4, 0.25, 0.35])
    if form == "bare":
        document = Document("arithmetic", "bare")
        for _ in range(4):
            a, sign, b = pair(rng, held_out)
            document.given(f"{a}{sign}{b}").add("=").answer(str(value(a, sign, b))).add("\n")
        return document
    a, sign, b = pair(rng, held_out)
    document = Document("arithmetic", form, about={"a": a, "sign": sign, "b": b, "value": value(a, sign, b)})
    question = str(rng.choice(QUESTIONS)).format(a, sign, b)
    opened(document, question, system="<|think|>\n" if form == "thought" else "")
    if form == "thought":
        thought(document, worked(a, sign, b))
    return closed(document.answer(str(value(a, sign, b))))


def pair(rng: np.random.Generator, held_out: bool) -> tuple[int, str, int]:
    """Draw two numbers below 100 and a sign; a difference never goes below zero."""
    sign = "+" if rng.random() < 0.7 else "-"

    def make() -> tuple[int, str, int]:
        low = 10 if rng.random() < 0.85 else 0
        a, b = (int(number) for number in rng.integers(low, 100, 2))
        return (max(a, b), sign, min(a, b)) if sign == "-" else (a, sign, b)

    return draw(make, held_out)


def value(a: int, sign: str, b: int) -> int:
    """Return the result."""
    return a + b if sign == "+" else a - b


def worked(a: int, sign: str, b: int) -> str:
    """Spell out the column method, ones before tens: `8+7=15, carry 1. 4+2+1=7.`"""
    (tens_a, ones_a), (tens_b, ones_b) = divmod(a, 10), divmod(b, 10)
    if sign == "+":
        carry = (ones_a + ones_b) // 10
        first = f"{ones_a}+{ones_b}={ones_a + ones_b}, carry {carry}."
        return f"{first} {tens_a}+{tens_b}+{carry}={tens_a + tens_b + carry}."
    borrow = int(ones_a < ones_b)
    ones = f"{ones_a + 10 * borrow}-{ones_b}={ones_a + 10 * borrow - ones_b}, borrow {borrow}."
    return f"{ones} {tens_a}-{borrow}-{tens_b}={tens_a - borrow - tens_b}."
