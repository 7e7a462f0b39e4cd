"""The encoders inside the keras.Model: every parameter matters, and Keras saves and loads them with the rest."""

from functools import cache

import keras
import numpy as np

from g4lab import runtime
from g4lab.runtime import to_numpy
from tests.models.media import SEES_AND_HEARS, batch, media, network

# One layer of each encoder is enough for these questions; constants of standardisation beside clipped maps.
CONFIG = SEES_AND_HEARS.replace(
    kinds=("local", "global"),
    shared_layers=0,
    vision=SEES_AND_HEARS.vision.replace(layers=1, standardised=True),
    audio=SEES_AND_HEARS.audio.replace(layers=1),
)


@cache
def net():
    return network(CONFIG)


def test_every_parameter_of_an_encoder_matters():
    seen = media(CONFIG)
    encode = runtime.compile(net().soft_tokens, net())
    before = to_numpy(encode(seen))
    idle = []
    for name, variable in net().named_variables().items():
        if not name.startswith(("vision", "audio")):
            continue
        kept = to_numpy(variable.value).copy()
        # Turned round, for a norm takes a factor out again; a bound of 0, for silu's outputs reach no lower one.
        variable.assign(np.flip(kept) * (0 if kept.size == 1 else 0.5))
        if np.abs(to_numpy(encode(seen)) - before).max() < 1e-5:
            idle.append(name)
        variable.assign(kept)
    assert idle == []
    np.testing.assert_array_equal(to_numpy(encode(seen)), before)


def test_saved_and_loaded_by_keras(tmp_path):
    net().save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    assert loaded.text == CONFIG
    before, after = net().named_variables(), loaded.named_variables()
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(to_numpy(after[name].value), to_numpy(before[name].value), err_msg=name)


def test_bounds_and_constants_are_no_parameters_to_train():
    still = {variable.path for variable in net().non_trainable_variables}
    frozen = [name for name, variable in net().named_variables().items() if variable.path in still]
    assert {name.rsplit(".", 1)[1] for name in frozen if name.startswith(("vision", "audio"))} == {
        *("input_min", "input_max", "output_min", "output_max", "std_bias", "std_scale")
    }


def test_bfloat16_is_near_float32():
    low, given = network(CONFIG, "bfloat16"), batch(CONFIG)
    found, exact = (to_numpy(runtime.compile(n, n)(given)) for n in (low, net()))
    assert found.dtype == np.float32
    assert np.abs(found - exact).mean() < 0.1 * exact.std()
