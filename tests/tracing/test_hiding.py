"""What is hidden, where else, and what the words make of it: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import hiding
from g4lab.tracing.hiding import Hiding
from g4lab.tracing.media import overlap


def test_a_box_gets_the_mean_colour_and_the_rest_stays():
    pixels = np.zeros((2, 4, 3), np.uint8)
    pixels[:, 2:] = (200, 100, 7)
    assert hiding.mean_colour(pixels).tolist() == [100, 50, 4], "3.5 rounds to the even 4"
    done = hiding.hidden(pixels, [(0, 0, 1, 2), (3, 1, 4, 2)])
    assert done[:, 0].tolist() == [[100, 50, 4]] * 2 and done[1, 3].tolist() == [100, 50, 4]
    assert done[0, 3].tolist() == [200, 100, 7] and done[0, 1].tolist() == [0, 0, 0]
    assert pixels[0, 0].tolist() == [0, 0, 0], "the picture itself is left alone"


@pytest.mark.parametrize(
    "box", [(0, 0, 0, 5), (5, 0, 4, 5), (-1, 0, 4, 5), (0, 0, 11, 5), (0, 0, 5, 7), (0, 0, 1.5, 2)]
)
def test_a_box_that_is_none(box):
    with pytest.raises(InputError):
        hiding.checked(box, 6, 10)
    assert hiding.checked([0, 0, 10, 6], 6, 10) == (0, 0, 10, 6)


def test_other_boxes_have_the_size_and_share_no_pixel():
    box = (16, 16, 48, 32)
    found = hiding.elsewhere(box, 96, 96, 16, 50)
    assert len(found) == len(set(found)) == 30 - 3, "5 x 6 places, 3 of which share pixels with it"
    assert all((b[2] - b[0], b[3] - b[1]) == (32, 16) and not overlap(b, box) for b in found)
    assert hiding.elsewhere(box, 96, 96, 16, 3) == found[:3] != hiding.elsewhere(box, 96, 96, 16, 3, seed=1)


def test_a_box_without_room_beside_it():
    assert hiding.elsewhere((0, 0, 64, 64), 64, 80, 16, 5) == [(16, 0, 80, 64)]
    assert hiding.elsewhere((0, 0, 80, 64), 64, 80, 16, 5) == []


def test_random_tokens_are_others_where_there_are_enough():
    for drawn in hiding.others(9, [0, 4], 20):
        assert len(set(drawn)) == 2 and not {0, 4} & set(drawn)
    assert all(len(set(drawn)) == 3 for drawn in hiding.others(4, [0, 1, 2], 5))


def made(after, nulls, what="box") -> Hiding:
    return Hiding(what, 0, (), (), np.array([-0.1, -0.2]), np.array(after), np.array(nulls).reshape(-1, 2))


def test_what_is_lost_and_what_that_says():
    strong = made([-2.1, -0.4], [[-0.2, -0.2], [-0.1, -0.5]])
    assert strong.lost == pytest.approx(2.2) and strong.lost_elsewhere == pytest.approx([0.1, 0.3])
    assert "by -2.2 nats when the region is hidden, by -0.2 with a region" in strong.verdict()
    assert strong.verdict().endswith("it loses more than anywhere else that was tried.")
    weak = made([-0.2, -0.3], [[-0.2, -0.2], [-0.1, -0.5]], "attended")
    assert "as many random ones (mean of 2, -0.3 to -0.1)" in weak.verdict()
    assert "does not show that the answer comes from there" in weak.verdict()
    assert "no other place" in made([-1.0, -1.0], []).verdict()
    gained = made([-0.05, -0.05], [[-0.04, -0.04]])
    assert "does not show" in gained.verdict(), "an answer that gains rests on nothing there"
