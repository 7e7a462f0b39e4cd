"""Patches, their order and positions, by hand; batches."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.media import read_image, stack_images
from tests.media.making import picture


@pytest.fixture
def small():
    """A picture that needs no resize: 4 x 6 pixels, patches of 1 pixel, pooled 2 x 2 to 2 x 3 soft tokens."""
    values = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return values, read_image(values, budget=6, pooling=2, patch_size=1)


def test_a_picture_of_the_right_size_is_not_touched(small):
    values, patches = small
    assert patches.size == patches.original_size == (4, 6)
    np.testing.assert_array_equal(patches.picture(), values)
    np.testing.assert_array_equal(patches.pixels, (values.reshape(24, 3) / 255).astype(np.float32))


def test_positions_are_x_then_y_and_x_runs_fastest(small):
    _, patches = small
    assert patches.positions[:8].tolist() == [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [0, 1], [1, 1]]
    assert patches.positions[-1].tolist() == [5, 3]


def test_a_patch_holds_rows_of_pixels_of_channels():
    values = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)
    patches = read_image(values, budget=4, pooling=1, patch_size=2)
    # The second patch is the top right one: pixels (0,2) (0,3) (1,2) (1,3), each red, green, blue.
    assert np.rint(patches.pixels[1] * 255).tolist() == [6, 7, 8, 9, 10, 11, 18, 19, 20, 21, 22, 23]


def test_soft_tokens_and_their_boxes(small):
    _, patches = small
    assert (patches.grid, patches.soft_tokens) == ((2, 3), 6)
    assert patches.box(0) == (0, 0, 2, 2)
    assert patches.box(5) == (4, 2, 6, 4)
    with pytest.raises(InputError, match="no soft token 6"):
        patches.box(6)


def test_the_default_is_gemmas():
    patches = read_image(picture(480, 640))
    assert patches.pixels.shape == (266 * 9, 768)
    assert patches.pixels.dtype == np.float32 and patches.positions.dtype == np.int32
    assert (patches.size, patches.original_size, patches.soft_tokens) == ((672, 912), (480, 640), 266)
    assert patches.kind == "image" and patches.notes == ()
    assert 0 <= patches.pixels.min() < patches.pixels.max() <= 1


def test_a_batch_is_padded_with_zeros_at_position_minus_one(small):
    _, patches = small
    other = read_image(picture(2, 2), budget=1, pooling=2, patch_size=1)
    pixels, positions = stack_images([patches, other])
    assert pixels.shape == (2, 24, 3) and positions.shape == (2, 24, 2)
    np.testing.assert_array_equal(pixels[0], patches.pixels)
    np.testing.assert_array_equal(pixels[1, :4], other.pixels)
    assert not pixels[1, 4:].any() and (positions[1, 4:] == -1).all() and (positions[1, :4] >= 0).all()
    assert stack_images([other], patches=9)[0].shape == (1, 9, 3)


def test_batches_that_cannot_be(small):
    _, patches = small
    with pytest.raises(InputError, match="24 patches, more than 23"):
        stack_images([patches], patches=23)
    with pytest.raises(InputError, match="no pictures"):
        stack_images([])
    with pytest.raises(InputError, match="differ"):
        stack_images([patches, read_image(picture())])
