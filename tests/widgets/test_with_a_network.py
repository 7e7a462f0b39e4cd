"""RoutingExplorer on the trained tiny-moe: the changes reach the network."""

import numpy as np
import pytest

import g4lab
from g4lab.widgets import RoutingExplorer

pytestmark = pytest.mark.slow

PROMPT = "def turn(x):\n    return x"


@pytest.fixture(scope="module")
def explorer():
    return RoutingExplorer(g4lab.load("tiny-moe"), PROMPT)


@pytest.fixture(autouse=True)
def fresh(explorer):
    explorer.reset()


def test_switching_off(explorer):
    expert = int(explorer.before.routing(2).experts[-1, 0])
    explorer.switch_off(2, expert)
    before, after = explorer.before, explorer.after
    assert expert not in after.routing(2).experts
    # layers below are as they were, this one differs in one expert, layers above see another input
    np.testing.assert_array_equal(after.routing(1).logits, before.routing(1).logits)
    others = np.arange(before.model["experts"]) != expert
    np.testing.assert_allclose(after.routing(2).logits[:, others], before.routing(2).logits[:, others], atol=1e-4)
    assert np.abs(after.routing(3).logits - before.routing(3).logits).max() > 1e-3
    assert explorer.content(True)[0]["next"]["change"] != 0


def test_forcing_and_swapping(explorer):
    explorer.force(0, 7)
    assert (explorer.after.routing(0).experts[:, 0] == 7).all()
    explorer.reset()
    first, second = map(int, explorer.before.routing(0).experts[-1])
    explorer.swap(0, first, second)
    assert explorer.after.routing(0).experts[-1].tolist() == [second, first]


def test_the_model_is_untouched(explorer):
    explorer.switch_off(0, 1)
    again = explorer.model.trace(PROMPT)
    np.testing.assert_array_equal(again["next.logits"], explorer.before["next.logits"])


def test_the_largest_picture_of_the_tour_is_small(explorer):
    explorer.run("Once there was a little dog called Hana, who loved the river. " * 7)
    assert len(explorer.before) > 100
    assert len(explorer.static()) < 500_000


def test_what_the_branches_write_adds_up_on_the_network(explorer):
    explorer.run(PROMPT)
    found = explorer.contributions()
    written = explorer.model.trace(PROMPT, sites="layers.*.feedforward.output")
    for layer, part in found.items():
        # |a + b|^2 = |a|^2 + |b|^2 + 2 |a| |b| cos
        total = part.dense_norm**2 + part.experts_norm**2 + 2 * part.dense_norm * part.experts_norm * part.cosine
        norms = np.linalg.norm(written[f"layers.{layer}.feedforward.output"].astype(np.float64), axis=-1)
        np.testing.assert_allclose(np.sqrt(total), norms, rtol=0.02)


@pytest.mark.parametrize("branch", ["dense", "experts"])
def test_a_branch_that_is_off_writes_nothing(explorer, branch):
    from g4lab.models.switching import edits

    explorer.run(PROMPT)
    explorer.switch_off_branch(2, branch)
    before, after = explorer.before, explorer.after
    # another compiled function: the same numbers but for rounding
    np.testing.assert_allclose(after.routing(2).logits, before.routing(2).logits, atol=1e-5)
    assert np.abs(after.routing(3).logits - before.routing(3).logits).max() > 1e-3
    assert explorer.content(True)[0]["next"]["change"] != 0
    sites = [f"layers.2.{name}.output" for name in ("dense", "experts")]
    off = explorer.model.trace(PROMPT, sites=sites, edits=edits([(2, branch)], before.routed_layers))
    on = {"dense": "experts", "experts": "dense"}[branch]
    assert not off[f"layers.2.{branch}.output"].any() and off[f"layers.2.{on}.output"].any()
    # the neutral edits of all other branches change nothing
    same = explorer.model.trace(PROMPT, sites=(), edits=edits([], before.routed_layers))
    np.testing.assert_allclose(same["next.logits"], before["next.logits"], atol=1e-4)


def test_two_contexts_on_the_network(explorer):
    explorer.run(PROMPT)
    explorer.compare(PROMPT)
    for layer in explorer.before.routed_layers:
        one, two = explorer.before.routing(layer), explorer.other.routing(layer)
        np.testing.assert_array_equal(one.experts, two.experts)
    explorer.compare(None)
