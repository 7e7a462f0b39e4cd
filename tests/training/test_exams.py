"""The exams and the measures: right answers pass, wrong ones do not."""

import numpy as np

from g4lab.training import exams
from g4lab.training.corpus import tiny_world
from g4lab.training.sandbox import passes
from g4lab.training.specialisation import specialisation
from tests.training.test_vocabulary import TOKENIZER


def test_additions_are_held_out_and_judged():
    for form, wrap in (("bare", "{}\n"), ("chat", "{}"), ("thought", "<|channel>thought\n7.\n<channel|>{}")):
        for question in exams.additions(form, 20):
            a, b = (int(part) for part in question.prompt.split("What is ")[-1].split("?")[0].rstrip("=").split("+"))
            assert tiny_world().is_held_out(a, "+", b)
            assert question.right(wrap.format(a + b)) and not question.right(wrap.format(a + b + 1))


def test_recalls_ask_from_beyond_the_window_and_know_the_answer():
    for form in ("note", "talk"):
        for question in exams.recalls(form, 10, 32, TOKENIZER):
            tail = question.prompt.split("\n")[-3 if form == "talk" else -1]
            name = tail.split(" ")[0].split("?")[0]
            fact = next(line for line in question.prompt.split("\n") if line.startswith(name) and line.endswith("."))
            answer = fact if form == "talk" else fact.split(" ", 2)[2]
            assert question.right(f" {answer}\n") and not question.right(" nothing.\n")
            between = question.prompt[question.prompt.index(fact) + len(fact) :]
            assert len(TOKENIZER.encode(between, control=True)) > 32


def test_registers_ask_for_an_entry_that_was_told():
    for question in exams.registers(10, 32, TOKENIZER):
        told, *_, again = question.prompt.split("\n")
        entries = dict(entry.split() for entry in told.removeprefix("Remember: ").rstrip(",").split(", "))
        word = entries[again.split()[-1]]
        assert question.right(f" {word}, kel") and not question.right(" nothing,")


def test_programs_pass_by_running():
    question = exams.programs(1)[0]
    assert not question.right("def f(x):\n    return x")


def test_the_sandbox_stops_what_hangs_forks_or_writes(tmp_path):
    assert passes("def f(x):\n    return x", "assert f(1) == 1")
    assert not passes("while True: pass", "")
    assert not passes(f"with open({str(tmp_path / 'x')!r}, 'w') as file: file.write('a' * 10)", "")
    assert (tmp_path / "x").read_text() == ""
    assert not passes("x = 'a' * 2**30", "")


def test_specialisation_finds_a_planted_preference_and_no_other():
    rng = np.random.default_rng(0)
    domains = ["a"] * 20 + ["b"] * 20
    even = [rng.integers(8, size=(2, 50, 2)) for _ in domains]
    found = specialisation(even, domains, 8)
    assert found.ratio < 2 and found.least_load > 0.5
    for choice in even[:20]:
        choice[1, :25] = 3
    found = specialisation(even, domains, 8)
    assert (found.domain, found.layer, found.expert) == ("a", 1, 3) and found.ratio > max(2, found.band)
