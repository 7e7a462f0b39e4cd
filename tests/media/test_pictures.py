"""Every common kind of picture comes out as 8-bit RGB, upright, on white."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from g4lab.errors import MediaError
from g4lab.media.pictures import upright_rgb
from tests.media.making import encoded, picture

RGB = picture()


def read(source):
    image, notes = upright_rgb(source)
    assert image.mode == "RGB"
    return np.asarray(image), notes


def test_all_forms_of_one_picture_are_equal(tmp_path):
    image = Image.fromarray(RGB)
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(image))
    data = path.read_bytes()
    for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data), image, RGB):
        values, notes = read(source)
        np.testing.assert_array_equal(values, RGB)
        assert notes == ()


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "TGA"])
def test_lossless_formats_are_exact(format):
    np.testing.assert_array_equal(read(encoded(Image.fromarray(RGB), format))[0], RGB)


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "AVIF", "JPEG2000"])
def test_lossy_formats_are_as_pillow_decodes_them(format):
    data = encoded(Image.fromarray(RGB), format)
    np.testing.assert_array_equal(read(data)[0], np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_cameras_rotation_is_applied(orientation, format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(RGB), format, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    values, notes = read(data)
    np.testing.assert_array_equal(values, np.asarray(expected))
    assert values.shape[:2] == ((60, 40) if orientation > 4 else (40, 60))
    assert notes == ()


def test_a_damaged_rotation_is_said(monkeypatch):
    def damaged(self):
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", damaged)
    values, notes = read(Image.fromarray(RGB))
    np.testing.assert_array_equal(values, RGB)
    assert "rotation" in notes[0]


def test_transparency_is_laid_on_white():
    alpha = np.zeros((40, 60, 1), np.uint8)
    alpha[:20], alpha[20:30] = 255, 51
    rgba = np.concatenate([RGB, alpha], axis=2)
    for source in (Image.fromarray(rgba), encoded(Image.fromarray(rgba)), encoded(Image.fromarray(rgba), "TIFF"), rgba):
        values, _ = read(source)
        np.testing.assert_array_equal(values[:20], RGB[:20])
        assert (values[30:] == 255).all()
        np.testing.assert_allclose(values[20:30], RGB[20:30] * 0.2 + 255 * 0.8, atol=1)


def test_bands_of_a_tall_transparent_picture_have_no_seams():
    rgba = np.random.default_rng(1).integers(0, 256, (2500, 3, 4), np.uint8)
    whole = Image.alpha_composite(Image.new("RGBA", (3, 2500), "white"), Image.fromarray(rgba)).convert("RGB")
    np.testing.assert_array_equal(read(rgba)[0], np.asarray(whole))


def test_palettes_with_and_without_transparency():
    palette = Image.fromarray(RGB).quantize(16)
    np.testing.assert_array_equal(read(encoded(palette))[0], np.asarray(palette.convert("RGB")))
    clear = int(np.asarray(palette)[0, 0])
    values, _ = read(encoded(palette, transparency=clear))
    at = np.asarray(palette) == clear
    assert (values[at] == 255).all()
    np.testing.assert_array_equal(values[~at], np.asarray(palette.convert("RGB"))[~at])


def test_grey_and_black_and_white():
    grey = Image.fromarray(RGB).convert("L")
    for image in (grey, grey.convert("1"), grey.convert("LA")):
        values, _ = read(encoded(image))
        np.testing.assert_array_equal(values, np.asarray(image.convert("RGB")))


def test_cmyk():
    image = Image.fromarray(RGB).convert("CMYK")
    np.testing.assert_array_equal(read(encoded(image, "TIFF"))[0], RGB)


def test_lab_and_hsv_colours():
    colours = np.array([[[200, 40, 40], [40, 160, 60], [128, 128, 128]]], np.uint8)
    image = Image.fromarray(colours)
    rgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    as_lab = ImageCms.applyTransform(image, ImageCms.buildTransform(rgb, lab, "RGB", "LAB"))
    np.testing.assert_allclose(read(encoded(as_lab, "TIFF"))[0], colours, atol=4)
    np.testing.assert_allclose(read(image.convert("HSV"))[0], colours, atol=4)


def test_16_bits_are_scaled_and_not_cut_off():
    deep = np.array([[0, 128, 129, 257, 32_768, 65_535]], np.uint16)
    expected = [0, 0, 1, 1, 128, 255]
    sources = [deep, Image.fromarray(deep), encoded(Image.fromarray(deep)), encoded(Image.fromarray(deep), "TIFF")]
    sources += [Image.fromarray(deep.astype(np.int32)), encoded(Image.fromarray(deep.astype(np.int32)), "PPM")]
    for source in sources:
        values, _ = read(source)
        assert values[0, :, 0].tolist() == values[0, :, 2].tolist() == expected


def test_16_bits_with_a_transparent_grey():
    deep = Image.fromarray(np.array([[0, 1000, 65_535]], np.uint16))
    deep.info["transparency"] = 1000
    assert read(deep)[0][0, :, 0].tolist() == [0, 255, 255]


def test_more_than_16_bits_are_refused():
    with pytest.raises(MediaError, match="from 0 to 70000"):
        read(Image.fromarray(np.array([[0, 70_000]], np.int32)))


def test_floats_from_0_to_1():
    values = np.linspace(0, 1, 256, dtype=np.float64).reshape(16, 16)
    for source in (values, values.astype(np.float16), Image.fromarray(values.astype(np.float32))):
        np.testing.assert_array_equal(read(source)[0][:, :, 1].ravel(), np.arange(256))


@pytest.mark.parametrize("wrong", [np.array([[0.0, 255.0]]), np.array([[-0.5, 0.5]]), np.array([[np.nan, 0.5]])])
def test_other_floats_are_refused(wrong):
    with pytest.raises(MediaError, match="its values go from"):
        read(wrong)
    with pytest.raises(MediaError, match="its values go from"):
        read(Image.fromarray(wrong.astype(np.float32)))


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken_and_said(format):
    first, *rest = (Image.fromarray(picture(seed=seed)) for seed in range(3))
    data = encoded(first, format, save_all=True, append_images=rest)
    values, notes = read(data)
    np.testing.assert_array_equal(values, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert "frame 1 of an animation" in notes[0]


def test_a_page_of_many_is_said():
    data = encoded(Image.fromarray(RGB), "TIFF", save_all=True, append_images=[Image.fromarray(RGB)] * 2)
    assert read(data)[1] == ("page 1 of 3",)


def test_the_users_image_is_left_as_it_was():
    image = Image.fromarray(np.dstack([RGB, RGB[:, :, :1]]))
    before = image.copy()
    read(image)
    assert image.mode == "RGBA" and image.tobytes() == before.tobytes()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((3, 40, 60), np.uint8), "channels last"),
        (np.zeros((2, 2, 2), np.uint8), "no picture's"),
        (np.zeros(5, np.uint8), "no picture's"),
        (np.zeros((0, 5, 3), np.uint8), "0 x 5 pixels"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
        (np.zeros((4, 4), bool), "bool"),
        (Image.new("RGB", (0, 5)), "has none"),
        (None, "NoneType is no picture"),
        (7, "int is no picture"),
        ([[1, 2]], "list is no picture"),
    ],
)
def test_what_is_no_picture(wrong, message):
    with pytest.raises(MediaError, match=message):
        read(wrong)
