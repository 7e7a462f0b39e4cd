"""The stream taken apart, and each part's share of a score."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.attribution import attribute
from g4lab.tracing.components import components, heads
from g4lab.tracing.ple import per_layer_contribution
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Token, Trace
from tests.tracing.streams import SCALARS, output, output_scale, readout, stream_trace


@pytest.fixture(scope="module")
def read():
    return readout()


@pytest.fixture(params=[(False, False), (True, False), (False, True), (True, True)], ids=str)
def trace(request, read):
    mixture, ple = request.param
    return stream_trace(read, mixture=mixture, ple=ple)


def by_hand() -> tuple[Trace, Readout]:
    sites = {
        "embedding": [[1, 0]],
        "layers.0.attention.output": [[0, 1]],
        "layers.0.feedforward.output": [[1, 1]],
        "layers.0.residual": [[4, 4]],  # times the scalar 2
        "layers.1.attention.output": [[0, 0]],
        "layers.1.feedforward.output": [[-1, 0]],
        "layers.1.residual": [[1.5, 2]],  # times 0.5
        "next.logits": [0, 0],
    }
    plan = [{"index": 0, "experts": 0}, {"index": 1, "experts": 0}]
    arrays = {name: np.array(value, np.float32) for name, value in sites.items()}
    trace = Trace((Token(0, "x"),), {"name": "by hand", "plan": plan}, arrays)
    # the mean square of (1.5, 2) is 3.125; with eps it is 4, so the norm halves
    table = np.array([[2, 0], [1, 3]], np.float32)
    return trace, Readout(np.array([1, 10], np.float32), table, table.mean(0), np.array([2, 0.5]), 0.875, 5.0)


def test_by_hand():
    trace, read = by_hand()
    found = attribute(trace, read, targets=0)
    expected = {
        "embedding": 1,  # (1,0) times both scalars, halved, times 2
        "layers.0.attention": 0,
        "layers.0.feedforward": 1,
        "layers.1.attention": 0,
        "layers.1.feedforward": -0.5,  # only the upper scalar
    }
    assert dict(zip(found.names, found.parts[:, 0], strict=True)) == pytest.approx(expected)
    assert found.scores[0] == pytest.approx(1.5) and found.residual[0] == pytest.approx(0)
    assert found.logits[0] == pytest.approx(5 * np.tanh(1.5 / 5))
    # the average row is (1.5, 1.5): attention of layer 0 adds (0,1) / 2 * 10 * 1.5 to every token alike
    assert found.average[1, 0] == pytest.approx(7.5)
    assert found.above_average[1, 0] == pytest.approx(-7.5)


def test_a_difference_of_two_tokens_by_hand():
    trace, read = by_hand()
    found = attribute(trace, read, targets=1, against=0)
    # (1,3) - (2,0) = (-1,3): attention (0,1) / 2 * 10 * 3
    assert found.parts[1, 0] == pytest.approx(15) and found.parts[0, 0] == pytest.approx(-0.5)
    assert not found.average.any()
    scores = [1.5, 0.75 + 30]
    assert found.scores[0] == pytest.approx(scores[1] - scores[0])
    assert found.logits[0] == pytest.approx(5 * np.tanh(scores[1] / 5) - 5 * np.tanh(scores[0] / 5))


@pytest.mark.parametrize("layer", [0, 1, None])
def test_the_parts_add_up(trace, read, layer):
    found = attribute(trace, read, layer=layer)
    assert found.relative_residual < 1e-5
    last = 1 if layer is None else layer
    expected = read.scores(trace[f"layers.{last}.residual"])[np.arange(len(trace)), found.targets]
    np.testing.assert_allclose(found.scores, expected, rtol=1e-4, atol=1e-5)
    total = sum(part for _, part in components(trace, SCALARS, layer, eps=read.eps))
    np.testing.assert_allclose(total, trace[f"layers.{last}.residual"], atol=1e-5)


def test_names_follow_the_parts_of_each_layer(read):
    whole = attribute(stream_trace(read, mixture=True, ple=True), read, layer=0)
    assert whole.names == (
        "embedding",
        "layers.0.attention",
        "layers.0.dense",
        "layers.0.experts",
        "layers.0.ple",
    )
    assert attribute(stream_trace(read), read, layer=0).names[-1] == "layers.0.feedforward"


def test_the_average_is_that_of_all_tokens(trace, read):
    found = attribute(trace, read)
    every = np.mean([attribute(trace, read, targets=i).parts for i in range(len(read.table))], axis=0)
    np.testing.assert_allclose(found.average, every, atol=1e-5)


def test_a_stream_that_was_edited_is_reported(trace, read):
    changed = {**trace.sites, "layers.0.residual": trace["layers.0.residual"] + 1}
    found = attribute(Trace(trace.tokens, trace.model, changed), read, layer=0)
    assert found.relative_residual > 0.01


def test_attention_is_split_by_head(trace, read):
    outputs = {layer: output(layer=layer) * output_scale() for layer in (0, 1)}
    parts = heads(trace, 0, outputs[0])
    assert parts.shape == (3, 6, 8)
    np.testing.assert_allclose(parts.sum(0), trace["layers.0.attention.output"], atol=1e-5)
    plain, split = attribute(trace, read), attribute(trace, read, outputs={1: outputs[1]})
    assert [n for n in split.names if "head" in n] == [f"layers.1.head.{n}" for n in range(3)]
    of_heads = sum(p for n, p in zip(split.names, split.parts, strict=True) if "head" in n)
    np.testing.assert_allclose(of_heads, plain.parts[plain.names.index("layers.1.attention")], atol=1e-5)
    assert split.relative_residual < 1e-5


def test_another_layers_projection_is_refused(trace):
    with pytest.raises(InputError, match="heads do not add up to what layer 0 wrote"):
        heads(trace, 0, output(layer=1))
    with pytest.raises(InputError, match=r"model\.attention_output\(0\)"):
        heads(trace, 0, output()[:2])


def test_what_is_missing_is_named(trace, read):
    kept = {name: value for name, value in trace.sites.items() if name != "layers.1.attention.output"}
    with pytest.raises(InputError, match=r"layers\.1\.attention\.output"):
        attribute(Trace(trace.tokens, trace.model, kept), read)
    with pytest.raises(InputError, match="no layer 2"):
        attribute(trace, read, layer=2)
    with pytest.raises(InputError, match="one for each position"):
        attribute(trace, read, targets=np.zeros(3, int))


def test_ple_by_hand():
    sites = {
        "embedding": [[1, 0], [0, 1]],
        "layers.0.attention.output": [[1, 0], [0, 1]],
        "layers.0.feedforward.output": [[1, 4], [0, -4]],
        "layers.0.ple.output": [[6, 8], [0, 4]],
        "layers.0.residual": [[9, 12], [0, 2]],
    }
    plan = [{"index": 0, "experts": 0, "ple_dim": 4}]
    arrays = {name: np.array(value, np.float32) for name, value in sites.items()}
    found = per_layer_contribution(Trace((Token(0, "x"), Token(1, "y")), {"plan": plan}, arrays))
    # the stream before PLE: (3,4) and (0,-2)
    np.testing.assert_allclose(found.added, [[10, 4]])
    np.testing.assert_allclose(found.stream, [[5, 2]])
    np.testing.assert_allclose(found.ratio, [[2, 2]])
    np.testing.assert_allclose(found.cosine, [[1, -1]])
    # with the other's PLE: (0,1) and (0.6,0.8)
    np.testing.assert_allclose(found.null_cosine, [[0.8, -0.8]])
    alone = {name: value[:1] for name, value in arrays.items()}
    assert np.isnan(per_layer_contribution(Trace((Token(0, "x"),), {"plan": plan}, alone)).null_cosine).all()


def test_ple_of_a_model_without():
    with pytest.raises(InputError, match="no per-layer embeddings"):
        per_layer_contribution(stream_trace(readout()))
