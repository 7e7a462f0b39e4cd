"""Dense and experts in RoutingExplorer: what both branches write, and switching one off."""

import csv
import io

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.models import switching
from g4lab.tracing import contributions
from g4lab.tracing.trace import Trace
from g4lab.widgets import RoutingExplorer, routing_branches
from tests.widgets.models import FakeModel
from tests.widgets.pages import arrays_of, header_of

PROMPT = "The red ball is in the box"


@pytest.fixture
def explorer():
    return RoutingExplorer(FakeModel(), PROMPT)


@pytest.fixture
def with_sites():
    return FakeModel().trace(PROMPT, sites=("layers.*.router.*", *contributions.SITES))


def test_contributions_are_the_branches(explorer, with_sites):
    found = explorer.contributions()
    assert list(found) == list(range(6))
    for layer, part in found.items():
        branches = contributions.branches(with_sites, layer)
        np.testing.assert_array_equal(part.dense_norm, branches.dense_norm)
        np.testing.assert_array_equal(part.experts_norm, branches.experts_norm)
        np.testing.assert_array_equal(part.cosine, branches.cosine)
    header, arrays = explorer.content(live=True)
    assert [each["layer"] for each in header["branches"]] == list(range(6))
    np.testing.assert_array_equal(arrays["branches.2"][1], found[2].experts_norm.astype(np.float32))
    assert header_of(explorer.static())["branches"][2]["layer"] == 2


def test_one_prompt_is_too_little_for_a_claim_about_branches(explorer):
    explorer.contributions()
    ratio, cosine = explorer.content(True)[0]["branches"][0]["rows"]
    assert (ratio["sample"], ratio["needed"], ratio["of"], ratio["against"]) == (1, 8, "documents", "equal branches")
    assert not cosine["enough"] and cosine["sample"] == 7 and cosine["needed"] == 200


def test_a_long_prompt_has_a_cosine_with_its_null():
    explorer = RoutingExplorer(FakeModel(layers=1), " ".join(["The red ball is in the box"] * 40))
    _, cosine = (explorer.contributions() and explorer.content(True)[0])["branches"][0]["rows"]
    assert cosine["enough"] and cosine["low"] < cosine["expected"] < cosine["high"] and cosine["even"] == 0


def test_layers_are_measured_a_few_at_a_time(explorer, monkeypatch):
    # the three sites of one layer: 8 tokens x 8 numbers x 4 bytes
    monkeypatch.setattr(routing_branches, "HELD_BYTES", 2 * 3 * 8 * 8 * 4)
    runs = len(explorer.model.runs)
    assert list(explorer.contributions([3])) == [3]
    assert len(explorer.model.runs) == runs + 1
    assert [each["layer"] for each in explorer.content(True)[0]["branches"]] == [2, 3]
    explorer.contributions([2])
    assert len(explorer.model.runs) == runs + 1  # it is known
    assert list(explorer.contributions()) == list(range(6)) and len(explorer.model.runs) == runs + 3
    explorer.run("It rolls")
    assert explorer.content(True)[0]["branches"] == []


def test_a_recorded_trace_with_the_sites_needs_no_model(with_sites):
    explorer = RoutingExplorer(with_sites)
    assert explorer.content(live=True)[0]["measurable"]
    assert [each["layer"] for each in header_of(explorer.static())["branches"]] == list(range(6))
    assert arrays_of(explorer.static())["branches.5"].shape == (3, 8)
    assert list(explorer.contributions([4])) == [4]


def test_a_trace_without_the_sites_says_so(explorer):
    recorded = RoutingExplorer(explorer.before)
    header = recorded.content(live=True)[0]
    assert not header["measurable"] and header["branches"] == []
    with pytest.raises(InputError, match="no model to run"):
        recorded.contributions()


def test_branches_that_do_not_add_up_are_said_and_the_page_stays(with_sites):
    broken = dict(with_sites.sites) | {"layers.3.feedforward.output": np.ones((8, 8), np.float32)}
    explorer = RoutingExplorer(Trace(with_sites.tokens, with_sites.model, broken, pieces=with_sites.pieces))
    header = header_of(explorer.static())
    assert "do not add up to what layer 3 wrote" in header["unsplit"]
    with pytest.raises(InputError, match="do not add up"):
        explorer.contributions()


@pytest.mark.parametrize("branch", ["dense", "experts"])
def test_a_branch_is_switched_off_and_on(explorer, branch):
    explorer.handle({"kind": "branch", "layer": 2, "branch": branch, "off": True})
    assert explorer.off == [(2, branch)]
    header = explorer.content(True)[0]
    assert header["changes"] == [{"action": "branch", "layer": 2, "branch": branch}]
    assert header["next"]["change"] != 0 and header["runs"] == ["before", "after"]
    # what the network read: this branch times 0, all others times 1
    edits = explorer.model.runs[-1][1]
    factors = {site: float(edit.operands[0]) for site, edit in edits.items() if site.endswith(".output")}
    assert [site for site, factor in factors.items() if factor == 0] == [f"layers.2.{branch}.output"]
    assert len(factors) == 12
    explorer.handle({"kind": "branch", "layer": 2, "branch": branch, "off": False})
    assert explorer.off == [] and explorer.after is None


def test_a_branch_off_moves_the_next_token_as_the_numbers_say(explorer, with_sites):
    explorer.switch_off_branch(4, "experts")
    model, dense = explorer.model, with_sites["layers.4.dense.output"]
    normed = lambda x: x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6) * np.linspace(0.5, 1.5, 8)  # noqa: E731
    moved = (normed(dense) - with_sites["layers.4.feedforward.output"]).sum(0) @ model.reads
    np.testing.assert_allclose(explorer.after["next.logits"] - explorer.before["next.logits"], moved, atol=1e-4)


def test_branches_and_experts_are_changed_together_and_reset_together(explorer):
    explorer.switch_off(0, 3)
    explorer.switch_off_branch(1, "dense")
    explorer.force(2, 5)
    header = explorer.content(True)[0]
    assert [change["action"] for change in header["changes"]] == ["off", "force", "branch"]
    assert (explorer.after.routing(2).experts[:, 0] == 5).all() and 3 not in explorer.after.routing(0).experts
    explorer.run("It rolls to the two")
    assert explorer.off == [(1, "dense")] and explorer.after is not None
    explorer.reset()
    assert explorer.after is None and explorer.content(True)[0]["changes"] == []


def test_one_function_serves_every_branch():
    every = [switching.edits([(layer, branch)], range(4)) for layer in range(4) for branch in switching.BRANCHES]
    assert len({tuple((site, edit.fn) for site, edit in edits.items()) for edits in every}) == 1


def test_the_table_has_every_number(explorer):
    found = explorer.contributions()
    lines = list(csv.DictReader(io.StringIO(explorer.to_csv("contributions"))))
    assert len(lines) == 6 * 8
    for line in lines:
        part, place = found[int(line["layer"])], int(line["position"])
        assert float(line["dense_norm"]) == part.dense_norm[place] and float(line["cosine"]) == part.cosine[place]
        assert float(line["ratio"]) == part.experts_norm[place] / part.dense_norm[place]
