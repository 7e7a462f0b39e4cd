"""Edits of routers by hand: off, force, swap, and nothing at all."""

import numpy as np
import pytest
from keras import ops

from g4lab.models.rerouting import LEAD, OFF, Reroute, edits
from g4lab.runtime import to_numpy

LOGITS = np.asarray([[[1.0, 4.0, 2.0, 3.0], [0.0, -1.0, 5.0, -2.0]]], np.float32)


def after(*changes, layer=1):
    made = edits(changes, layers=[0, 1, 2], experts=4)
    assert list(made) == [f"layers.{i}.router.logits" for i in range(3)]
    edit = made[f"layers.{layer}.router.logits"]
    return to_numpy(edit.fn(*map(ops.convert_to_tensor, (LOGITS, *edit.operands))))


@pytest.mark.parametrize("changes", [(), (Reroute("off", 0, 1),)])
def test_a_layer_without_changes_is_left_as_it_is(changes):
    np.testing.assert_array_equal(after(*changes), LOGITS)


def test_off():
    logits = after(Reroute("off", 1, 1), Reroute("off", 1, 2))
    assert (logits[..., 1:3] < OFF / 2).all()
    np.testing.assert_array_equal(logits[..., [0, 3]], LOGITS[..., [0, 3]])


def test_force():
    logits = after(Reroute("force", 1, 0))
    np.testing.assert_allclose(logits[0, :, 0], [4 + LEAD, 5 + LEAD], rtol=1e-6)
    np.testing.assert_array_equal(logits[..., 1:], LOGITS[..., 1:])


def test_swap():
    np.testing.assert_array_equal(after(Reroute("swap", 1, 0, 3)), LOGITS[..., [3, 1, 2, 0]])


def test_all_at_once():
    """Experts change places first, then one goes off, then one leads those that are left."""
    logits = after(Reroute("swap", 1, 0, 1), Reroute("off", 1, 0), Reroute("force", 1, 2))
    np.testing.assert_allclose(logits[0, 0, [1, 2, 3]], [1, 3 + LEAD, 3], rtol=1e-6)
    assert logits[0, 0, 0] < OFF / 2


def test_every_layer_has_the_same_function():
    made = edits([Reroute("off", 0, 1)], layers=range(3), experts=4)
    assert len({edit.fn for edit in made.values()}) == 1
