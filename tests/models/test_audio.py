"""The audio encoder by hand: convolutions, who hears whom, distances, validity, sites."""

import numpy as np
import pytest
from keras import ops

from g4lab.models.audio_attention import KEY_SCALE, QUERY_SCALE, distance_waves
from g4lab.models.audio_block import LightConvolution, causal_convolution, limited
from g4lab.models.sites import Edit
from g4lab.models.subsampling import HalvingConvolution, layer_norm
from g4lab.models.watched import Watched
from g4lab.runtime import to_numpy
from tests.models.media import SEES_AND_HEARS, media, network

CONFIG = SEES_AND_HEARS.audio
SPAN = CONFIG.span


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def sounds():
    return media(SEES_AND_HEARS)["audio"]


def encoded(net, sounds, **watching):
    soft, sites = Watched(net).encode("audio", sounds, **watching)
    sites = {name: to_numpy(value) for name, value in sites.items()}
    return to_numpy(soft).reshape(len(sounds["mel"]), -1, net.text.width), sites


@pytest.mark.parametrize(("length", "halved"), [(1, 1), (2, 1), (5, 3), (6, 3)])
def test_a_convolution_halves_and_rounds_up(length, halved):
    made = HalvingConvolution(1, 2, 1e-6)
    x = np.random.default_rng(0).random((1, length, 4, 1)).astype("float32")
    kernel = to_numpy(made.kernel.value)
    padded = np.pad(x[0, :, :, 0], 1)
    raw = np.array(
        [
            [
                [(padded[2 * t : 2 * t + 3, 2 * m : 2 * m + 3] * kernel[:, :, 0, c]).sum() for c in (0, 1)]
                for m in (0, 1)
            ]
            for t in range(halved)
        ]
    )
    normed = (raw - raw.mean(-1, keepdims=True)) / np.sqrt(raw.var(-1, keepdims=True) + 1e-6)
    result = to_numpy(made(ops.convert_to_tensor(x)))
    assert result.shape == (1, halved, 2, 2)
    np.testing.assert_allclose(result[0], np.maximum(normed, 0), atol=1e-3)


def test_layer_norm_by_hand():
    x = ops.convert_to_tensor(np.array([[1.0, 3.0]], np.float32))
    np.testing.assert_allclose(to_numpy(layer_norm(x, np.array([2.0, 5.0], np.float32), 0.0)), [[-2, 5]], rtol=1e-6)


def test_a_convolution_sees_this_frame_and_those_before():
    x = ops.convert_to_tensor(np.array([[[1.0], [10.0], [100.0]]], np.float32))
    kernel = np.array([[[2.0]], [[3.0]]], np.float32)
    np.testing.assert_array_equal(to_numpy(causal_convolution(x, kernel)).ravel(), [3, 2 + 30, 20 + 300])


def test_the_gate_of_the_convolution_is_its_second_half():
    made = LightConvolution(CONFIG.replace(width=2, heads=1, kernel=1, clipped=False))
    made.start.kernel.assign([[1.0, 0, 0, 0], [0, 1, 0, 0]])  # the gate is 0, sigmoid 1/2
    made.kernel.assign(np.ones((1, 2, 1)))
    made.end.kernel.assign(np.eye(2))
    x = np.array([[[3.0, 4.0]]], np.float32)
    normed = x / np.sqrt(12.5)  # and again after the convolution, which the factor 1/2 does not survive
    expected = normed / (1 + np.exp(-normed))
    np.testing.assert_allclose(to_numpy(made(ops.convert_to_tensor(x))), expected, rtol=1e-3)


def test_the_limit_cuts_both_ends():
    np.testing.assert_array_equal(to_numpy(limited(ops.convert_to_tensor([-9.0, 1, 9]), 2.0)), [-2, 1, 2])


def test_waves_of_distances():
    waves = distance_waves(3, 4)
    np.testing.assert_allclose(waves[0], [0, 0, 1, 1])
    # one radian a frame, and a ten-thousandth of one
    np.testing.assert_allclose(waves[2], [np.sin(2), np.sin(2e-4), np.cos(2), np.cos(2e-4)], rtol=1e-6)


def test_an_untrained_scale_leaves_queries_as_they_are():
    assert QUERY_SCALE * np.log1p(np.exp(0)) == pytest.approx(1)
    assert KEY_SCALE == pytest.approx(np.log(1 + np.e) / np.log(2))


def test_a_frame_reads_a_span_of_frames_and_no_later_one(net, sounds):
    name = "audio.layers.0.attention.weights"
    weights = encoded(net, sounds, record=[name])[1][name]
    # 12 frames in chunks of 5 are filled up to 15; the first sound is as long as the batch
    assert weights.shape == (2, 15, CONFIG.heads, 2 * SPAN)
    for t in range(12):
        first_key = t // SPAN * SPAN - SPAN  # of the chunk before
        seen = {first_key + s for s in np.flatnonzero(weights[0, t, 0] > 0)}
        assert seen == set(range(max(0, t - SPAN + 1), t + 1)), t
    np.testing.assert_allclose(weights[0, :12].sum(-1), 1, rtol=1e-5)


def test_the_span_is_twelve_with_itself_in_the_released_sizes():
    from g4lab.config import preset

    assert preset("e2b").audio.span == 12


def test_weights_by_content_and_distance_by_hand(net, sounds):
    record = [f"audio.layers.0.attention.{part}" for part in ("q", "k", "weights")]
    sites = encoded(net, sounds, record=record)[1]
    q, k, weights = (sites[name] for name in record)
    attention = net.audio.blocks[0].attention
    far = distance_waves(SPAN, CONFIG.width) @ to_numpy(attention.distance.kernel.value).reshape(CONFIG.width, -1)
    far = far.reshape(SPAN, CONFIG.heads, -1)
    for t, head in ((9, 0), (11, 2)):
        raw = np.array([q[0, t, head] @ (k[0, t - d, head] + far[d, head]) for d in range(SPAN)])
        capped = np.exp(CONFIG.softcap * np.tanh(raw / CONFIG.softcap))
        first_key = t // SPAN * SPAN - SPAN
        found = [weights[0, t, head, t - d - first_key] for d in range(SPAN)]
        np.testing.assert_allclose(found, capped / capped.sum(), atol=1e-5)


def test_what_fills_a_batch_changes_nothing(net, sounds):
    together, _ = encoded(net, sounds)
    alone, _ = encoded(net, {"mel": sounds["mel"][1:, :22], "valid": sounds["valid"][1:, :22]})
    np.testing.assert_allclose(together[1, :6], alone[0], atol=1e-4)
    other = {"mel": np.where(sounds["valid"][..., None], sounds["mel"], 9), "valid": sounds["valid"]}
    np.testing.assert_allclose(encoded(net, other)[0][1, :6], together[1, :6], atol=1e-5)


def test_silence_of_nothing_gives_no_nan(net, sounds):
    assert np.isfinite(encoded(net, sounds | {"valid": np.zeros_like(sounds["valid"])})[0]).all()


def test_sites_and_an_edit_of_the_pattern(net, sounds):
    before, _ = encoded(net, sounds)
    name = "audio.layers.0.attention.weights"
    after, sites = encoded(
        net, sounds, edits=[(name, Edit(ops.zeros_like))], record=["audio.*.heads", "audio.soft_tokens"]
    )
    assert np.abs(after - before).max() > 1e-3
    assert sites["audio.layers.0.attention.heads"].max() == 0 < sites["audio.layers.1.attention.heads"].max()
    assert sites["audio.soft_tokens"].shape == (2, 12, 48)
