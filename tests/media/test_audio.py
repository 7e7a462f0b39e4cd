"""Sounds from files and arrays of every common kind become 16,000 Hz mono, and mel frames."""

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.media import read_audio, split_audio, stack_audio
from tests.media.making import compressed, film, tone, wav

SOUND = tone(0.5)


def heard(source, rate=None):
    return read_audio(source, rate).waveform


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(("bits", "floating", "step"), [(8, False, 1 / 127), (16, False, 4e-5), (24, False, 2e-7)])
def test_wav_of_integers(bits, floating, step, extensible):
    data = wav(SOUND, bits=bits, floating=floating, extensible=extensible)
    np.testing.assert_allclose(heard(data), SOUND[:, 0], atol=step)


@pytest.mark.parametrize(("bits", "floating"), [(32, False), (32, True), (64, True)])
def test_wav_of_32_and_64_bits(bits, floating):
    np.testing.assert_allclose(heard(wav(SOUND, bits=bits, floating=floating)), SOUND[:, 0], atol=1e-7)


def test_the_loudest_integers_are_minus_one_and_just_below_one():
    extremes = np.zeros(400, np.int16)
    extremes[:2] = -32_768, 32_767
    assert heard(extremes, 16_000)[:2].tolist() == [-1, 32_767 / 32_768]
    assert heard(np.where(np.arange(400) == 0, 0, 128).astype(np.uint8), 16_000)[:2].tolist() == [-1, 0]
    assert heard(np.where(np.arange(400) == 0, -(2**31), 0).astype(np.int32), 16_000)[:2].tolist() == [-1, 0]


def test_a_path_and_bytes_and_an_array_are_equal(tmp_path):
    path = tmp_path / "sound.wav"
    path.write_bytes(wav(SOUND, bits=32, floating=True))
    for source, rate in (
        (path, None),
        (str(path), None),
        (path.read_bytes(), None),
        (SOUND, 16_000),
        (SOUND[:, 0], 16e3),
    ):
        np.testing.assert_array_equal(heard(source, rate), SOUND[:, 0].astype(np.float32))


def test_channels_are_averaged():
    stereo = tone(0.5, channels=2)  # the second channel is half as loud
    for source, rate in ((stereo, 16_000), (wav(stereo, bits=32, floating=True), None)):
        np.testing.assert_allclose(heard(source, rate), 0.75 * stereo[:, 0], atol=1e-6)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_becomes_16000(rate, channels):
    """A tone below every rate's limit must come out as the same tone, but for the ends."""
    loud = 0.5 * np.mean(1 / np.arange(1, channels + 1))
    for source, given in (
        (wav(tone(1, rate, channels=channels), rate), None),
        (tone(1, rate, channels=channels), rate),
    ):
        clip = read_audio(source, given)
        assert len(clip.waveform) == 16_000 and clip.original_rate == rate
        expected = loud * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
        np.testing.assert_allclose(clip.waveform[800:-800], expected[800:-800], atol=2e-4)


def test_what_16000_cannot_hold_is_filtered_out():
    assert np.abs(heard(tone(1, 48_000, hertz=12_000), 48_000)[800:-800]).max() < 1e-3


@pytest.mark.parametrize(
    ("codec", "format", "rate", "tolerance"),
    [
        ("flac", "flac", 16_000, 1e-4),
        ("libmp3lame", "mp3", 44_100, 0.03),
        ("aac", "mp4", 44_100, 0.02),
        ("aac", "adts", 16_000, 0.02),
        ("libopus", "ogg", 48_000, 0.02),
        ("libopus", "webm", 48_000, 0.02),
        ("pcm_s16be", "aiff", 16_000, 1e-4),
        ("pcm_mulaw", "wav", 8_000, 0.02),
    ],
)
def test_compressed_sound(codec, format, rate, tolerance):
    """The tone is found again: lossy encoders delay and fade, so its loudest stretch is compared at its best shift."""
    clip = read_audio(compressed(tone(1, rate), rate, codec, format))
    assert clip.original_rate == rate and abs(clip.seconds - 1) < 0.12
    middle = clip.waveform[6000:10_000]
    turns = np.exp(2j * np.pi * 440 * np.arange(4000) / 16_000)
    amplitude = 2 * abs((middle * turns).mean())
    assert amplitude == pytest.approx(0.5, abs=tolerance)
    rest = middle - (2 * (middle * turns).mean() * turns.conj()).real
    assert np.abs(rest).max() < 2 * tolerance


def test_stereo_of_integers_and_of_floats_through_pyav():
    stereo = tone(0.5, channels=2)
    np.testing.assert_allclose(heard(compressed(stereo, 16_000, "flac", "flac")), 0.75 * stereo[:, 0], atol=1e-4)


def test_the_sound_of_a_film():
    assert read_audio(film(sound=True)).seconds == pytest.approx(0.5, abs=0.1)


def test_a_recording_whose_length_was_not_yet_known():
    data = bytearray(wav(SOUND))
    at = data.index(b"data") + 4
    data[at : at + 4] = b"\xff\xff\xff\xff"
    assert len(heard(bytes(data))) == len(SOUND)


def test_what_comes_out():
    clip = read_audio(tone(1), 16_000)
    assert clip.mel.shape == (99, 128) and clip.mel.dtype == clip.waveform.dtype == np.float32
    assert clip.valid.all() and clip.soft_tokens == 25 and clip.seconds == 1 and clip.kind == "audio"
    assert read_audio(tone(1), 16_000, mel_bins=32).mel.shape == (99, 32)


def test_30_seconds_are_heard_and_a_sample_more_is_an_error():
    quiet = np.zeros(480_001, np.float32)
    assert read_audio(quiet[:-1], 16_000).soft_tokens == 750
    with pytest.raises(InputError, match=r"30\.0 seconds long; the model hears 30 at once") as caught:
        read_audio(quiet, 16_000)
    assert "split_audio" in caught.value.next


def test_a_part():
    ramp = np.linspace(0, 1, 48_000, dtype=np.float32)
    clip = read_audio(ramp, 16_000, start=1, seconds=0.5)
    np.testing.assert_array_equal(clip.waveform, ramp[16_000:24_000])
    assert (clip.start, clip.notes) == (1.0, ("a part of the sound, from 1 s",))
    np.testing.assert_array_equal(read_audio(ramp, 16_000, start=2).waveform, ramp[32_000:])
    with pytest.raises(InputError, match="0 samples long"):
        read_audio(ramp, 16_000, start=4)


def test_ten_minutes_in_equal_parts_leave_nothing_out():
    sound = np.random.default_rng(0).uniform(-1, 1, 601 * 16_000).astype(np.float32)
    clips = split_audio(sound, 16_000)
    np.testing.assert_array_equal(np.concatenate([clip.waveform for clip in clips]), sound)
    assert len(clips) == 21 and {round(clip.seconds, 2) for clip in clips} == {28.62}
    assert clips[1].start == pytest.approx(601 / 21, abs=1e-4)
    np.testing.assert_array_equal(clips[3].mel, read_audio(clips[3].waveform, 16_000).mel)
    assert len(split_audio(sound[: 60 * 16_000], 16_000)) == 2
    assert len(split_audio(sound[:16_000], 16_000, seconds=0.25)) == 4


def test_a_batch():
    long, short = read_audio(tone(1), 16_000), read_audio(tone(0.3), 16_000)
    mel, valid = stack_audio([long, short])
    assert mel.shape == (2, 99, 128) and valid.shape == (2, 99)
    np.testing.assert_array_equal(mel[1, : len(short.mel)], short.mel)
    assert not mel[1, len(short.mel) :].any() and valid[1].sum() == short.valid.sum()
    assert stack_audio([short], frames=40)[0].shape == (1, 40, 128)
    for wrong, message in (([], "no sounds"), ([long, read_audio(tone(1), 16_000, mel_bins=8)], "differ")):
        with pytest.raises(InputError, match=message):
            stack_audio(wrong)
    with pytest.raises(InputError, match="99 frames, more than 98"):
        stack_audio([long], frames=98)
