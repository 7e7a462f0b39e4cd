"""The vision encoder by hand: pooling, positions, rotation by axes, padding, clipped maps, sites."""

import numpy as np
import pytest
from keras import ops

from g4lab import runtime
from g4lab.encoder_config import VisionConfig
from g4lab.models.clipped import ClippedProjection, projection_of
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.pooling import pooled
from g4lab.models.projection import Projection, unset_weights
from g4lab.models.rope import angles
from g4lab.models.sites import Edit
from g4lab.models.vision import PatchEmbedding, VisionEncoder
from g4lab.models.vision_block import rotate_by_axes
from g4lab.models.watched import Watched
from g4lab.runtime import to_numpy
from tests.models.media import SEES_AND_HEARS, media, network


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def pictures():
    return media(SEES_AND_HEARS)["image"]


def encoded(net, pictures, **watching):
    soft, sites = Watched(net).encode("image", pictures, **watching)
    count = len(pictures["pixels"])
    sites = {name: to_numpy(value) for name, value in sites.items()}
    return to_numpy(soft).reshape(count, -1, net.text.width), sites


def test_pooling_by_hand():
    # 4 columns and 2 rows of patches, pooled 2 by 2: two soft tokens side by side, and room for a third.
    positions = np.array([[x, y] for y in range(2) for x in range(4)] + [[-1, -1]] * 4, np.int32)
    x = np.arange(12, dtype=np.float32)[:, None]
    x[8:] = np.nan  # what padding holds does not matter
    result = to_numpy(pooled(ops.convert_to_tensor(x[None]), ops.convert_to_tensor(positions[None]), 2))
    np.testing.assert_array_equal(result[0, :, 0], [(0 + 1 + 4 + 5) / 4, (2 + 3 + 6 + 7) / 4, 0])


def test_pooling_follows_positions_and_not_the_order():
    rng = np.random.default_rng(0)
    positions = np.array([[x, y] for y in range(6) for x in range(3)], np.int32)
    x = rng.standard_normal((18, 5)).astype("float32")
    shuffled = rng.permutation(18)
    a, b = (
        to_numpy(pooled(ops.convert_to_tensor(x[order][None]), ops.convert_to_tensor(positions[order][None]), 3))
        for order in (np.arange(18), shuffled)
    )
    np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(a[0], x.reshape(2, 9, 5).mean(1), atol=1e-6)


def test_pixels_are_centred_and_both_coordinates_add_a_vector():
    config = VisionConfig(width=2, layers=1, heads=1, head_dim=4, feedforward=2, patch_size=1, positions=5)
    patches = PatchEmbedding(config)
    patches.projection.kernel.assign([[1.0, 0], [0, 1], [0, 0]])
    patches.positions.assign(np.arange(20, dtype=np.float32).reshape(2, 5, 2))
    pixels = np.array([[[1, 0, 0.5], [0.5, 0.5, 0.5], [0, 0, 0]]], np.float32)
    positions = np.array([[[0, 0], [3, 1], [-1, -1]]], np.int32)
    result = to_numpy(patches(ops.convert_to_tensor(pixels), ops.convert_to_tensor(positions)))
    # columns 0 and 3 are (0,1) and (6,7); rows 0 and 1 are (10,11) and (12,13); padding has none
    np.testing.assert_array_equal(result[0], [[1 + 0 + 10, -1 + 1 + 11], [6 + 12, 7 + 13], [-1, -1]])


def test_each_half_of_a_head_turns_with_its_own_axis():
    frequencies = inverse_frequencies(4, 100.0, 2)
    columns, rows = np.array([[0, 5]]), np.array([[7, 0]])
    x = np.random.default_rng(0).standard_normal((1, 2, 1, 8)).astype("float32")
    turned = to_numpy(
        rotate_by_axes(ops.convert_to_tensor(x), [angles(columns, frequencies), angles(rows, frequencies)])
    )
    np.testing.assert_array_equal(turned[0, 0, 0, :4], x[0, 0, 0, :4])  # column 0 turns nothing
    np.testing.assert_array_equal(turned[0, 1, 0, 4:], x[0, 1, 0, 4:])
    # the first pair (features 0 and 2) turns by one radian a column
    a, b = x[0, 1, 0, 0], x[0, 1, 0, 2]
    np.testing.assert_allclose(turned[0, 1, 0, 0], a * np.cos(5) - b * np.sin(5), rtol=1e-5)


def test_a_clipped_map_clamps_what_goes_in_and_what_comes_out():
    made = ClippedProjection("btd,df->btf", (1, 1))
    made.kernel.assign([[3.0]])
    x = ops.convert_to_tensor(np.array([[[-9.0], [0.1], [9]]], np.float32))
    np.testing.assert_allclose(to_numpy(made(x)).ravel(), [-27, 0.3, 27], rtol=1e-6)  # no bounds yet
    for name, bound in {"input_min": -2, "input_max": 1, "output_min": -5, "output_max": 2}.items():
        getattr(made, name).assign([bound])
    np.testing.assert_allclose(to_numpy(made(x)).ravel(), [-5, 0.3, 2], rtol=1e-6)


def test_large_models_are_made_of_ordinary_maps():
    assert projection_of(SEES_AND_HEARS.vision) is ClippedProjection
    assert projection_of(SEES_AND_HEARS.vision.replace(clipped=False)) is Projection


def test_padding_changes_nothing(net, pictures):
    together, _ = encoded(net, pictures)
    alone, _ = encoded(net, {name: array[1:2, :9] for name, array in pictures.items()})
    np.testing.assert_allclose(together[1, :1], alone[0], atol=1e-5)
    other = {"pixels": pictures["pixels"].copy(), "positions": pictures["positions"]}
    other["pixels"][other["positions"][..., 0] < 0] = 0.7
    np.testing.assert_array_equal(encoded(net, other)[0], together)


def test_a_batch_may_hold_a_picture_that_is_none(net, pictures):
    nothing = {"pixels": np.zeros_like(pictures["pixels"]), "positions": np.full_like(pictures["positions"], -1)}
    assert np.isfinite(encoded(net, nothing)[0]).all()


def test_patterns_sum_to_one_over_patches_that_are_there(net, pictures):
    name = "vision.layers.1.attention.weights"
    _, sites = encoded(net, pictures, record=[name, "vision.*.q", "vision.*.k", "vision.soft_tokens"])
    weights, there = sites[name], pictures["positions"][..., 0] >= 0
    assert weights.shape == (3, 63, 3, 63)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-5)
    assert weights[~there[:, None, None].repeat(63, 1).repeat(3, 2)].max() == 0
    # the pattern is what queries and keys give
    q, k = (sites[f"vision.layers.1.attention.{letter}"][0].astype("float64") for letter in "qk")
    scores = np.exp(np.einsum("tnh,snh->tns", q, k)) * there[0]
    np.testing.assert_allclose(weights[0], scores / scores.sum(-1, keepdims=True), atol=1e-5)
    assert sites["vision.soft_tokens"].shape == (3, 7, 48)


def test_watching_the_patterns_changes_nothing(net, pictures):
    watched, _ = encoded(net, pictures, record=["vision.*.weights"])
    there = np.arange(7) < np.array([6, 1, 3])[:, None]  # the rest is filler
    np.testing.assert_allclose(watched[there], encoded(net, pictures)[0][there], atol=1e-5)


def test_the_pattern_can_be_edited(net, pictures):
    before, _ = encoded(net, pictures)
    name = "vision.layers.0.attention.weights"
    after, sites = encoded(
        net, pictures, edits=[(name, Edit(lambda x: ops.zeros_like(x)))], record=[f"{name[:-8]}.heads"]
    )
    assert np.abs(after - before)[0].max() > 1e-3
    assert sites[f"{name[:-8]}.heads"].max() == 0


def test_films_have_sites_of_their_own(net):
    film = media(SEES_AND_HEARS)["video"]
    _, sites = Watched(net).encode("video", film, record=["video.layers.*.residual"])
    assert list(sites) == ["video.layers.0.residual", "video.layers.1.residual"]


def test_standardised_in_float32_whatever_the_dtype():
    # sqrt(1152) times features of 2,000 and constants near 50,000 leave float16, and bfloat16's 8 bits, behind.
    config = SEES_AND_HEARS.vision.replace(standardised=True, layers=1)
    with unset_weights():
        encoder = VisionEncoder(config, 8, "bfloat16")
    encoder.std_bias.assign(np.full(config.width, 1024.0))
    encoder.embedding.projection.kernel.assign(np.eye(config.width)[:, :8])
    pixels = np.full((1, 9, config.patch_values), 0.5, np.float32)
    positions = np.array([[[x, y] for y in range(3) for x in range(3)]], np.int32)
    encoder.patches.positions.assign(np.full((2, config.positions, config.width), 105.0))
    soft = to_numpy(runtime.compile(encoder, encoder)(pixels, positions))
    # 210 * sqrt(24) - 1024 = 4.78; with 1028.78 rounded to bfloat16 first it would be 0 or 8. The norm makes it 1.
    np.testing.assert_allclose(soft, 1, atol=0.01)
