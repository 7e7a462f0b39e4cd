"""Spoken digits: by espeak-ng, the same again and again, in voices that training has not heard; kept in files."""

import importlib
from dataclasses import asdict
from itertools import islice

import numpy as np
import pytest

from g4lab import text
from g4lab.errors import SetupError
from g4lab.media import read_audio
from g4lab.text import encode_chat
from g4lab.training.corpus import tiny_world

world = tiny_world()
recordings, speech, voices = (
    importlib.import_module(f"tiny_world.{name}") for name in "recordings speech voices".split()
)
RATE = 16_000
PLAIN = voices.Voice("en-us", "m1", 50, 170)


def some(count, split="train", seed=0):
    return list(islice(world.stream("speech", seed, split), count))


def test_a_question_about_speech_is_the_same_again():
    one, other = (world.seen("speech", 0, 3) for _ in range(2))
    assert np.array_equal(one.sound, other.sound) and one.question == other.question
    assert not np.array_equal(one.sound[:5000], world.seen("speech", 1, 3).sound[:5000])


def test_answers_are_the_digits_that_were_handed_to_the_voice(monkeypatch):
    said = []

    def speak(words, voice):
        said.append((words, voice))
        return np.full(4000, 9000, np.int16)

    monkeypatch.setattr(speech, "speak", speak)
    for record in some(40):
        (words, voice), digits = said.pop(0), record.answer.split(" ")
        assert words.split() == [speech.WORDS[int(digit)] for digit in digits]
        assert 1 <= len(digits) <= 5 and asdict(voice) == record.about["voice"]


def test_all_lengths_and_digits_come_up_equally_often():
    said = [speech.utterance(0, index, "train").digits for index in range(4000)]
    lengths = np.bincount([len(digits) for digits in said], minlength=6)[1:] / len(said)
    digits = np.bincount([int(digit) for digits in said for digit in digits]) / sum(map(len, said))
    assert np.abs(lengths - 0.2).max() < 0.03 and np.abs(digits - 0.1).max() < 0.015


def test_splits_share_no_settings_and_no_long_string():
    train, held_out = ([speech.utterance(0, index, split) for index in range(3000)] for split in ("train", "held-out"))
    assert not {said.voice for said in train} & {said.voice for said in held_out}
    long = [{said.digits for said in part if len(said.digits) >= 3} for part in (train, held_out)]
    assert all(long) and not long[0] & long[1]
    # Every accent, variant, pitch and speed alone is known from training.
    for field in ("accent", "variant", "pitch", "speed"):
        assert {getattr(said.voice, field) for said in held_out} <= {getattr(said.voice, field) for said in train}


def test_more_digits_take_longer_and_speed_shortens():
    lengths = [len(speech.spoken(speech.Utterance("7" * count, PLAIN))) for count in range(1, 6)]
    assert lengths == sorted(lengths) and len(set(lengths)) == 5
    fast = voices.Voice("en-us", "m1", 50, 215)
    assert len(speech.spoken(speech.Utterance("4711", fast))) < 0.9 * len(
        speech.spoken(speech.Utterance("4711", PLAIN))
    )


def test_pitch_is_heard():
    """The period of the voice, by autocorrelation of a vowel, is shorter at a higher pitch."""

    def hertz(pitch):
        sound = voices.speak("nine", voices.Voice("en-us", "m1", pitch, 140)).astype(float)
        middle = sound[len(sound) // 3 :][:2048]
        lags = np.correlate(middle, middle, "full")[len(middle) - 1 :]
        return RATE / (40 + lags[40:400].argmax())

    assert 40 < hertz(20) < 0.8 * hertz(80) < 260


@pytest.mark.parametrize("accent", voices.ACCENTS)
def test_every_accent_speaks_otherwise_in_every_variant(accent):
    """espeak-ng leaves out what it does not know, without a word; then two settings would be one voice."""
    sounds = [voices.speak("five", voices.Voice(accent, variant, 50, 170)) for variant in voices.VARIANTS]
    assert min(map(len, sounds)) > 0.2 * RATE
    assert len({sound.tobytes() for sound in sounds}) == len(voices.VARIANTS)


def test_accents_pitches_and_speeds_differ():
    digits = " ".join(speech.WORDS)
    settings = [voices.Voice(accent, "m2", 50, 170) for accent in voices.ACCENTS]
    settings += [voices.Voice("en", "f2", pitch, 155) for pitch in voices.PITCHES]
    settings += [voices.Voice("en", "f2", 50, speed) for speed in voices.SPEEDS if speed != 155]
    assert len({voices.speak(digits, voice).tobytes() for voice in settings}) == len(settings)


def test_resampling_keeps_a_tone():
    """A second of 1,000 Hz at half of full scale, from espeak-ng's rate to 16,000 Hz."""
    tone = 16384 * np.sin(2 * np.pi * 1000 * np.arange(22_050) / 22_050)
    found = voices._resampled(tone.astype(np.int16), 22_050)
    assert len(found) == RATE
    assert np.abs(found - 16384 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).max() < 40
    high = voices._resampled((16384 * np.sin(2 * np.pi * 9000 * np.arange(22_050) / 22_050)).astype(np.int16), 22_050)
    assert np.abs(high).max() < 40


def test_silence_level_and_noise_are_as_described():
    for record in some(25):
        sound, about = record.sound.astype(float) / 32767, record.about
        assert sound.dtype == float and np.abs(sound).max() == pytest.approx(about["peak"], abs=1e-4)
        assert 0.05 * RATE <= about["before"] <= 0.3 * RATE >= about["after"] >= 0.05 * RATE
        quiet = np.sqrt(np.mean(sound[: about["before"]] ** 2))
        loud = np.sqrt(np.mean(sound[about["before"] : -about["after"]] ** 2))
        assert 0 < quiet < 0.5 * loud
        assert len(sound) < 5 * RATE


def test_noise_has_a_root_mean_square_of_one():
    for seed in range(6):
        noise = speech._noise(np.random.default_rng(seed), 8001)
        assert np.sqrt(np.mean(noise**2)) == pytest.approx(1)


def test_a_written_question_is_what_g4lab_renders_and_fits_a_row():
    tokenizer = text.Tokenizer.from_directory("g4lab/checkpoints/embedded/tiny-e")
    for record in some(5):
        document = world.written(record)
        rendered = text.render(world.messages(record, answered=True), add_generation_prompt=False, size="tiny-e")
        assert "<bos>" + document.text == rendered
        heard = read_audio(record.sound, RATE)
        ids = encode_chat(tokenizer, world.messages(record, answered=True), size="tiny-e", media=[heard])
        assert sum(tokenizer.kind(id) == "audio" for id in ids) == heard.soft_tokens
        assert len(ids) < 256


def test_without_espeak_the_error_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="apt-get install espeak-ng"):
        world.seen("speech", 0, 0)


def test_a_voice_that_espeak_does_not_have_is_an_error():
    with pytest.raises(SetupError, match="could not speak"):
        voices.speak("one", voices.Voice("xx-none", "m1", 50, 170))


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(recordings, "SHARD", 4)


def test_recordings_equal_what_is_spoken_live(small_shards, tmp_path):
    told = []
    kept = world.record(tmp_path, 0, "held-out", 10, tell=told.append)
    assert len(kept) == 10 and told == [4, 8, 10]
    for index in (0, 3, 4, 9):
        live = world.seen("speech", 0, index, "held-out")
        again = world.seen("speech", 0, index, "held-out", recordings=kept)
        assert np.array_equal(live.sound, again.sound) and live.answer == again.answer
    round_again = world.seen("speech", 0, 10, "held-out", recordings=kept)
    assert round_again.answer == world.seen("speech", 0, 0, "held-out", recordings=kept).answer
    assert not np.array_equal(round_again.sound, world.seen("speech", 0, 0, "held-out", recordings=kept).sound)
    with pytest.raises(IndexError, match="10 of 10"):
        kept[10]
    with pytest.raises(ValueError, match="held-out"):
        world.seen("speech", 0, 0, "train", recordings=kept)


def test_recording_goes_on_where_it_was_cut_off(small_shards, tmp_path, monkeypatch):
    whole = world.record(tmp_path / "whole", 1, "train", 10)
    world.record(tmp_path / "cut", 1, "train", 6)
    first = sorted((tmp_path / "cut").iterdir())[0]
    stamp = first.stat().st_mtime_ns
    (tmp_path / "cut" / "digits-1-train-00000008.new").write_bytes(b"half a file")
    spoken = []
    monkeypatch.setattr(recordings, "spoken", lambda said: spoken.append(said) or speech.spoken(said))
    kept = world.record(tmp_path / "cut", 1, "train", 10)
    assert len(spoken) == 6 and first.stat().st_mtime_ns == stamp
    assert all(np.array_equal(kept[index], whole[index]) for index in range(10))
    assert len(world.Recordings(tmp_path / "cut", 1, "train")) == 10


def test_a_missing_file_ends_the_recordings_before_it(small_shards, tmp_path):
    world.record(tmp_path, 0, "train", 12)
    recordings._path(tmp_path, 0, "train", 4).unlink()
    assert len(world.Recordings(tmp_path, 0, "train")) == 4


def test_recordings_of_another_corpus_are_refused_and_made_anew(small_shards, tmp_path, monkeypatch):
    world.record(tmp_path, 0, "train", 4)
    monkeypatch.setattr(recordings, "utterance", lambda seed, index, split: speech.utterance(seed + 1, index, split))
    with pytest.raises(SetupError, match="another version"):
        world.Recordings(tmp_path, 0, "train")[0]
    again = world.record(tmp_path, 0, "train", 4)
    assert np.array_equal(again[2], speech.spoken(speech.utterance(1, 2, "train")))


def test_recordings_that_do_not_say_what_they_hold_are_refused_and_made_anew(small_shards, tmp_path):
    world.record(tmp_path, 0, "train", 4)
    path = recordings._path(tmp_path, 0, "train", 0)
    with np.load(path) as file:
        held = {name: file[name] for name in ("samples", "lengths")}
    np.savez(path, **held)
    with pytest.raises(SetupError, match="another version"):
        world.Recordings(tmp_path, 0, "train")
    assert len(world.record(tmp_path, 0, "train", 4)) == 4


def test_no_recordings_is_an_error(tmp_path):
    with pytest.raises(SetupError, match="record"):
        world.Recordings(tmp_path, 0, "train")
