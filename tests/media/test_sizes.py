"""How many soft tokens a picture becomes: published numbers, and the extremes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.media.sizes import BUDGETS, fitted


def tokens(height, width, budget):
    rows, columns = fitted(height, width, budget)
    return rows // 48 * (columns // 48)


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (800, 800, (64, 121, 256, 529, 1089)),
        (900, 1600, (66, 120, 264, 527, 1100)),
        (900, 1200, (63, 130, 266, 540, 1064)),
    ],
)
def test_the_published_numbers(height, width, expected):
    assert tuple(tokens(height, width, budget) for budget in BUDGETS) == expected


def test_a_square_becomes_the_published_number_of_pixels():
    assert [fitted(800, 800, budget)[0] for budget in BUDGETS] == [384, 528, 768, 1104, 1584]


def test_strips_are_one_soft_token_wide_and_as_long_as_the_budget():
    assert fitted(1, 5000, 280) == (48, 280 * 48)
    assert fitted(5000, 1, 70) == (70 * 48, 48)
    assert fitted(1, 100, 280) == (48, 167 * 48)


def test_one_soft_token_is_possible():
    assert fitted(50, 50, 1) == (48, 48)
    assert fitted(7, 9, 1, pooling=1, patch_size=4) == (4, 4)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 1200), st.integers(1, 4), st.integers(1, 20))
def test_the_budget_holds_and_sides_are_whole_soft_tokens(height, width, budget, pooling, patch_size):
    side = pooling * patch_size
    rows, columns = fitted(height, width, budget, pooling, patch_size)
    assert rows % side == columns % side == 0
    assert 1 <= rows // side * (columns // side) <= budget
    assert (rows <= columns) == (height <= width) or abs(rows - columns) <= side


@pytest.mark.parametrize("wrong", [0, -1, 2.0, True, None])
def test_what_is_no_positive_integer_is_refused(wrong):
    with pytest.raises(InputError, match="budget is"):
        fitted(10, 10, wrong)
