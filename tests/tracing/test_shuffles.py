"""Shuffles that respect documents, and how many of them there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.tracing import shuffles

LENGTHS = st.lists(st.integers(1, 6), min_size=1, max_size=4)


@given(LENGTHS, st.integers(0, 9))
def test_a_rotation_turns_each_document_in_itself(lengths, seed):
    (turned,) = shuffles.rotations(lengths, 1, seed)
    start = 0
    for length in lengths:
        piece = turned[start : start + length] - start
        assert piece.tolist() == [(piece[0] + i) % length for i in range(length)]
        start += length


@given(LENGTHS, st.integers(0, 9))
def test_an_order_keeps_documents_together(lengths, seed):
    (order,) = shuffles.orders(lengths, 1, seed)
    start = 0
    for length in lengths:
        assert sorted(order[start : start + length]) == list(range(start, start + length))
        start += length


def test_every_rotation_and_order_comes_up():
    assert {tuple(turned) for turned in shuffles.rotations([2, 3], 200, 0)} == {
        (*two, *three) for two in ((0, 1), (1, 0)) for three in ((2, 3, 4), (3, 4, 2), (4, 2, 3))
    }
    assert len({tuple(order) for order in shuffles.orders([2, 3], 200, 0)}) == 12


def test_a_seed_gives_the_same_draws():
    one, same, other = (np.array(list(shuffles.rotations([50, 50], 5, seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_counts_by_hand():
    assert shuffles.count_rotations([2, 3]) == 6
    assert shuffles.count_orders([2, 3]) == 12
    # two of one kind and one of another: the odd one can be any of three
    assert shuffles.count_dealings(["a", "a", "b"]) == 3
    # four into two pairs: 4!/(2!2!) = 6, and exchanging the names changes nothing
    assert shuffles.count_dealings(["a", "b", "a", "b"]) == 3
    assert shuffles.count_dealings(["a", "b", "c"]) == 1
    assert shuffles.arrangements_needed(0.99) == 200
    assert shuffles.arrangements_needed(0.99, tails=1) == 100


def test_documents_end_to_end():
    one, two, lengths = shuffles.joined_pair([[1, 2], [3]], [[4, 5], [6]], "two runs")
    assert (one.tolist(), two.tolist(), lengths) == ([1, 2, 3], [4, 5, 6], [2, 1])
    with pytest.raises(InputError, match="differ in length"):
        shuffles.joined_pair([[1, 2], [3]], [[1], [2, 3]], "two runs")
    for nothing in ([], [[]]):
        with pytest.raises(InputError, match="no tokens"):
            shuffles.joined(nothing, "one run")
