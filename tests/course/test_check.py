"""What `check` does with functions that stop, never end, spoil their arguments, or are no functions."""

import time

import pytest

from g4lab.course import calling, check, hint, solution
from g4lab.errors import InputError


def test_an_error_is_a_verdict_with_the_learners_own_line():
    def merge(pieces, pair):
        return pieces[0] + pair[len(pieces)]

    verdict = check(merge)
    assert verdict.state == "error"
    assert "IndexError" in verdict.message and "return pieces[0] + pair[len(pieces)]" in verdict.message


def test_an_error_inside_numpy_names_the_learners_line_not_numpys():
    def causal(length):
        import numpy as np

        return np.reshape(np.arange(length), (length, length))

    verdict = check(causal)
    assert verdict.state == "error" and "np.reshape(np.arange(length)" in verdict.message


def test_other_arguments_than_asked_for():
    def rope(x):
        return x

    verdict = check(rope)
    assert verdict.state == "error" and "rope(x, position, theta)" in verdict.message


def test_a_loop_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr(calling.limited, "__wrapped__", calling.limited.__wrapped__)
    monkeypatch.setattr("g4lab.course.checking.limited", lambda: calling.limited(0.2))

    def encode(text, ranks):
        while True:
            text = text or text

    start = time.monotonic()
    verdict = check(encode)
    assert time.monotonic() - start < 3
    assert verdict.state == "error" and "never ends" in verdict.message


def test_arguments_that_are_changed_in_place_spoil_nothing():
    def merge(pieces, pair):
        joined = []
        while pieces:
            found = tuple(pieces[:2]) == pair
            joined.append(pieces.pop(0) + (pieces.pop(0) if found else ""))
        return joined

    assert check(merge) and check(merge)


@pytest.mark.parametrize("answer", ["a text", 7, [[1, 2], [3]], {"a": 1}, object()])
def test_an_answer_of_another_kind_is_a_verdict(answer):
    for name in ("merge", "table_parameters", "rope", "causal", "owners", "route", "unused_by_chance"):

        def given(*arguments):
            return answer

        given.__name__ = name
        assert check(given).state == "wrong"


def test_not_implemented_is_not_started():
    def rope(x, position, theta):
        raise NotImplementedError

    assert check(rope).state == "not started"


def test_a_constant_answer_has_been_started():
    def count_control(ids, control):
        return 3

    assert check(count_control).state == "wrong"


def test_an_unknown_name_says_which_there_are():
    def ropes(x, position, theta):
        return x

    with pytest.raises(InputError, match="did you mean rope"):
        check(ropes)
    with pytest.raises(InputError, match="without calling it"):
        check(3)


def test_hints_go_on_to_the_solution():
    assert 'hint("rope", 2)' in hint("rope")
    assert 'solution("rope")' in hint("rope", 3)
    with pytest.raises(InputError, match="no hint 4"):
        hint("rope", 4)
    html = hint("count_control")._repr_html_()
    assert html.startswith("<div role='status'") and "<code>control</code>" in html and "`" not in html
    assert repr(solution("rope")).startswith("def rope(x, position, theta):")


def test_a_verdict_is_text_and_html_and_escapes_what_it_quotes():
    def merge(pieces, pair):
        raise ValueError("<img src=x onerror=alert(1)>")

    verdict = check(merge)
    html = verdict._repr_html_()
    assert "<img" not in html and "&lt;img" in html
    assert "role='status'" in html and "it stopped" in html
    assert 'hint("merge")' in repr(verdict)
