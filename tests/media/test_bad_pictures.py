"""Pictures from the world that are none: one clear error each, quickly, and before anything large is decoded."""

import os
import socket
import time

import numpy as np
import pytest
from PIL import Image

from g4lab.errors import G4LabError, InputError, MediaError
from g4lab.media import pictures, read_image
from tests.media.making import encoded, picture, png_of_size

WHOLE = {
    format: encoded(Image.fromarray(picture(200, 300)), format)
    for format in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM")
}


def refused(source, message):
    with pytest.raises(MediaError, match=message) as caught:
        read_image(source)
    assert caught.value.next
    assert isinstance(caught.value, InputError) and isinstance(caught.value, G4LabError)
    return caught.value


@pytest.mark.parametrize("format", WHOLE)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_truncated(format, share):
    refused(WHOLE[format][: int(len(WHOLE[format]) * share)], "no picture")


def test_empty(tmp_path):
    refused(b"", "0 bytes")
    path = tmp_path / "empty.png"
    path.touch()
    assert refused(path, "file is empty").where == str(path)


def test_text_renamed_png(tmp_path):
    path = tmp_path / "notes.png"
    path.write_text("I am a text, and no picture.\n" * 50)
    error = refused(path, "begins with b'I am a text,'")
    assert error.where == str(path) and "PNG, JPEG" in error.next


def test_a_program_is_not_run():
    refused(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n", "no picture in a format")


def test_no_such_file(tmp_path, monkeypatch):
    error = refused(tmp_path / "nothing.png", "no such file")
    assert error.where.endswith("nothing.png")
    monkeypatch.chdir(tmp_path)
    assert str(tmp_path) in refused("nothing.png", "no such file").next


def test_what_is_no_regular_file(tmp_path):
    refused(tmp_path, "this is a directory")
    os.mkfifo(tmp_path / "pipe.png")  # opening it would wait for a writer
    refused(tmp_path / "pipe.png", "no regular file")
    refused("/dev/zero", "no regular file")
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.relpath(tmp_path / "s"))
    refused(tmp_path / "s", "no regular file")
    server.close()


def test_names_that_no_system_takes():
    refused("a\0b.png", "no such file|cannot be opened")
    refused("x" * 5000, "no such file|cannot be opened")


def test_an_address_is_not_fetched():
    refused("https://example.com/cat.png", "fetches none")


@pytest.fixture
def no_decoding(monkeypatch):
    def load(self):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Image.Image, "load", load)


@pytest.mark.usefixtures("no_decoding")
@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (9_460, 9_460), (1, 100_000_000)])
def test_a_decompression_bomb_is_not_decoded(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_of_size(width, height, rows=min(height, 30_000)))
    start = time.perf_counter()
    assert "save it smaller" in refused(path, "pixels; at most 89,478,485").next
    assert time.perf_counter() - start < 1


def test_an_image_of_the_user_that_is_too_large():
    class Huge(Image.Image):
        size = (30_000, 30_000)

    refused(Huge(), "30,000 x 30,000")


def test_an_array_that_is_too_large():
    refused(np.broadcast_to(np.uint8(0), (30_000, 30_000, 3)), "30,000 x 30,000")


def test_the_largest_picture_is_read(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PIXELS", 60 * 40)
    assert read_image(encoded(Image.fromarray(picture(40, 60)))).original_size == (40, 60)
    refused(encoded(Image.fromarray(picture(40, 61))), "40 x 61")


@pytest.mark.parametrize(("height", "width"), [(1, 5000), (5000, 1), (1, 1), (2, 89_000)])
def test_strips_and_points(height, width):
    patches = read_image(encoded(Image.new("RGB", (width, height), (10, 200, 30))))
    assert patches.original_size == (height, width)
    assert 1 <= patches.soft_tokens <= 280
    assert (patches.picture() == (10, 200, 30)).all()


def test_a_decoder_without_memory(monkeypatch):
    def load(self):
        raise MemoryError

    monkeypatch.setattr(Image.Image, "load", load)
    refused(Image.fromarray(picture()), "no memory")
