"""Whatever bytes come: a result that is well formed, or one G4LabError; nothing hangs (each has ten seconds)."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from g4lab.errors import G4LabError
from g4lab.media import ImagePatches, read_audio, read_image, read_video, split_audio
from tests.media.making import compressed, encoded, film, picture, tone, wav

RGB = Image.fromarray(picture(30, 40))
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "PPM", "TGA", "ICO", "JPEG2000")
PICTURES = {format: encoded(RGB, format) for format in FORMATS}
PICTURES["palette"] = encoded(RGB.quantize(8), transparency=0)
PICTURES["16 bits"] = encoded(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)))
PICTURES["animated"] = encoded(RGB, "GIF", save_all=True, append_images=[Image.fromarray(picture(30, 40, 1))])
PICTURES["CMYK"] = encoded(RGB.convert("CMYK"), "JPEG")
SOUNDS = {"wav": wav(tone(0.1)), "float wav": wav(tone(0.1, channels=2), 8000, 32, True, True)}
for codec, format in (("flac", "flac"), ("libmp3lame", "mp3"), ("aac", "mp4"), ("libopus", "ogg"), ("libopus", "webm")):
    SOUNDS[f"{codec} {format}"] = compressed(tone(0.2, 48_000), 48_000, codec, format)
FILMS = {}
for codec, format in (("libx264", "mp4"), ("libx264", "matroska"), ("libvpx", "webm"), ("ffv1", "avi"), ("gif", "gif")):
    FILMS[f"{codec} {format}"] = film(frames=5, codec=codec, format=format)
STARTS = [data[:size] for data in (*PICTURES.values(), *SOUNDS.values(), *FILMS.values()) for size in (8, 16)]

# A busy machine is slow, not wrong: a file may take ten seconds, and none may hang.
patient = settings(
    max_examples=60, deadline=10_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check_picture(patches):
    assert isinstance(patches, ImagePatches)
    assert patches.pixels.shape == (patches.soft_tokens * 9, 768) and patches.soft_tokens <= patches.budget
    assert 0 <= patches.pixels.min() and patches.pixels.max() <= 1


def check_sound(clip):
    assert np.isfinite(clip.mel).all() and np.isfinite(clip.waveform).all()
    assert len(clip.mel) == len(clip.valid) and 1 <= clip.soft_tokens <= 750


def check_film(video):
    assert 1 <= len(video.frames) == len(video.timestamps) <= 32
    for frame in video.frames:
        check_picture(frame)


READERS = [
    (lambda data: read_image(data, 70), check_picture),
    (read_audio, check_sound),
    (lambda data: split_audio(data)[0], check_sound),
    (read_video, check_film),
]


def try_all(data):
    for read, check in READERS:
        try:
            found = read(data)
        except G4LabError as error:
            assert error.what and error.next
        else:
            check(found)


@patient
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes_and_texts(data):
    try_all(data)


@patient
@given(st.sampled_from(STARTS), st.binary(max_size=300))
def test_the_beginning_of_a_format_and_then_anything(start, rest):
    try_all(start + rest)


@st.composite
def damaged(draw, files):
    """A file with some bytes changed, a stretch cut out, or its end missing."""
    data = bytearray(files[draw(st.sampled_from(sorted(files)))])
    for at in draw(st.lists(st.integers(0, len(data) - 1), max_size=6)):
        data[at] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        first = draw(st.integers(0, len(data)))
        del data[first : first + draw(st.integers(0, 40))]
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@pytest.mark.slow
@settings(patient, max_examples=400)
@given(damaged(PICTURES))
def test_damaged_pictures(data):
    try_all(data)


@pytest.mark.slow
@settings(patient, max_examples=250)
@given(damaged(SOUNDS))
def test_damaged_sounds(data):
    try_all(data)


@pytest.mark.slow
@settings(patient, max_examples=150)
@given(damaged(FILMS))
def test_damaged_films(data):
    try_all(data)


shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9)
dtypes = st.sampled_from(["u1", "u2", "i2", "i4", "i8", "f2", "f4", "f8", "?", "c8", "U1", "O"])


@patient
@given(shapes.flatmap(lambda shape: dtypes.flatmap(lambda dtype: arrays.arrays(dtype, shape))), st.integers(-2, 10**6))
def test_any_array(array, rate):
    for read in (read_image, read_video, lambda x: read_audio(np.resize(x, 400) if x.size else x, rate)):
        try:
            read(array)
        except G4LabError as error:
            assert error.what and error.next


@patient
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 300), st.integers(1, 300), st.just(3))))
def test_every_picture_is_read(array):
    patches = read_image(array, 70)
    check_picture(patches)
    assert patches.original_size == array.shape[:2]
