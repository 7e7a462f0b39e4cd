"""Compiled functions under a tap: what is compiled, what is kept, and what stays as it was."""

import threading

import numpy as np
import pytest
from keras import backend, ops

from g4lab import runtime
from g4lab.errors import InputError
from g4lab.models import watched as watched_module
from g4lab.models.sites import Edit, add, observe
from g4lab.models.watched import Watched

X = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


class Toy:
    """A network of two sites that counts how often it is traced."""

    variables = ()

    def __init__(self):
        self.traced = 0
        self.text_variables = []

    def __call__(self, x):
        self.traced += 1
        return observe("b", observe("a", x * 2) + 1)


@pytest.fixture
def toy():
    return Toy()


@pytest.fixture
def watched(toy):
    return Watched(toy)


def result_of(watched, toy, x=X, **options):
    result, values = watched.run("toy", toy, x, **options)
    return np.asarray(result), {name: np.asarray(value) for name, value in values.items()}


compiled_only = pytest.mark.skipif(not runtime.compiles(), reason="this backend compiles nothing")


def test_watching_changes_no_result(watched, toy):
    plain, nothing = result_of(watched, toy)
    result, values = result_of(watched, toy, record=["*"])
    np.testing.assert_array_equal(plain, X * 2 + 1)
    np.testing.assert_array_equal(result, plain)
    assert nothing == {}
    np.testing.assert_array_equal(values["a"], X * 2)
    np.testing.assert_array_equal(values["b"], plain)


@compiled_only
def test_the_same_run_is_compiled_once(watched, toy):
    for x in (X, X + 1):
        result_of(watched, toy, x, record=["a"])
    assert toy.traced == 1
    result_of(watched, toy, record=["b"])
    result_of(watched, toy, X[:, :1], record=["b"])
    assert toy.traced == 3


@compiled_only
def test_other_operands_compile_nothing(watched, toy):
    for operand in (np.float32(1), np.float32(2), 3.0, -4.5, np.float64(5), np.asarray(6.0)):
        result, _ = result_of(watched, toy, edits=[("a", Edit(add, operand))])
        np.testing.assert_array_equal(result, X * 2 + operand + 1)
    # float32, and float64 where the backend has it
    assert toy.traced <= 2
    traced = toy.traced
    for operand in (np.ones(3, np.float32), np.zeros(3, np.float32)):
        result_of(watched, toy, edits=[("a", Edit(add, operand))])
    assert toy.traced == traced + 1


@compiled_only
def test_other_functions_are_compiled(watched, toy):
    for factor in (2, 3):
        result, _ = result_of(watched, toy, edits=[("a", Edit(lambda x, factor=factor: x * factor))])
        np.testing.assert_array_equal(result, X * 2 * factor + 1)
    assert toy.traced == 2


def test_operands_take_the_dtype_of_the_site(watched, toy):
    x = ops.cast(X, "bfloat16")
    seen = []

    def function(x, fraction, index):
        seen.extend(backend.standardize_dtype(array.dtype) for array in (x, fraction, index))
        return ops.take(x, index, axis=-1) + fraction

    order = np.asarray([2, 1, 0], np.int32)
    result, _ = watched.run("toy", toy, x, edits=[("a", Edit(function, np.full(3, 0.5), order))])
    np.testing.assert_array_equal(np.asarray(ops.cast(result, "float32")), (X * 2)[..., ::-1] + 1.5)
    assert seen == ["bfloat16", "bfloat16", "int32"]


def test_only_so_many_functions_are_kept(watched, toy, monkeypatch):
    monkeypatch.setattr(watched_module, "KEPT", 3)
    compiled = []
    monkeypatch.setattr(watched_module.runtime, "compile", lambda fn, network, donate: compiled.append(fn) or fn)
    record = [["a"], ["b"], ["a"], ["*"], ["a", "b"], ["a"], ["b"]]
    for names in record:
        result_of(watched, toy, record=names)
    assert len(watched._compiled) == 3
    # "a" was used last before the fourth came, so "b" was the one to go.
    assert len(compiled) == 5


def test_operands_are_not_kept(watched, toy):
    for i in range(3):
        result_of(watched, toy, edits=[("a", Edit(add, np.full(3, i)))])
    assert len(watched._compiled) == 1


def test_a_failed_run_leaves_nothing_behind(watched, toy):
    for _ in range(2):
        with pytest.raises(InputError, match='no site is called "c"'):
            result_of(watched, toy, record=["c"])
        with pytest.raises(InputError, match="the edit failed"):
            result_of(watched, toy, edits=[("a", Edit(lambda x: 1 / 0))])
    np.testing.assert_array_equal(result_of(watched, toy)[0], X * 2 + 1)


def test_threads_do_not_see_each_other(watched, toy):
    barrier, found = threading.Barrier(4), {}

    def run(i):
        barrier.wait()
        for _ in range(3):
            found[i] = result_of(watched, toy, record=["a"], edits=[("a", Edit(add, float(i)))] if i else [])

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(4):
        np.testing.assert_array_equal(found[i][1]["a"], X * 2 + i)
