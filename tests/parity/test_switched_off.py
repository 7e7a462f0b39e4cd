"""Every part of Gemma 4 matters: with any one switched off, the comparison with transformers would fail."""

import json

import numpy as np
import pytest

from tests.parity.debug import first_divergence
from tests.parity.mutants import MUTANTS, MUTANTS_OF_WEIGHTS

pytestmark = [pytest.mark.parity, pytest.mark.slow]


@pytest.fixture(scope="session")
def report(after):
    return json.loads((after("mutants").directory / "mutants.json").read_text())


@pytest.mark.parametrize("name", [*MUTANTS, *MUTANTS_OF_WEIGHTS])
def test_switching_it_off_shows(report, name):
    assert report["moved"][name] > 1e-3


@pytest.mark.parametrize("when", ["nothing", "nothing, afterwards"])
def test_with_nothing_switched_off_the_logits_are_theirs(report, when):
    assert report["moved"][when] <= 1e-4


def test_the_debugger_names_the_layer_where_it_begins(report):
    assert report["divergence"].startswith("layers.0.attention.output is the first to differ")
    assert report["divergence"].endswith("embedding still agrees")


def test_the_debugger_on_arrays():
    theirs = {"embedding": np.zeros(3), "layers.0.residual": np.ones(3), "logits": np.ones(3)}
    ours = theirs | {"layers.0.residual": np.array([1, 1, np.nan]), "logits": np.zeros(3)}
    assert "nothing differs at 3 sites" == first_divergence(theirs, theirs)
    assert first_divergence(ours, theirs).startswith("layers.0.residual is the first to differ")
    assert "nothing before it agrees" in first_divergence({"embedding": np.ones(3)}, theirs)
