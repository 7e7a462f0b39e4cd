"""Observing and editing named values, on a made-up network of two sites."""

import threading

import numpy as np
import pytest
from keras import ops

from g4lab.errors import InputError
from g4lab.models.sites import Edit, Tap, add, observe, set_to, watching

X = np.arange(6, dtype=np.float32).reshape(1, 2, 3)


def toy(x):
    x = observe("layers.0.residual", x * 2)
    return observe("layers.1.residual", x + 1)


def test_nobody_watches():
    x = object()
    assert observe("layers.0.residual", x) is x


def test_recording_changes_nothing():
    with watching(Tap(record=["layers.*.residual"])) as tap:
        y = toy(X)
    np.testing.assert_array_equal(y, X * 2 + 1)
    assert list(tap.values) == ["layers.0.residual", "layers.1.residual"]
    np.testing.assert_array_equal(tap.values["layers.0.residual"], X * 2)


def test_a_pattern_selects():
    with watching(Tap(record=["layers.1.*"])) as tap:
        toy(X)
    assert list(tap.values) == ["layers.1.residual"]


def test_an_edit_acts_on_everything_after_it():
    with watching(Tap(record=["*"], edits=[("layers.0.residual", lambda x: x * 0)])) as tap:
        y = np.asarray(toy(X))
    np.testing.assert_array_equal(y, np.ones_like(X))
    # What is recorded is what the network went on with.
    np.testing.assert_array_equal(np.asarray(tap.values["layers.0.residual"]), np.zeros_like(X))


def test_edits_of_one_site_follow_one_another():
    edits = [("layers.0.*", lambda x: x + 1), ("layers.0.residual", lambda x: x * 10)]
    with watching(Tap(edits=edits)):
        np.testing.assert_array_equal(np.asarray(toy(X)), (X * 2 + 1) * 10 + 1)


def test_the_inner_tap_sees_and_the_outer_one_comes_back():
    with watching(Tap(record=["*"])) as outer:
        with watching(Tap(record=["*"])) as inner:
            observe("a", 1)
        observe("b", 2)
    assert (inner.values, outer.values) == ({"a": 1}, {"b": 2})


def test_a_tap_leaves_when_the_network_fails():
    with pytest.raises(ZeroDivisionError), watching(Tap(record=["*"])) as tap:
        raise ZeroDivisionError
    toy(X)
    assert tap.values == {}


def test_every_thread_has_its_own_tap():
    barrier, seen = threading.Barrier(4), {}

    def watch(i):
        with watching(Tap(record=["*"], edits=[("layers.0.residual", lambda x: x + i)])) as tap:
            barrier.wait()
            toy(X)
        seen[i] = np.asarray(tap.values["layers.0.residual"])

    threads = [threading.Thread(target=watch, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(seen[i], X * 2 + i) for i in range(4))
    assert observe("a", X) is X


def test_an_unknown_site_has_a_suggestion():
    with watching(Tap(record=["layers.0.residul"])) as tap:
        toy(X)
    with pytest.raises(InputError) as error:
        tap.check()
    assert 'no site is called "layers.0.residul"' in str(error.value)
    assert "did you mean layers.0.residual" in error.value.next
    assert "layers.1.residual" in error.value.where


def test_a_pattern_unlike_any_site_is_explained():
    with watching(Tap(edits=[("zzz", lambda x: x)])) as tap:
        toy(X)
    with pytest.raises(InputError, match="patterns look like"):
        tap.check()


def failing(x):
    raise ValueError("no such thing")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (failing, "the edit failed: ValueError: no such thing"),
        (lambda x: x[:, :1], r"changed the shape from \(1, 2, 3\) to \(1, 1, 3\)"),
        (lambda x: None, "the edit failed"),
    ],
)
def test_a_broken_edit_names_the_site(edit, message):
    with pytest.raises(InputError, match=message) as error, watching(Tap(edits=[("layers.1.*", edit)])):
        toy(X)
    assert "layers.1.residual" in error.value.where


def test_an_edit_may_explain_itself():
    def refuse(x):
        raise InputError("my own words")

    with pytest.raises(InputError, match="^my own words$"), watching(Tap(edits=[("*", refuse)])):
        toy(X)


def test_an_edit_keeps_the_dtype():
    x = ops.cast(X, "bfloat16")
    with watching(Tap(edits=[("*", lambda x: ops.cast(x, "float32") * 3)])):
        assert observe("a", x).dtype == x.dtype


def test_add_and_set():
    x = ops.convert_to_tensor(X)
    np.testing.assert_array_equal(np.asarray(add(x, np.float32(1))), X + 1)
    for value in (np.float32(7), np.full(3, 7.0), np.full((2, 3), 7.0), np.full((1, 2, 3), 7), np.full((2, 1), 7)):
        np.testing.assert_array_equal(np.asarray(set_to(x, value)), np.full_like(X, 7))


def test_fewer_positions_are_the_last_ones():
    padded = np.concatenate([np.full((1, 4, 3), -1, np.float32), X], axis=1)
    value = np.asarray([[10, 11, 12], [20, 21, 22]])
    for array in (value, value[None]):
        y = np.asarray(set_to(ops.convert_to_tensor(padded), array))
        np.testing.assert_array_equal(y[0, :4], padded[0, :4])
        np.testing.assert_array_equal(y[0, 4:], value)


def test_more_positions_than_there_are_are_refused():
    with pytest.raises(InputError, match="changed the shape"), watching(Tap(edits=[("a", lambda x: set_to(x, X))])):
        observe("a", ops.convert_to_tensor(X[:, :1]))


def test_operands_are_arrays():
    edit = Edit(add, 1.5, np.int64(3), [1, 2])
    assert [operand.shape for operand in edit.operands] == [(), (), (2,)]
    assert all(isinstance(operand, np.ndarray) for operand in edit.operands)
