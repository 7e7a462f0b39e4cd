"""Held-out scores of a trained tiny model, and the goals that they are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from g4lab.training import exams, media_exams
from g4lab.training.corpus import tiny_world
from g4lab.training.specialisation import specialisation

QUESTIONS = 300

SEEN = (
    ("colour", "colour of a named shape in a picture", 0.95),
    ("shape", "shape of a named colour in a picture", 0.95),
    ("place", "left, right, above or below of another shape", 0.90),
    ("count", "number of shapes in a picture", None),
    ("caption", "two shapes and their places described, word for word", None),
    ("number", "printed three-digit number read exactly", 0.90),
    ("bar", "tallest or shortest bar of a chart named", 0.90),
    ("motion", "direction of a moving shape in a clip", 0.90),
)
"""What is asked about pictures and films: the kind of question, its name in the card, and the goal."""


@dataclass(frozen=True)
class Score:
    """One measured value and the least that the project wants of it; None where it set no goal."""

    name: str
    value: float
    goal: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the goal is reached (a score without a goal counts as met)."""
        return self.goal is None or self.value >= self.goal


def evaluate(lab, questions: int = QUESTIONS, tell: Callable[[Score], None] = lambda score: None) -> list[Score]:
    """Examine a model on documents that share no operand pair, name, function or sequence with its training.

    `tell` is called with each score as soon as it is known.
    """
    scores: list[Score] = []

    def add(*args) -> None:
        scores.append(Score(*args))
        tell(scores[-1])

    window, tokenizer = lab.config.window, lab.tokenizer
    count = f"{questions} questions"
    add("two-digit addition, `37+50=`", exams.ask(lab, exams.additions("bare", questions), 5), 0.95, count)
    add("two-digit addition, asked in a chat", exams.ask(lab, exams.additions("chat", questions), 5), None, count)
    thought = exams.additions("thought", questions)
    add("two-digit addition, with a worked thought", exams.ask(lab, thought, 48), None, count)
    asked = exams.registers(questions, window, tokenizer)
    add("entry of a list recalled from beyond the window", exams.ask(lab, asked, 4), 0.95, count)
    for form, name in (("note", "on a page"), ("talk", "in a chat")):
        asked = exams.recalls(form, questions, window, tokenizer)
        add(f"fact in a sentence recalled from beyond the window, {name}", exams.ask(lab, asked, 12), 0.95, count)
    reach = window - 1
    carried = reach * sum(kind == "local" for kind in lab.config.kinds)
    asked = exams.registers(questions, carried, tokenizer)
    note = f"{count}; more than {carried} tokens back"
    add("entry recalled from beyond what all local layers together can carry", exams.ask(lab, asked, 4), None, note)
    right, least = repetition(lab, questions)
    add("repeated random sequence continued after its first period", right, 0.90, f"{questions} sequences")
    add("the same, the worst quarter of the sequences by period", least, None, "the longest periods")
    add("Python functions that pass their hidden test", exams.ask(lab, exams.programs(questions), 64), 0.85, count)
    add("translations exact", exams.ask(lab, exams.exact("phrases", "chat", questions), 40), None, count)
    add("JSON objects exact", exams.ask(lab, exams.exact("tools", "record", questions), 64), None, count)
    add("tool calls exact", exams.ask(lab, exams.exact("tools", "call", questions), 24), None, count)
    if lab.config.vision:
        for kind, name, goal in SEEN:
            add(name, media_exams.share_right(lab, kind, questions), goal, count)
    if lab.config.audio:
        wrong = media_exams.word_errors(lab, questions)
        note = f"{count}; unseen settings of the voices; a word error rate of {wrong:.1%}"
        add("spoken digits heard right", 1 - wrong, 0.92, note)
    if not lab.config.experts:
        return scores
    found = specialisation(*routed(lab, max(10, questions // 5)), lab.config.experts)
    where = f"{found.domain} on expert {found.expert} of layer {found.layer}, {found.share:.1%} of its choices"
    band = f"{where}; 99 % of shuffles stay below {found.band:.2f}"
    add("a domain's strongest expert, times chance", found.ratio, max(2.0, found.band), band)
    add("least load of an expert, 1 is even", found.least_load, 0.25, f"the greatest is {found.most_load:.2f}")
    return scores


def repetition(lab, count: int) -> tuple[float, float]:
    """Share of tokens after the first period that are continued right: of all sequences, and of the longest periods."""
    rights, periods = [], []
    for place in range(count):
        document = tiny_world().document("repetition", 0, 1_000_000 + place, "held-out")
        once = document.text[: document.answers[0][0]]
        ids = [lab.tokenizer.bos_id, *lab.tokenizer.encode(document.text)][:256]
        period = len(lab.tokenizer.encode(once))
        said = lab.logits(ids)[0].argmax(-1)
        rights.append(float(np.mean(said[period:-1] == np.array(ids[period + 1 :]))))
        periods.append(period)
    longest = np.array(periods) >= np.quantile(periods, 0.75)
    return float(np.mean(rights)), float(np.mean(np.array(rights)[longest]))


def routed(lab, documents: int) -> tuple[list[np.ndarray], list[str]]:
    """The experts chosen for held-out documents of every domain. Shapes: each int [L,T,C]."""
    choices, domains = [], []
    for domain in tiny_world().DOMAINS:
        for place in range(documents):
            text = tiny_world().document(domain, 0, 2_000_000 + place, "held-out").text
            ids = [lab.tokenizer.bos_id, *lab.tokenizer.encode(text, control=True)][:256]
            trace = lab.trace(ids, sites=["layers.*.router.experts"])
            choices.append(np.stack([trace[f"layers.{layer}.router.experts"] for layer in range(lab.config.layers)]))
            domains.append(domain)
    return choices, domains
