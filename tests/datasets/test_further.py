"""Further questions about a medium have the answers that the drawing gives."""

import re

import numpy as np
import pytest

from g4lab.training.corpus import tiny_world

SCENES = ("colour", "shape", "place", "count", "caption")


def asked(kind, count=60):
    for index in range(count):
        record = tiny_world().seen(kind, 0, index)
        for question, answer in tiny_world().further(record, np.random.default_rng(index)):
            yield record, question, answer


@pytest.mark.parametrize("kind", SCENES)
def test_answers_of_scenes_are_those_of_the_things(kind):
    kinds_of_answer = set()
    for record, question, answer in asked(kind):
        things = record.about["things"]
        named = [one for one in things if re.search(rf"\b{one['shape']}\b", question)]
        if answer.isdigit():
            assert int(answer) == len(things)
            kinds_of_answer.add("count")
        elif answer in ("left", "right", "above", "below"):
            one, other = sorted(named, key=lambda one: question.index(one["shape"]))
            axis, sign = ("x", 1) if answer in ("left", "right") else ("y", 1)
            first = one[axis] * sign < other[axis] * sign
            assert first == (answer in ("left", "above"))
            assert ("left" in question.lower()) == (axis == "x")
            kinds_of_answer.add("place")
        elif len(named) == 1:
            assert named[0]["colour"] == answer
            kinds_of_answer.add("colour")
        else:
            (one,) = (one for one in things if re.search(rf"\b{one['colour']}\b", question))
            assert one["shape"] == answer
            kinds_of_answer.add("shape")
    assert kinds_of_answer == {"count", "place", "colour", "shape"}


def test_the_other_end_of_a_chart():
    seen = 0
    for record, question, answer in asked("bar"):
        heights = {one["label"]: one["bottom"] - one["top"] for one in record.about["bars"]}
        best = max if "tallest" in question else min
        assert answer == best(heights, key=heights.get) and record.about["asked"] not in question
        seen += 1
    assert seen > 10


def test_at_most_four_and_none_where_there_is_one_thing_to_ask():
    assert (
        max(len(tiny_world().further(tiny_world().seen("colour", 0, i), np.random.default_rng(0))) for i in range(30))
        == 4
    )
    assert tiny_world().further(tiny_world().seen("number", 0, 0), np.random.default_rng(0)) == []
