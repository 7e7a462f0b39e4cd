"""The network as a keras.Model: names, calls, saving, training; and no parameter without effect."""

import keras
import numpy as np
import pytest
from keras import StatelessScope, ops

from g4lab import runtime
from g4lab.errors import InputError
from g4lab.models.gemma4 import Gemma4
from g4lab.models.masks import EMPTY
from g4lab.models.plan import parameter_counts
from g4lab.models.projection import unset_weights
from tests.models.networks import DENSE, MIXTURE, forward, network, tokens
from tests.parity.configs import EVERYTHING

# As EVERYTHING, with each kind of layer once.
EACH = EVERYTHING.replace(name="each", kinds=("local", "global") * 2, shared_layers=2)


@pytest.fixture(scope="module")
def each():
    return network(EACH)


@pytest.fixture(scope="module")
def dense():
    return network(DENSE)


def test_parameters_are_named_after_what_they_are(each):
    names = list(each.named_variables())
    assert names[:5] == ["embed.table", "ple.table", "ple.projection.kernel", "ple.norm.scale", names[4]]
    assert names[-1] == "final_norm.scale"
    assert {name.removeprefix("layers.0.") for name in names if name.startswith("layers.0.")} == {
        *("attention_norm.scale", "attention_post_norm.scale", "layer_scalar"),
        *(f"attention.{part}.kernel" for part in ("query", "key", "value", "output")),
        *("attention.query_norm.scale", "attention.key_norm.scale"),
        *("feedforward_norm.scale", "feedforward_post_norm.scale", "dense_post_norm.scale"),
        *(f"{part}.{name}.kernel" for part in ("feedforward", "experts") for name in ("gate", "up", "down")),
        *("experts_norm.scale", "experts_post_norm.scale"),
        *("router.scale", "router.projection.kernel", "router.expert_scale"),
        *("ple_gate.kernel", "ple_projection.kernel", "ple_post_norm.scale"),
    }
    # Layer 1 is global with K=V, layers 2 and 3 borrow.
    assert "layers.1.attention.value.kernel" not in names
    assert {name for name in names if ".key" in name} == {
        f"layers.{i}.attention.{part}" for i in (0, 1) for part in ("key.kernel", "key_norm.scale")
    }


def test_parameters_are_all_the_variables(each):
    assert {id(v) for v in each.named_variables().values()} == {id(v) for v in each.variables}
    assert len(each.variables) == len(each.named_variables())


def test_layer_scalars_are_not_trained(each):
    fixed = {name for name, variable in each.named_variables().items() if not variable.trainable}
    assert fixed == {f"layers.{i}.layer_scalar" for i in range(EACH.layers)}
    assert each.count_params() == sum(parameter_counts(EACH).values()) + EACH.layers


def test_every_parameter_matters(each):
    """A network that ignores a weight passes every test of shapes."""
    parameters = each.named_variables()
    variables = list(parameters.values())
    ids = ops.convert_to_tensor(tokens(1, 8))

    def logits(values):
        with StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return each(ids)

    compiled = runtime.compile(logits, each)
    values = [ops.convert_to_numpy(variable) for variable in variables]
    before = runtime.to_numpy(compiled(values))
    assert before.std() > 0.5
    rng = np.random.default_rng(0)
    silent = []
    for i, name in enumerate(parameters):
        noise = rng.standard_normal(values[i].shape).astype("float32")
        changed = [*values[:i], values[i] * (1 + 0.5 * noise), *values[i + 1 :]]
        if np.abs(runtime.to_numpy(compiled(changed)) - before).max() < 1e-3:
            silent.append(name)
    # The final norm takes the last scalar out again.
    assert silent == [f"layers.{EACH.layers - 1}.layer_scalar"]


def test_the_ways_to_call_it(dense):
    ids = tokens(2, 6)
    positions = np.tile(np.arange(6, dtype=np.int32), (2, 1))
    expected = forward(dense, ids)
    assert expected.dtype == np.float32 and expected.shape == (2, 6, DENSE.vocab_size)
    for inputs in (ids, ids.astype("int64"), {"tokens": ids}, {"tokens": ids, "positions": positions}):
        np.testing.assert_allclose(runtime.to_numpy(dense(inputs)), expected, atol=1e-5)


def test_padding_is_not_seen(dense):
    ids = tokens(1, 6)
    padded = np.concatenate([[[9, 9, 9]], ids], axis=1).astype("int32")
    positions = np.asarray([[EMPTY] * 3 + list(range(6))], np.int32)
    np.testing.assert_allclose(forward(dense, padded, positions)[:, 3:], forward(dense, ids), atol=1e-5)


def test_the_future_is_not_seen(dense):
    ids = tokens(1, 9)
    other = ids.copy()
    other[0, 6:] = 5
    one, two = forward(dense, ids), forward(dense, other)
    np.testing.assert_array_equal(one[:, :6], two[:, :6])
    assert np.abs(one[:, 6:] - two[:, 6:]).max() > 0.1


def test_symbolic_inputs(dense):
    x = keras.Input((None,), dtype="int32")
    model = keras.Model(x, dense(x))
    assert model.output_shape == (None, None, DENSE.vocab_size)
    np.testing.assert_allclose(model.predict(tokens(2, 6), verbose=0), forward(dense, tokens(2, 6)), atol=1e-5)


def test_summary(each, capsys):
    each.summary()
    printed = capsys.readouterr().out
    assert f"{each.count_params():,}" in printed
    assert all(part in printed for part in ("TokenEmbedding", "PerLayerEmbeddings", "Decoder"))


def test_saved_and_loaded_by_keras(dense, tmp_path):
    dense.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert loaded.text == DENSE
    for name, variable in dense.named_variables().items():
        np.testing.assert_array_equal(
            ops.convert_to_numpy(loaded.named_variables()[name]), ops.convert_to_numpy(variable), err_msg=name
        )
    np.testing.assert_array_equal(forward(loaded, tokens(1, 6)), forward(dense, tokens(1, 6)))


def test_its_config_makes_it_again():
    with unset_weights():
        values = Gemma4(DENSE, dtype="bfloat16", name="mine").get_config()
        again = Gemma4.from_config(values)
    assert (again.text, again.name, again.compute_dtype) == (DENSE, "mine", "bfloat16")


def test_fresh_weights_differ_and_unset_ones_are_zero():
    drawn = {name: ops.convert_to_numpy(v) for name, v in Gemma4(MIXTURE).named_variables().items()}
    assert drawn["layers.0.experts.gate.kernel"].std() == pytest.approx(MIXTURE.width**-0.5, rel=0.1)
    assert drawn["layers.0.attention.output.kernel"].std() == pytest.approx((6 * 12) ** -0.5, rel=0.1)
    assert not np.array_equal(drawn["layers.0.feedforward.up.kernel"], drawn["layers.1.feedforward.up.kernel"])
    with unset_weights():
        unset = Gemma4(MIXTURE).named_variables()
    assert all(not ops.convert_to_numpy(v).any() for name, v in unset.items() if name.endswith(("kernel", "table")))


@pytest.mark.parametrize("dtype", ["float16", "mixed_float16"])
def test_float16_is_refused(dtype):
    with pytest.raises(InputError, match='give "bfloat16" or "float32"'):
        Gemma4(DENSE, dtype=dtype)


def test_bfloat16_is_near_float32(dense):
    low = network(DENSE, "bfloat16")
    assert {v.dtype for v in low.variables} == {"bfloat16"}
    ids = tokens(2, 9)
    logits = forward(low, ids)
    assert logits.dtype == np.float32
    exact = forward(dense, ids)
    assert np.abs(logits - exact).mean() < 0.05 * exact.std()


@pytest.mark.slow
def test_training_lowers_the_loss():
    net = network(MIXTURE)
    net.compile(
        optimizer=keras.optimizers.Adam(3e-3), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    ids = tokens(4, 13)
    # The last batch is smaller, so that TensorFlow leaves the batch size open.
    history = net.fit(ids[:3, :-1], ids[:3, 1:], batch_size=2, epochs=4, shuffle=False, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < losses[0] - 1


def test_frozen_parts_stay(dense):
    dense.decoder.trainable = False
    try:
        assert [variable.path for variable in dense.trainable_variables] == [dense.embed.table.path]
    finally:
        dense.decoder.trainable = True
    assert len(dense.trainable_variables) == len(dense.variables) - DENSE.layers
