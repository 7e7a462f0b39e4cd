"""The three views of a model's shape and its tokens, on the trained tiny-moe."""

import numpy as np
import pytest

import g4lab
from g4lab.models.plan import parameter_counts
from g4lab.widgets import ArchitectureMap, RopeDial, TokenStrip
from g4lab.widgets.linking import selection_of

pytestmark = pytest.mark.slow

TEXT = "def turn(x):\n    return x"


@pytest.fixture(scope="module")
def model():
    return g4lab.load("tiny-moe")


def test_surprisal_is_what_a_trace_of_the_tokens_before_gives(model):
    strip = TokenStrip(model, TEXT, surprisal=True)
    values = strip.strip.scores["surprisal"].values
    for end in (1, 4, len(strip.ids) - 1):
        before = model.trace(strip.ids[:end])
        assert values[end] == pytest.approx(-before.log_probabilities()[strip.ids[end]], abs=1e-3)
    assert np.isnan(values[0])


def test_the_strip_of_a_text_is_that_of_its_trace(model):
    trace = model.trace(TEXT)
    assert TokenStrip(model, TEXT).strip.pieces == TokenStrip(trace).strip.pieces
    assert TokenStrip(model, TEXT).selection() is selection_of(trace)


def test_the_map_counts_the_networks_own_variables(model):
    header, _ = ArchitectureMap(model).content(live=False)
    assert header["model"]["name"] == model.name
    assert header["parameters"] == parameter_counts(model.config)
    stored = sum(int(np.prod(v.shape)) for v in model.network.trainable_variables)
    assert stored == sum(header["parameters"].values())


def test_the_dial_turns_as_the_models_layers_do(model):
    dial = RopeDial(model)
    turning = {r.kind: r.rotary_pairs for r in dial.rotations if not r.what_if}
    assert turning == {row.kind: row.rotary_pairs for row in model.plan}
