"""Any picture as 8-bit RGB, upright, on white: files, Pillow images and arrays of every common kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from g4lab.errors import MediaError
from g4lab.media.source import decoding, is_file, name_of, opened

MAX_PIXELS = 89_478_485
"""A quarter of a gigabyte as RGB, where Pillow begins to warn; the encoder sees at most 2.6 million of them."""
# Formats of raster pictures. Others that Pillow knows run programs (EPS) or are seldom what was meant.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "TGA", "ICO")
ADVICE = "give a PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF picture"
_BAND = 256


def upright_rgb(source: Any) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture as a Pillow image of mode RGB, and notes on what was chosen for the reader.

    A camera's rotation (EXIF) is applied, transparency is laid on white, 16-bit values are scaled to 8 bits, and of an
    animation the first frame is taken.

    Args:
        source: a path, a file's bytes, a Pillow image, or an array [h, w], [h, w, 1], [h, w, 3] or [h, w, 4]
            (red, green, blue, opacity) of uint8, uint16, or floats from 0 to 1.
    Raises: MediaError for anything else, for damaged files, and for more than `MAX_PIXELS` before they are decoded.
    """
    if isinstance(source, np.ndarray):
        return _from_array(source), ()
    if isinstance(source, Image.Image):
        return _decoded(source, source)
    if not is_file(source):
        raise MediaError(
            f"a {type(source).__name__} is no picture",
            next="give a path, the bytes of a file, a Pillow image or a numpy array",
        )
    with opened(source, "a picture") as file, decoding("picture", source, ADVICE):
        try:
            Image.init()  # else Pillow knows only the formats that it has met
            image = Image.open(file, formats=[format for format in FORMATS if format in Image.OPEN])
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # a warning where warnings are errors
            raise _too_large("too many", source) from None
        except Image.UnidentifiedImageError:
            file.seek(0)
            raise MediaError(
                f"this is no picture in a format that g4lab reads; it begins with {file.read(12)!r}",
                name_of(source),
                ADVICE,
            ) from None
        with image:
            return _decoded(image, source)


def _decoded(image: Image.Image, source: Any) -> tuple[Image.Image, tuple[str, ...]]:
    width, height = image.size
    _check_size(height, width, source)
    notes = []
    with decoding("picture", source, ADVICE):
        if image.format in ("GIF", "PNG", "WEBP", "AVIF") and getattr(image, "is_animated", False):
            notes.append(f"frame {image.tell() + 1} of an animation; for all of it, give the frames to read_video")
        elif image.format == "TIFF" and getattr(image, "n_frames", 1) > 1:
            notes.append(f"page {image.tell() + 1} of {image.n_frames}")
        image.load()
        turn, note = _orientation(image)
        image = _rgb(image, source)
        if turn is not None:
            image = image.transpose(turn)
    return image, (*notes, *note)


def _check_size(height: int, width: int, source: Any) -> None:
    if height == 0 or width == 0:
        raise MediaError(f"a picture of {height} x {width} pixels has none", name_of(source), "give at least one pixel")
    if height * width > MAX_PIXELS:
        raise _too_large(f"{height:,} x {width:,}", source)


def _too_large(pixels: str, source: Any) -> MediaError:
    return MediaError(
        f"this picture has {pixels} pixels; at most {MAX_PIXELS:,} are decoded",
        name_of(source),
        "save it smaller: 2,000 pixels a side keep all that the model can see",
    )


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image: Image.Image) -> tuple[Image.Transpose | None, tuple[str, ...]]:
    """How to turn a picture that a camera stored lying, by the table of EXIF's tag 0x0112."""
    try:
        return _TURNS.get(image.getexif().get(0x0112)), ()
    except Exception:  # the camera's notes are damaged, the picture is not
        return None, ("its EXIF data cannot be read, so a rotation that they ask for is not applied",)


def _rgb(image: Image.Image, source: Any) -> Image.Image:
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        return _from_values(image, source)
    if mode == "La":
        image = image.convert("LA")
    if "A" in image.getbands() or "a" in image.getbands() or image.info.get("transparency") is not None:
        return _on_white(image)
    return image if mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """A picture with any kind of transparency, band by band: a large one is in memory twice, and no more."""
    done = Image.new("RGB", image.size)
    for top in range(0, image.height, _BAND):
        band = image.crop((0, top, image.width, min(top + _BAND, image.height))).convert("RGBA")
        white = Image.new("RGBA", band.size, (255, 255, 255, 255))
        done.paste(Image.alpha_composite(white, band).convert("RGB"), (0, top))
    return done


def _from_values(image: Image.Image, source: Any) -> Image.Image:
    """Grey values of more than 8 bits, which Pillow's own conversion would cut off at 255."""
    values = np.asarray(image)
    if image.mode == "F":
        grey = _levels(values, name_of(source))
    else:
        if values.min() < 0 or values.max() > 65_535:
            raise MediaError(
                f"the grey values of this picture go from {values.min()} to {values.max()}",
                name_of(source),
                "scale them to 16 bits, 0 to 65535",
            )
        grey = _levels(values.astype(np.uint16), name_of(source))
        if isinstance(clear := image.info.get("transparency"), int):
            grey[values == clear] = 255
    return Image.fromarray(grey).convert("RGB")


def _from_array(array: np.ndarray) -> Image.Image:
    where = name_of(array)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        turned = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        raise MediaError(
            "the shape of this array is no picture's",
            where,
            "put the channels last: array.transpose(1, 2, 0)" if turned else "give [height, width, 3]",
        )
    _check_size(*array.shape[:2], array)
    values = np.ascontiguousarray(_levels(array, where))
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    image = Image.fromarray(values)
    return _rgb(image, array)


def _levels(values: np.ndarray, where: str) -> np.ndarray:
    """uint8, from integers of 8 or 16 bits or from floats between 0 and 1."""
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
    if values.dtype.kind != "f":
        raise MediaError(f"its values are {values.dtype}", where, "give uint8, uint16, or floats from 0 to 1")
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= 1):  # also when either is not a number
        raise MediaError(
            f"its values go from {low:.4g} to {high:.4g}",
            where,
            "scale floats to 0 to 1 (divide by 255, or undo a normalisation)",
        )
    return np.rint(values.astype(np.float32) * 255).astype(np.uint8)
