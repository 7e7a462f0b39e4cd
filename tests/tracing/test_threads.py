"""Numpy's products keep to one thread inside the context, and are free again after it."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from g4lab.tracing import attention
from g4lab.tracing.attention import attention_pattern, visible_keys
from g4lab.tracing.threads import one_thread


def threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.fixture(autouse=True)
def two_threads():
    with threadpool_limits(2, user_api="blas"):
        yield


def test_one_thread_inside_and_two_after():
    assert threads() and set(threads()) == {2}
    with one_thread():
        assert set(threads()) == {1}
    assert set(threads()) == {2}


def test_free_again_after_an_error():
    with pytest.raises(ZeroDivisionError), one_thread():
        1 / 0  # noqa: B018
    assert set(threads()) == {2}


def test_patterns_are_made_on_one_thread(monkeypatch):
    seen = []
    softmax = attention.softmax_of_visible
    monkeypatch.setattr(attention, "one_thread", lambda: seen.append(True) or one_thread())
    monkeypatch.setattr(attention, "softmax_of_visible", lambda *a: seen.append(set(threads())) or softmax(*a))
    rows = np.random.default_rng(0).standard_normal((6, 4)).astype("float32")
    pattern = attention_pattern(rows, rows, visible_keys(6, None))
    assert seen == [True, {2}]
    np.testing.assert_allclose(pattern.sum(-1), 1, rtol=1e-6)
