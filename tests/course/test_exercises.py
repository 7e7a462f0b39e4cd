"""Every exercise: a right answer passes, a stub is not started, and each known mistake is called by its name."""

import importlib

import pytest

from g4lab.course import check
from g4lab.course.catalogue import CHAPTERS, chapter

EXERCISES = [exercise for name in CHAPTERS for exercise in chapter(name)]
MUTANTS = [(exercise, mutant) for exercise in EXERCISES for mutant in exercise.mutants]


def named(function, name):
    """The function under the name that the learner would give it."""

    def answer(*arguments):
        return function(*arguments)

    answer.__name__ = name
    return answer


@pytest.fixture(params=EXERCISES, ids=[exercise.name for exercise in EXERCISES])
def exercise(request):
    return request.param


def test_a_right_answer_passes(exercise):
    verdict = check(exercise.solution)
    assert verdict, verdict
    assert verdict.state == "passed" and verdict.misconception is None


def test_an_untouched_stub_is_not_started(exercise):
    def stub(*arguments):
        """What to write."""
        ...

    stub.__name__ = exercise.name
    verdict = check(stub)
    assert not verdict and verdict.state == "not started"
    assert exercise.call in verdict.message


def test_an_answer_that_returns_nothing_is_asked_for_its_return(exercise):
    def forgotten(*arguments):
        exercise.solution(*arguments)

    forgotten.__name__ = exercise.name
    verdict = check(forgotten)
    assert verdict.state == "wrong" and "`return`" in verdict.message


@pytest.mark.parametrize(("exercise", "mutant"), MUTANTS, ids=[f"{e.name}-{m.wrong.__name__}" for e, m in MUTANTS])
def test_a_wrong_answer_is_told_what_is_wrong_with_it(exercise, mutant):
    verdict = check(named(mutant.wrong, exercise.name))
    assert verdict.state == "wrong", verdict
    assert verdict.step == mutant.fails
    assert verdict.misconception == mutant.says
    assert verdict.message and mutant.says in repr(verdict)


def test_there_are_enough_wrong_answers_and_no_two_are_said_alike(exercise):
    said = [mutant.says for mutant in exercise.mutants]
    assert len(said) >= 3
    assert len(set(said)) == len(said)


def test_it_asks_for_what_always_holds_and_for_numbers(exercise):
    assert exercise.invariants
    assert exercise.values or len(exercise.invariants) > 1
    assert len(exercise.hints) == 3
    names = [step.name for step in exercise.steps]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_two_to_four_exercises_of_at_most_ten_lines(name):
    solutions = importlib.import_module(f"g4lab.course.{name}.solutions")
    assert 2 <= len(chapter(name)) <= 4
    for exercise in chapter(name):
        assert exercise.solution is getattr(solutions, exercise.name)
        lines = __import__("inspect").getsource(exercise.solution).splitlines()
        body = lines[2:]  # without the signature and the sentence
        assert len(body) <= 10, exercise.name


def test_no_two_exercises_share_a_name():
    names = [exercise.name for exercise in EXERCISES]
    assert len(set(names)) == len(names)
