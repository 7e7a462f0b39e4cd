"""The held-out exams: what is asked, and what counts as right. Every answer is greedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from g4lab.training.corpus import tiny_world
from g4lab.training.sandbox import passes


@dataclass(frozen=True)
class Question:
    """A prompt with control tokens written out, and a judge of what the model writes after it."""

    prompt: str
    right: Callable[[str], bool]


def ask(lab, questions: list[Question], tokens: int, batch: int = 50) -> float:
    """Share of right answers, each of at most `tokens` tokens."""
    return float(np.mean(verdicts(lab, questions, tokens, batch)))


def verdicts(lab, questions: list[Question], tokens: int, batch: int = 50) -> list[bool]:
    """Right or wrong, question by question."""
    found = []
    for start in range(0, len(questions), batch):
        part = questions[start : start + batch]
        rows = [[lab.tokenizer.bos_id, *lab.tokenizer.encode(question.prompt, control=True)] for question in part]
        texts = lab.generate(rows, max_new_tokens=tokens, temperature=0.0)
        found += [question.right(text) for question, text in zip(part, texts, strict=True)]
    return found


def additions(form: str, count: int) -> list[Question]:
    """Sums of two two-digit numbers that no training document holds, in one of the corpus' three forms."""
    world = tiny_world()
    pairs = [(a, b) for a in range(10, 100) for b in range(10, 100) if world.is_held_out(a, "+", b)]
    order = np.random.default_rng(0).permutation(len(pairs))[:count]
    return [_addition(form, *pairs[place]) for place in order]


def _addition(form: str, a: int, b: int) -> Question:
    total = str(a + b)
    if form == "bare":
        return Question(f"{a}+{b}=", lambda text: text.split("\n")[0] == total)
    system = "<|turn>system\n<|think|>\n<turn|>\n" if form == "thought" else ""
    prompt = f"{system}<|turn>user\nWhat is {a} + {b}?<turn|>\n<|turn>model\n"
    return Question(prompt, lambda text: text.split("<channel|>")[-1].strip() == total)


def recalls(form: str, count: int, farther_than: int, tokenizer) -> list[Question]:
    """One question about one fact a document, the fact's end more than so many tokens before the answer."""
    found = (_recall(document, farther_than, tokenizer) for document in _held_out("recall", form))
    return list(islice((question for question in found if question), count))


def _recall(document, farther_than: int, tokenizer) -> Question | None:
    facts, before = document.about["facts"], document.about["before"]
    prompt = _prompt(document)
    # A note's last line names what is asked for; in a chat the user's last line does.
    asked = prompt.split("\n")[-3 if document.kind == "talk" else -1]
    name = next(name for name in facts if asked.startswith(name))
    fact = f"{before.format(name)}{facts[name]}."
    between = prompt[prompt.index(fact) + len(fact) :]
    if len(tokenizer.encode(between, control=True)) <= farther_than:
        return None
    wanted = fact if document.kind == "talk" else f"{facts[name]}."
    return Question(prompt, lambda text: text.split("\n")[0].strip() == wanted)


def registers(count: int, farther_than: int, tokenizer) -> list[Question]:
    """One entry of a list asked for, more than so many tokens after its end."""
    found = (_register(document, farther_than, tokenizer) for document in _held_out("register"))
    return list(islice((question for question in found if question), count))


def _register(document, farther_than: int, tokenizer) -> Question | None:
    prompt = _prompt(document)
    name = prompt.rsplit(" ", 1)[1]
    word = document.about["words"][name]
    entry = f" {name} {word},"
    between = prompt[prompt.index(entry) + len(entry) :]
    if len(tokenizer.encode(between, control=True)) <= farther_than:
        return None
    return Question(prompt, lambda text: text.split(",")[0].strip() == word)


def programs(count: int) -> list[Question]:
    """Requests for a function, judged by running it."""
    test = tiny_world().functions.hidden_test
    return [
        Question(_prompt(document), lambda text, about=document.about: passes(text, test(about)))
        for document in islice(_held_out("functions"), count)
    ]


def exact(domain: str, form: str, count: int) -> list[Question]:
    """Chats of a domain whose answer must be the corpus' own, letter for letter."""
    return [_exact(document) for document in islice(_held_out(domain, form), count)]


def _exact(document) -> Question:
    start, end = document.answers[0]
    answer = document.text[start:end].strip()
    return Question(_prompt(document), lambda text: text.strip() == answer)


def _held_out(domain: str, kind: str | None = None) -> Iterator:
    """Held-out documents of a domain, none of which the log's probes have read."""
    index = 1_000_000
    while True:
        document = tiny_world().document(domain, 0, index, "held-out")
        index += 1
        if kind in (None, document.kind):
            yield document


def _prompt(document) -> str:
    return document.text[: document.answers[0][0]]
