"""Sounds from the world that are none: one clear error each, and memory stays bounded."""

import struct
import sys

import numpy as np
import pytest

from g4lab.errors import InputError, MediaError, SetupError
from g4lab.media import audio, read_audio, split_audio
from tests.media.making import compressed, film, tone, wav

WAV = wav(tone(0.5))


def refused(source, message, rate=None, **options):
    with pytest.raises(MediaError, match=message) as caught:
        read_audio(source, rate, **options)
    assert caught.value.next
    return caught.value


def changed(at: bytes, offset: int, value: bytes) -> bytes:
    """WAV with some bytes of a chunk replaced."""
    start = WAV.index(at) + 8 + offset
    return WAV[:start] + value + WAV[start + len(value) :]


@pytest.mark.parametrize("length", [5, 12, 20, 40, 60, 200, len(WAV) - 2])
def test_truncated_wav(length):
    refused(WAV[:length], "no sound|damaged")


@pytest.mark.parametrize("share", [0.01, 0.1])
@pytest.mark.parametrize(("codec", "format"), [("flac", "flac"), ("aac", "mp4"), ("libopus", "ogg")])
def test_truncated_before_any_sound(codec, format, share):
    data = compressed(tone(2, 48_000), 48_000, codec, format)
    refused(data[: int(len(data) * share)], "no sound|samples long")


def test_a_recording_that_breaks_off_is_heard_and_said():
    data = compressed(tone(4, 48_000), 48_000, "flac", "flac")
    clip = read_audio(data[: len(data) // 2])
    assert 1 < clip.seconds < 3
    assert clip.notes == (f"the file says that it is 4.0 s long and holds {clip.seconds:.1f} s; it may be cut off",)
    assert read_audio(data).notes == ()


def test_empty(tmp_path):
    refused(b"", "0 bytes")
    (tmp_path / "empty.wav").touch()
    refused(tmp_path / "empty.wav", "file is empty")
    refused(np.zeros(0, np.float32), "0 samples long", 16_000)
    refused(wav(np.zeros(0)), "0 samples long")


def test_one_sample():
    refused(np.zeros(1, np.float32), "1 samples long", 16_000)
    refused(wav(np.zeros(1)), "1 samples long")
    assert read_audio(np.zeros(161, np.float32), 16_000).soft_tokens == 1


def test_text_renamed_wav(tmp_path):
    path = tmp_path / "notes.wav"
    path.write_text("I am a text, and no sound.\n" * 50)
    assert refused(path, "no sound that can be read").where == str(path)


def test_no_such_file(tmp_path):
    refused(tmp_path / "nothing.wav", "no such file")


def test_a_playlist_is_not_followed(tmp_path):
    """FFmpeg would read the files that these name."""
    secret = tmp_path / "secret.wav"
    secret.write_bytes(WAV)
    lists = {
        "a.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
        "b.ffconcat": f"ffconcat version 1.0\nfile {secret}\n",
        "c.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        refused(tmp_path / name, "no sound that can be read")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed(b"fmt ", 2, struct.pack("<H", 0)), "0 channels"),
        (changed(b"fmt ", 2, struct.pack("<H", 65)), "65 channels"),
        (changed(b"LIST", -4, struct.pack("<I", 2**31)), "ends before its sound begins"),
        (changed(b"fmt ", 14, struct.pack("<H", 12)), "12 bits"),
        (changed(b"fmt ", 12, struct.pack("<H", 3)), "do not take 3 bytes"),
        (changed(b"fmt ", 4, struct.pack("<I", 0)), "rate is 0"),
        (changed(b"fmt ", 4, struct.pack("<I", 2**31)), "rate is 2147483648"),
        (WAV.replace(b"fmt ", b"junk"), "does not say how"),
        (changed(b"fmt ", 0, struct.pack("<H", 0x7777)), "no sound that can be read|no sound in it"),
    ],
)
def test_wav_headers_that_lie(data, message):
    refused(data, message)


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38, 1e300, -101])
def test_samples_that_are_no_sound(value):
    sound = tone(0.5)
    sound[100] = value
    refused(sound, "samples of this sound reach", 16_000)
    refused(wav(sound, bits=64, floating=True), "samples of this sound reach")


@pytest.mark.parametrize("rate", [None, 0, -1, 999, 10**7, 44_100.5, "16000", True, float("nan")])
def test_rates_that_are_none(rate):
    refused(tone(0.5), "rate is|not said", rate)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros((2, 3, 4)), "no sound's"),
        (np.zeros((2, 16_000)), "turn it with .T"),
        (np.array(0.5), "no sound's"),
        (np.zeros((500, 0)), "no sound's"),
        (np.zeros(500, np.int64), "int64"),
        (np.zeros(500, complex), "complex"),
        (None, "NoneType is no sound"),
        ([0.0] * 500, "list is no sound"),
    ],
)
def test_what_is_no_sound(wrong, message):
    refused(wrong, message, 16_000)


def test_a_rate_beside_a_file():
    refused(WAV, "says its own rate", 16_000)


def test_a_film_without_sound():
    assert "read_video" in refused(film(), "no sound in it").next


def test_arguments():
    for options in ({"start": -1}, {"seconds": 0}, {"seconds": 31}, {"mel_bins": 0}, {"mel_bins": 2.5}):
        with pytest.raises(InputError):
            read_audio(tone(0.5), 16_000, **options)


def test_without_the_optional_packages(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setitem(sys.modules, "soxr", None)
    assert read_audio(WAV).seconds == 0.5
    for source, rate in ((compressed_flac, None), (tone(0.5, 8000), 8000)):
        with pytest.raises(SetupError, match="needs") as caught:
            read_audio(source, rate)
        assert "g4lab[media]" in caught.value.next


compressed_flac = compressed(tone(0.5), 16_000, "flac", "flac")


def test_a_long_file_is_not_decoded_to_its_end(monkeypatch):
    """600 seconds: enough to know that 30 are exceeded is decoded, and no more."""
    decoded = []
    keep = audio.heard

    class Counted:
        def __init__(self, *arguments):
            self.sound = keep(*arguments)

        def __enter__(self):
            sound = self.sound.__enter__()
            pieces = sound.pieces
            sound.pieces = (decoded.append(len(piece)) or piece for piece in pieces)
            return sound

        def __exit__(self, *error):
            return self.sound.__exit__(*error)

    monkeypatch.setattr(audio, "heard", Counted)
    refused(wav(np.zeros(600 * 8_000), 8_000, bits=8), r"600\.0 seconds")
    assert sum(decoded) <= 32 * 16_000


def test_more_than_an_hour(monkeypatch):
    monkeypatch.setattr(audio, "MOST_SECONDS", 1)
    with pytest.raises(MediaError, match="longer than an hour"):
        split_audio(tone(1.1), 16_000)
