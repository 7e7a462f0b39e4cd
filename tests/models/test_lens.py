"""Lens, attribution and head scores of real networks, one of each family: the sites hold what the metrics say."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.lab import Lab
from g4lab.tracing import components, lens
from g4lab.tracing.attribution import attribute
from g4lab.tracing.heads import score_heads
from g4lab.tracing.lens import Lens, logit_lens
from g4lab.tracing.ple import per_layer_contribution
from g4lab.tracing.readout import Readout
from g4lab.tracing.value_weighted import value_weighted_attention
from tests.models.networks import DENSE, MIXTURE, SHARING, network, tokens
from tests.parity.configs import EVERYTHING

FAMILIES = {config.name: config for config in (DENSE, MIXTURE, SHARING, EVERYTHING)}
EXTRA = ("logits", "layers.*.attention.[qkv]")


@pytest.fixture(scope="module", params=FAMILIES)
def lab(request):
    return Lab(network(FAMILIES[request.param]))


@pytest.fixture(scope="module")
def trace(lab):
    sites = components.sites_of(lab.config) + components.OF_HEADS + EXTRA
    return lab.trace(tokens(1, 14)[0].tolist(), sites=sites)


@pytest.fixture(scope="module")
def readout(lab):
    return lab.readout()


def test_the_parts_of_a_real_score_add_up(lab, trace, readout):
    outputs = {i: lab.attention_output(i) for i in range(lab.config.layers)}
    for found in (attribute(trace, readout), attribute(trace, readout, outputs=outputs)):
        assert found.relative_residual < 1e-5
        real = trace["logits"][np.arange(len(trace)), found.targets]
        np.testing.assert_allclose(found.logits, real, rtol=1e-4, atol=1e-5)
    for layer in range(lab.config.layers):
        assert attribute(trace, readout, layer=layer).relative_residual < 1e-5


def test_switching_a_component_off_takes_its_part_away(lab, trace, readout):
    """The intervention: nothing comes after the last part of the last layer, so its direct effect is all it has."""
    last = lab.config.layers - 1
    part = "ple" if lab.config.ple_dim else "feedforward"
    edits = {f"layers.{last}.{part}.output": np.zeros((1, 1, 1), np.float32)}
    ids = [token.id for token in trace.tokens]
    after = lab.trace(ids, sites=(f"layers.{last}.residual",), edits=edits)[f"layers.{last}.residual"]
    found = dict(components.components(trace, readout.layer_scalars, eps=readout.eps))
    names = (
        (f"layers.{last}.dense", f"layers.{last}.experts")
        if part != "ple" and lab.config.experts
        else (f"layers.{last}.{part}",)
    )
    gone = sum(found[name] for name in names)
    np.testing.assert_allclose(trace[f"layers.{last}.residual"] - after, gone, atol=1e-4)
    assert np.abs(gone).max() > 0.1


def test_the_lens_on_the_backend_is_the_lens_in_numpy(lab, trace, readout, monkeypatch):
    monkeypatch.setattr("g4lab.lensing.SCORES", 300 * 9)  # several blocks, the last one not full
    there, here = lab.lens(trace, k=5), logit_lens(trace, readout, k=5)
    np.testing.assert_array_equal(there.targets, here.targets)
    for name in ("log_probabilities", "target_log_probabilities", "entropies"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), atol=1e-4)
    # equal but for near ties
    assert np.mean(there.ids != here.ids) < 0.01 and np.abs(there.target_ranks - here.target_ranks).max() <= 1
    assert there.ids[-1, -1].tolist() == [c.id for c in trace.next_token(5)]
    real = trace["logits"] - np.log(np.exp(trace["logits"]).sum(-1, keepdims=True))
    np.testing.assert_allclose(there.log_probabilities[-1, :, 0], real.max(-1), atol=1e-4)
    assert Lens.of(there.carried_by(trace)).vocabulary == lab.config.vocab_size


def test_one_target_for_all_positions_and_the_null(lab, trace):
    found = lab.lens(trace, targets=17, k=1)
    assert (found.targets == 17).all()
    logits = trace["logits"]
    np.testing.assert_array_equal(found.target_ranks[-1], 1 + (logits > logits[:, 17:18]).sum(-1))
    null = lab.lens(trace, targets=lens.turned(lens.next_ids(trace)))
    assert null.target_ranks.min() >= 1 and null.target_ranks.max() <= lab.config.vocab_size
    with pytest.raises(InputError, match="no token"):
        lab.lens(trace, targets=300)


def test_rows_of_some_tokens(lab, readout):
    few = lab.readout([9, 2, 9])
    assert few.ids.tolist() == [2, 9]
    np.testing.assert_array_equal(few.table, readout.table[[2, 9]])
    np.testing.assert_allclose(few.average, readout.table.mean(0), atol=1e-6)
    assert isinstance(few, Readout) and len(few.layer_scalars) == lab.config.layers
    with pytest.raises(InputError, match="does not exist"):
        lab.readout([300])


def test_value_weighted_rows_are_what_a_head_adds_up(lab, trace):
    for layer in range(lab.config.layers):
        output = lab.attention_output(layer)
        row = trace.plan[layer]
        for head in (0, row["heads"] - 1):
            found, null = value_weighted_attention(trace, layer, head, output)
            np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-6)
            assert (found[~trace.visible(layer)] == 0).all() and (null[~trace.visible(layer)] == 0).all()
            # the pattern and the values are those that the network used
            values = trace[f"layers.{row['owner']}.attention.v"][:, head // (row["heads"] // row["kv_heads"])]
            mixed = trace.attention(layer, head) @ values
            np.testing.assert_allclose(mixed, trace[f"layers.{layer}.attention.heads"][:, head], atol=1e-4)


def test_every_head_has_a_score(lab, trace):
    for scores in score_heads(trace, ("entropy", "previous token", "sink mass")).values():
        assert scores.values.shape == (lab.config.layers, lab.config.heads)
        assert np.isfinite(scores.values).all() and scores.values.min() >= 0 and scores.values.max() <= 1 + 1e-6


def test_ple_adds_what_it_is_said_to_add(lab, trace):
    if not lab.config.ple_dim:
        with pytest.raises(InputError, match="no per-layer embeddings"):
            per_layer_contribution(trace)
        return
    found = per_layer_contribution(trace)
    for layer in found.layers:
        after = trace[f"layers.{layer}.residual"] / lab.readout([2]).layer_scalars[layer]
        before = after - trace[f"layers.{layer}.ple.output"]
        np.testing.assert_allclose(found.stream[layer], np.linalg.norm(before, axis=-1), rtol=1e-4)
    assert found.ratio.shape == (lab.config.layers, len(trace)) and found.ratio.min() > 0


def test_a_trace_of_another_model_is_refused(lab, trace):
    other = Lab(network(DENSE.replace(kinds=("local", "global", "global"))))
    with pytest.raises(InputError, match="give a trace that this model made"):
        other.lens(trace)
    with pytest.raises(InputError, match="no layer 9"):
        lab.attention_output(9)


def test_the_trained_mixture():
    import g4lab

    lab = g4lab.load("tiny-moe")
    trace = lab.trace(
        "The red ball is in the box. The red ball is in the",
        sites=(*components.sites_of(lab.config), *components.OF_HEADS, "layers.*.attention.[qk]"),
    )
    outputs = {i: lab.attention_output(i) for i in range(lab.config.layers)}
    found = attribute(trace, lab.readout(), outputs=outputs)
    assert found.relative_residual < 1e-5
    read = lab.lens(trace)
    assert read.ids[-1, -1, 0] == trace.next_token(1)[0].id
    np.testing.assert_allclose(
        read.target_log_probabilities, logit_lens(trace, lab.readout()).target_log_probabilities, atol=1e-3
    )
    # a trained model knows more at the end than the embedding does
    assert np.median(read.target_ranks[-1]) < np.median(read.target_ranks[0])
    scores = score_heads(trace)
    assert all(scores[name].values.shape == (lab.config.layers, lab.config.heads) for name in scores)
