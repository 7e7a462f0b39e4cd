"""Films from files and frames: which frames, when, and upright."""

import struct

import numpy as np
import pytest
from PIL import Image

from g4lab.errors import InputError, MediaError
from g4lab.media import frames, read_image, read_video
from g4lab.media.frames import sampled
from tests.media.making import compressed, encoded, film, picture, tone


def greys(video):
    """Which frames these are: frame n of a made film is grey 5 n."""
    return [round(float(frame.pixels.mean()) * 255) / 5 for frame in video.frames]


def refused(source, message, **options):
    with pytest.raises(MediaError, match=message) as caught:
        read_video(source, **options)
    assert caught.value.next
    return caught.value


def test_which_frames_are_looked_at():
    assert sampled(64, 32) == list(range(0, 64, 2))
    assert sampled(40, 4) == [0, 10, 20, 30]
    assert sampled(33, 32) == list(range(32))
    assert sampled(100, 32)[:6] == [0, 3, 6, 9, 12, 15]
    assert sampled(5, 32) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("codec", "format"),
    [("libx264", "mp4"), ("libx264", "mov"), ("libx264", "matroska"), ("libx264", "mpegts"), ("libvpx", "webm"),
     ("ffv1", "avi"), ("libsvtav1", "mp4"), ("gif", "gif")],
)  # fmt: skip
def test_formats(codec, format):
    video = read_video(film(frames=48, codec=codec, format=format))
    assert (video.total_frames, video.fps, len(video.frames)) == (48, 10.0, 32)
    assert video.indices == tuple(sampled(48, 32))
    np.testing.assert_allclose(greys(video), video.indices, atol=4 if codec == "gif" else 0.5)
    assert video.notes == ()


def test_what_comes_out():
    video = read_video(film(frames=700, height=90, width=160, fps=10), frames=7)
    assert video.kind == "video"
    assert video.seconds == (0, 10, 20, 30, 40, 50, 60)
    assert video.timestamps == ("00:00", "00:10", "00:20", "00:30", "00:40", "00:50", "01:00")
    assert video.soft_tokens == 66 and video.frames[0].size == (288, 528)
    assert video.frames[3].original_size == (90, 160)


def test_jumps_and_counting_find_the_same_frames(monkeypatch):
    """A container whose index lies is counted through; so is one that does not say when its frames are shown."""
    data = film(frames=60)
    jumped = read_video(data, frames=9)
    monkeypatch.setattr(frames.Film, "_by_time", lambda self, times: iter(()))
    counted = read_video(data, frames=9)
    for one, other in zip(jumped.frames, counted.frames, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_frames_of_a_whole_file_are_found_by_jumping(monkeypatch):
    monkeypatch.setattr(frames.Film, "_by_count", lambda self, indices: iter(()) if not indices else pytest.fail())
    assert len(read_video(film(frames=120), frames=5).frames) == 5


def turned(data: bytes, matrix: tuple[int, ...]) -> bytes:
    """An MP4 whose track header says that it is shown turned."""
    at = data.index(b"tkhd") + 4 + 40
    return data[:at] + struct.pack(">9i", *matrix) + data[at + 36 :]


def test_a_film_from_a_phone_is_turned_upright():
    """A quarter turn clockwise brings the stored left to the top."""
    one, cosine = 1 << 30, 1 << 16
    left_white = np.zeros((48, 64, 3), np.uint8)
    left_white[:, :32] = 255
    data = film(frames=3, values=left_white)
    shown = read_video(turned(data, (0, cosine, 0, -cosine, 0, 0, 0, 0, one))).frames[1]
    assert shown.original_size == (64, 48)
    rows = shown.picture().mean(axis=(1, 2))
    assert (rows[: len(rows) // 3] > 250).all() and (rows[-len(rows) // 3 :] < 5).all()
    upside_down = read_video(turned(data, (-cosine, 0, 0, 0, -cosine, 0, 0, 0, one))).frames[1]
    assert upside_down.picture()[:, -100:].min() > 250
    assert read_video(data).frames[1].picture()[:, :100].min() > 250


def test_frames_from_arrays_and_lists():
    stack = np.stack([picture(seed=seed) for seed in range(40)])
    video = read_video(stack, 8, frames=4)
    assert (video.indices, video.fps, video.total_frames) == ((0, 10, 20, 30), 8, 40)
    assert video.timestamps == ("00:00", "00:01", "00:02", "00:03") and video.notes == ()
    np.testing.assert_array_equal(video.frames[1].pixels, read_image(stack[10], 70).pixels)
    for listed in (list(stack), [Image.fromarray(x) for x in stack], [encoded(Image.fromarray(x)) for x in stack]):
        np.testing.assert_array_equal(read_video(listed, 8, frames=4).frames[1].pixels, video.frames[1].pixels)


def test_unknown_frames_a_second_are_said():
    video = read_video(np.zeros((49, 8, 8, 3), np.uint8))
    assert video.fps == 24 and "unknown" in video.notes[0]


def test_small_patches():
    video = read_video(np.zeros((2, 24, 24, 3), np.uint8), 1, budget=9, pooling=2, patch_size=4)
    assert video.soft_tokens == 9 and video.frames[0].pixels.shape == (36, 48)


def test_a_film_without_frames():
    refused(np.zeros((0, 8, 8, 3), np.uint8), "no frames")
    refused([], "no frames")
    refused(film(frames=0, sound=True), "no frames|no film that can be read|no pictures")


def test_sound_is_no_film():
    assert "read_audio" in refused(compressed(tone(1), 16_000, "aac", "mp4"), "no pictures in this file").next


def test_an_mp4_whose_frames_were_cut_out():
    data = bytearray(film(frames=3))
    at = data.index(b"stsz") + 4
    data[at + 8 : at + 12] = bytes(4)  # the table says that there are none
    refused(bytes(data), "no frames|no film that can be read|no pictures")


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_a_truncated_mp4(share):
    """It ends with the table that says where its frames are."""
    data = film(frames=200)
    refused(data[: int(len(data) * share)], "no film that can be read")


def test_a_film_that_breaks_off_is_looked_at_as_far_as_it_goes():
    data = film(frames=200, format="matroska")
    refused(data[: len(data) // 20], "no film that can be read|no frames")
    video = read_video(data[: len(data) // 2])
    assert video.notes[0].startswith("the file says that it is 20.0 s long and its pictures end after")
    assert 50 < video.total_frames < 150 and video.indices[-1] < video.total_frames
    np.testing.assert_allclose(greys(video), [number % 50 for number in video.indices], atol=1)


def test_other_things_that_are_no_film(tmp_path):
    refused(b"", "0 bytes")
    refused(b"I am a text\n" * 30, "no film that can be read")
    refused(tmp_path / "nothing.mp4", "no such file")
    refused(tmp_path, "directory")
    refused(None, "NoneType is no film")
    refused(np.zeros((8, 8, 3), np.uint8), "no film")
    refused([picture(4, 4), picture(5, 5)], "differ in size")
    refused([picture(4, 4), None], "NoneType is no picture")
    refused(film(frames=3), "says its own", fps=3)


def test_frames_that_are_too_large(monkeypatch):
    monkeypatch.setattr(frames, "MAX_PIXELS", 47 * 64)
    refused(film(frames=3), "48 x 64 pixels")


@pytest.mark.parametrize("options", [{"frames": 0}, {"frames": 2.0}, {"fps": 0}, {"fps": float("nan")}, {"budget": 0}])
def test_arguments(options):
    with pytest.raises(InputError):
        read_video(np.zeros((3, 8, 8, 3), np.uint8), **options)
