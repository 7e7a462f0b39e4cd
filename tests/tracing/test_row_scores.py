"""Scores of rows of attention, on patterns small enough to work out by hand."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import row_scores as scores
from g4lab.tracing.attention import visible_keys
from g4lab.tracing.row_scores import SCORES, Rows, uniform_pattern

NAN = np.nan


def rows_of(ids, window=None, spans=()) -> Rows:
    return Rows(np.array(ids), visible_keys(len(ids), window, spans))


def one_hot(keys) -> np.ndarray:
    """Every query reads one key."""
    return np.eye(len(keys))[list(keys)]


# rows sum to 1, nothing after the diagonal
BY_HAND = np.array([[1, 0, 0, 0], [0.75, 0.25, 0, 0], [0.5, 0.25, 0.25, 0], [0.25, 0.25, 0.5, 0]])
INSIDE_TWO = np.array([[1, 0, 0, 0], [0.75, 0.25, 0, 0], [0, 0.75, 0.25, 0], [0, 0, 0.5, 0.5]])


@pytest.mark.parametrize(
    ("score", "ids", "expected"),
    [
        (scores.previous_token, [5, 6, 7, 8], [NAN, 0.75, 0.25, 0.5]),
        (scores.sink_mass, [5, 6, 7, 8], [NAN, 0.75, 0.5, 0.25]),
        (scores.oldest_key, [5, 6, 7, 8], [NAN, 0.75, 0.5, 0.25]),
        # copies: token 2 of 0, token 3 of 1; in the last case of 0 and 1 and 2
        (scores.duplicate_token, [5, 6, 5, 6], [NAN, NAN, 0.5, 0.25]),
        (scores.duplicate_token, [5, 5, 5, 5], [NAN, 0.75, 0.75, 1.0]),
        # what followed the copies, never the query itself
        (scores.induction, [5, 6, 5, 6], [NAN, NAN, 0.25, 0.5]),
        (scores.induction, [5, 5, 5, 5], [NAN, NAN, 0.25, 0.75]),
        (scores.mean_distance, [5, 6, 7, 8], [NAN, 0.75, 1.25, 1.75]),
        # 0.9 of the row: all of row 1 and 2, of row 3 too although its own key has nothing
        (scores.effective_window, [5, 6, 7, 8], [NAN, 2, 3, 4]),
    ],
)
def test_by_hand(score, ids, expected):
    np.testing.assert_allclose(score(BY_HAND, rows_of(ids)), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("score", "ids", "expected"),
    [
        (scores.previous_token, [5, 6, 7, 8], [NAN, 0.75, 0.75, 0.5]),
        # position 0 has left the window of rows 2 and 3: they have no answer, and do not count as 0
        (scores.sink_mass, [5, 6, 7, 8], [NAN, 0.75, NAN, NAN]),
        (scores.oldest_key, [5, 6, 7, 8], [NAN, 0.75, 0.75, 0.5]),
        (scores.duplicate_token, [5, 6, 5, 6], [NAN, NAN, NAN, NAN]),
        (scores.induction, [5, 6, 5, 6], [NAN, NAN, 0.75, 0.5]),
        (scores.mean_distance, [5, 6, 7, 8], [NAN, 0.75, 0.75, 0.5]),
        (scores.effective_window, [5, 6, 7, 8], [NAN, 2, 2, 2]),
    ],
)
def test_by_hand_inside_a_window_of_two(score, ids, expected):
    np.testing.assert_allclose(score(INSIDE_TWO, rows_of(ids, window=2)), expected, atol=1e-12)


def test_entropy_by_hand():
    # (3/4, 1/4) of two keys: 0.8113 bits of 1; (1/2, 1/4, 1/4) of three: 1.5 bits of log2 3
    expected = [NAN, 0.8112781, 1.5 / np.log2(3), 1.5 / 2]
    np.testing.assert_allclose(scores.entropy(BY_HAND, rows_of([5, 6, 7, 8])), expected, atol=1e-6)
    # the same rows inside a window count the keys that they may see
    found = scores.entropy(INSIDE_TWO, rows_of([5, 6, 7, 8], window=2))
    np.testing.assert_allclose(found, [NAN, 0.8112781, 0.8112781, 1], atol=1e-6)


@pytest.mark.parametrize("window", [None, 1, 2, 7, 40])
def test_the_null_of_a_uniform_head(window):
    rows = rows_of(range(30), window)
    uniform = uniform_pattern(rows.visible)
    np.testing.assert_allclose(uniform.sum(-1), 1)
    keys = np.minimum(np.arange(30) + 1, window or 30)
    asked = keys > 1
    for score, expected in [
        (scores.entropy, np.ones(30)),
        (scores.previous_token, 1 / keys),
        (scores.oldest_key, 1 / keys),
        (scores.mean_distance, (keys - 1) / 2),
        (scores.effective_window, np.ceil(0.9 * keys - 1e-9)),
    ]:
        np.testing.assert_allclose(score(uniform, rows), np.where(asked, expected, NAN), rtol=1e-12)


def test_perfect_heads_score_one():
    period = 5
    ids = [2, *range(10, 10 + period), *range(10, 10 + period)]
    length, rows = len(ids), rows_of(ids)
    induction = one_hot([0] * (period + 1) + [t - (period - 1) for t in range(period + 1, length)])
    duplicate = one_hot([0] * (period + 1) + [t - period for t in range(period + 1, length)])
    previous = one_hot([0, *range(length - 1)])
    for name, pattern in [("induction", induction), ("duplicate token", duplicate), ("previous token", previous)]:
        found = {other: np.nanmean(SCORES[other](pattern, rows)) for other in ("induction", "duplicate token")}
        assert np.nanmean(SCORES[name](pattern, rows)) == 1
        assert all(value == 0 for other, value in found.items() if other != name)
    # the period and the window: a copy P back is out of sight at W = P, what followed it is not
    local = rows_of(ids, window=period)
    assert np.isnan(scores.duplicate_token(duplicate, local)).all()
    np.testing.assert_array_equal(scores.induction(induction, local)[period + 1 :], np.ones(period))


def test_a_share_and_its_null():
    share, rows = scores.share_on(1, 3), rows_of([5, 6, 7, 8])
    np.testing.assert_allclose(share(BY_HAND, rows), [NAN, 0.25, 0.5, 0.75])
    np.testing.assert_allclose(share(uniform_pattern(rows.visible), rows), [NAN, 1 / 2, 2 / 3, 2 / 4])
    gone = scores.share_on(0, 1)(INSIDE_TWO, rows_of([5, 6, 7, 8], window=2))
    np.testing.assert_allclose(gone, [NAN, 0.75, NAN, NAN])
    with pytest.raises(InputError, match="holds no token"):
        scores.share_on(3, 3)


def test_a_picture_that_sees_itself_both_ways():
    rows = rows_of([5, 6, 7, 8], window=4, spans=[(1, 3)])
    assert rows.keys.tolist() == [1, 3, 3, 4]
    later = one_hot([0, 2, 2, 3])  # row 1 reads the key after it
    assert scores.mean_distance(later, rows)[1] == 1
    assert scores.effective_window(later, rows)[1] == 1
    assert np.isnan(scores.duplicate_token(later, rows_of([5, 6, 6, 8], window=4, spans=[(1, 3)]))[1])


def test_rows_of_float32_reach_the_mass():
    rows = rows_of(range(10))
    pattern = np.float32(uniform_pattern(rows.visible))
    assert scores.effective_window(pattern, rows)[9] == 9
