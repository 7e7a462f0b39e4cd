"""The logit lens and its readout, on numbers by hand and on a model in numpy."""

import subprocess
import sys

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import lens as lens_module
from g4lab.tracing.lens import Lens, logit_lens, next_ids, turned
from g4lab.tracing.readout import Readout
from g4lab.tracing.trace import Token, Trace
from tests.tracing.streams import readout, stream_trace


@pytest.fixture(scope="module")
def read():
    return readout()


@pytest.fixture(scope="module")
def trace(read):
    return stream_trace(read)


def one_layer(streams) -> Trace:
    embedding, residual = (np.array(stream, np.float32) for stream in streams)
    sites = {"embedding": embedding, "layers.0.residual": residual, "next.logits": np.array([0.0, 1, 0], np.float32)}
    tokens = tuple(Token(i, "x") for i in range(len(embedding)))
    return Trace(tokens, {"name": "by hand", "plan": [{"index": 0}]}, sites)


def by_hand(softcap) -> Readout:
    table = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    return Readout(np.array([2, 1], np.float32), table, table.mean(0), np.ones(1, np.float32), 0.0, softcap)


@pytest.mark.parametrize("softcap", [None, 2.0])
def test_by_hand(softcap):
    # root mean squares sqrt(12.5) and sqrt(2): normed, times the scales 2 and 1
    trace = one_layer([[[3, 4], [2, 0]], [[0, 2], [0, -2]]])
    found = logit_lens(trace, by_hand(softcap), targets=1, k=2)
    scores = np.array([[[6, 4, -6], [4, 0, -4]], [[0, 2, 0], [0, -2, 0]]]) / np.sqrt([12.5, 2, 2, 2]).reshape(2, 2, 1)
    logits = scores if softcap is None else 2 * np.tanh(scores / 2)
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    assert found.ids.tolist() == [[[0, 1], [0, 1]], [[1, 0], [0, 2]]]
    assert found.target_ranks.tolist() == [[2, 2], [1, 3]]
    np.testing.assert_allclose(np.exp(found.target_log_probabilities), probabilities[..., 1], rtol=1e-6)
    best = np.take_along_axis(probabilities, found.ids, -1)
    np.testing.assert_allclose(np.exp(found.log_probabilities), best, rtol=1e-6)
    entropies = -(probabilities * np.log(probabilities)).sum(-1)
    np.testing.assert_allclose(found.entropies, entropies, rtol=1e-6)
    assert found.chance == (1 / 3, 2)


def test_the_last_depth_is_what_the_model_says(trace, read):
    found = logit_lens(trace, read, k=4)
    assert [
        (int(i), pytest.approx(float(np.exp(p)), rel=1e-5))
        for i, p in zip(found.ids[-1, -1], found.log_probabilities[-1, -1], strict=True)
    ] == [(c.id, c.probability) for c in trace.next_token(4)]
    assert found.ids.shape == (3, 6, 4)


def test_targets_are_the_next_tokens_and_the_models_favourite(trace, read):
    found = logit_lens(trace, read)
    assert found.targets.tolist() == [t.id for t in trace.tokens[1:]] + [trace.next_token(1)[0].id]
    assert found.target_ranks[-1, -1] == 1
    assert turned(np.arange(5)).tolist() == [3, 4, 0, 1, 2]
    assert sorted(turned(next_ids(trace))) == sorted(next_ids(trace))


def test_blocks_change_nothing(trace, read, monkeypatch):
    whole = logit_lens(trace, read)
    monkeypatch.setattr(lens_module, "AT_ONCE", 4 * 30)
    for name in Lens.__dataclass_fields__:
        np.testing.assert_allclose(getattr(logit_lens(trace, read), name), getattr(whole, name), atol=1e-5)


def test_targets_that_cannot_be(trace, read):
    for targets, message in [
        (30, "no token"),
        (-1, "no token"),
        (np.zeros(5, int), "one for each"),
        (0.5, "one token"),
    ]:
        with pytest.raises(InputError, match=message):
            logit_lens(trace, read, targets)


def test_a_saved_trace_is_read_without_the_model(trace, read, tmp_path):
    found = logit_lens(trace, read)
    read.carried_by(found.carried_by(trace), ids=[7]).save(tmp_path / "run.npz")
    code = (
        "import sys; from g4lab.tracing.trace import Trace; from g4lab.tracing.lens import Lens; "
        "from g4lab.tracing.readout import Readout; from g4lab.tracing.attribution import attribute; "
        f"t = Trace.load({str(tmp_path / 'run.npz')!r}); l = Lens.of(t); a = attribute(t, Readout.of(t), 7); "
        "print(l.ids.shape, a.relative_residual < 1e-5, [m for m in ('keras', 'jax', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(3, 6, 10) True []"
    loaded = Trace.load(tmp_path / "run.npz")
    again, few = Lens.of(loaded), Readout.of(loaded)
    for name in Lens.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    assert (few.eps, few.softcap) == (read.eps, read.softcap) and len(few.table) < len(read.table)
    np.testing.assert_array_equal(few.vectors([7]), read.table[[7]])


def test_a_model_without_a_soft_cap_stays_so(trace):
    uncapped = readout(softcap=None)
    assert Readout.of(uncapped.carried_by(trace)).softcap is None


def test_few_rows_give_no_probability(trace, read):
    few = read.only([3, 1, 3])
    assert few.ids.tolist() == [1, 3]
    np.testing.assert_array_equal(few.vectors(np.array([3, 1])), read.table[[3, 1]])
    with pytest.raises(InputError, match="whole vocabulary; here are 2 rows"):
        logit_lens(trace, few)
    for record, id in [(few, 2), (few, 99), (read, 30), (read, -1)]:
        with pytest.raises(InputError, match=f"lacks token {id}"):
            record.vectors([id])


def test_what_a_trace_does_not_carry(trace):
    with pytest.raises(InputError, match=r"model\.lens\(trace\)"):
        Lens.of(trace)
    with pytest.raises(InputError, match=r"model\.readout\(\)"):
        Readout.of(trace)
