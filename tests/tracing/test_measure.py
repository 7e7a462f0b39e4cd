"""What a metric returns: a value beside its null, or too small a sample."""

import numpy as np
import pytest

from g4lab.tracing.binomial import binomial_bands
from g4lab.tracing.measure import Measure, Null, null_of_draws
from g4lab.tracing.routing import chance_band


def test_too_few_tokens_is_no_number():
    measure = Measure("MaxVio", sample=12, needed=72)
    assert (measure.enough, measure.value, measure.null, measure.beyond) == (False, None, None, None)
    assert str(measure) == "MaxVio: too few tokens for a claim (12; it needs at least 72)"


@pytest.mark.parametrize(("value", "beyond"), [(0.1, -1), (0.2, 0), (0.5, 0), (0.51, 1), (np.nan, 0)])
def test_beyond_the_band(value, beyond):
    assert Measure("x", 9, 1, value, Null(0.3, "by hand", 0.2, 0.5)).beyond == beyond


def test_beyond_of_many_entries_and_without_a_band():
    measure = Measure("x", 9, 1, np.array([0.0, 0.3, 1.0, np.nan]), Null(0.3, "by hand", 0.2, 0.5))
    assert measure.beyond.tolist() == [-1, 0, 1, 0]
    assert Measure("x", 9, 1, 3.0, Null(0.3, "one number")).beyond is None


def test_words_name_value_null_convention_and_sample():
    measure = Measure("CV", 90, 72, 0.25, Null(0.2, "random routing", 0.1, 0.3), convention="load sums to 2", even=0.0)
    assert str(measure) == (
        "CV: 0.25; null 0.2 (99% within 0.1 to 0.3): random routing; "
        "a router without preference gives 0; load sums to 2; 90 tokens"
    )
    many = Measure("load", 90, 72, np.array([0.5, np.nan, 0.25]), Null(0.5, "even", -np.inf, 0.75))
    assert str(many) == "load: 2 numbers from 0.25 to 0.5; null 0.5 (99% up to 0.75): even; 90 tokens"


def test_the_null_of_draws_by_hand():
    null = null_of_draws(np.arange(101.0), "counting", level=0.9)
    assert (null.expected, null.low, null.high, null.level) == pytest.approx((50, 5, 95, 0.9))


def test_entries_share_one_band_that_holds_all():
    draws = np.stack([np.arange(101.0), np.arange(101.0) + 1000], axis=1)
    null = null_of_draws(draws, "two entries", level=0.9, expected=7)
    assert (null.expected, null.low, null.high) == pytest.approx((7, 5, 1095))


def test_binomial_bands_are_those_of_the_load():
    for n, count, chosen in [(3, 2, 1), (100, 32, 2), (1000, 128, 8)]:
        low, high = binomial_bands(n, np.array([chosen / count, 0.5]), 0.99, at_once=count)
        assert (low[0], high[0]) == chance_band(n, count, chosen, 0.99, at_once=count)
    # three fair coins: 1 of 8 have no head
    assert [bound[0] for bound in binomial_bands(3, np.array([0.5]), 0.74)] == [1, 2]
    assert [bound.tolist() for bound in binomial_bands(4, np.array([0.0, 1.0]), 0.99)] == [[0, 4], [0, 4]]
