"""Borrowed keys and values: what they are, and that their owner gets the gradient of all who read them."""

import numpy as np
import pytest
from keras import StatelessScope, ops

from g4lab import runtime
from g4lab.models.plan import plan
from tests.backends.gradients import gradients
from tests.models.networks import SHARING, network, tokens

OWNED = ("key.kernel", "value.kernel", "key_norm.scale")


@pytest.fixture(scope="module")
def net():
    return network(SHARING.replace(key_is_value=False))


def test_borrowers_have_queries_only(net):
    names = net.named_variables()
    for row in plan(net.text):
        for name in OWNED:
            assert (f"layers.{row.index}.attention.{name}" in names) != row.borrows
        assert f"layers.{row.index}.attention.query.kernel" in names


def test_owners_get_the_gradient_of_all_readers(net):
    """Against differences of the loss along one direction per parameter: no sharing in that reckoning."""
    parameters = net.named_variables()
    names = [f"layers.{layer}.attention.{name}" for layer in (0, 1) for name in OWNED]
    variables = [parameters[name] for name in names]
    rng = np.random.default_rng(0)
    ids = ops.convert_to_tensor(tokens(2, 9))
    upstream = ops.convert_to_tensor(rng.standard_normal((2, 9, SHARING.vocab_size)), "float32")

    def loss(*values):
        with StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return ops.mean(net(ids) * upstream)

    values = [np.asarray(ops.convert_to_numpy(variable)) for variable in variables]
    directions = [rng.standard_normal(value.shape).astype("float32") for value in values]
    compiled, by_hand = runtime.compile(loss, net), []
    for i, direction in enumerate(directions):
        step = 1e-3 * np.linalg.norm(values[i]) / np.linalg.norm(direction)
        ends = []
        for sign in (1, -1):
            moved = [value + sign * step * direction if i == j else value for j, value in enumerate(values)]
            ends.append(float(compiled(*moved)))
        by_hand.append((ends[0] - ends[1]) / (2 * step))
    found = [(g * d).sum() for g, d in zip(gradients(loss, values), directions, strict=True)]
    np.testing.assert_allclose(found, by_hand, rtol=0.02, atol=0.01 * np.abs(by_hand).max())
