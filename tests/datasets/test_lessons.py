"""The lesson files: held out from training, as the script makes them, readable, and small."""

import hashlib
import importlib.util
import json

import numpy as np
import pytest

from g4lab.media import read_audio, read_image, read_video
from g4lab.places import datasets
from g4lab.training.corpus import tiny_world

FOLDER = datasets() / "lessons"
ASKED = json.loads((FOLDER / "lessons.json").read_text(encoding="utf-8"))
spec = importlib.util.spec_from_file_location("make_lessons", FOLDER / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


def record(name):
    kind, index = make.LESSONS[name]
    return tiny_world().seen(kind, make.SEED, index, "held-out")


def test_every_file_has_its_question():
    media = {path.name for path in FOLDER.iterdir() if path.suffix in (".png", ".gif", ".wav")}
    assert media == set(ASKED) == set(make.LESSONS)


@pytest.mark.parametrize("name", ASKED)
def test_questions_and_answers_are_the_generators(name):
    asked = ASKED[name]
    one = record(name)
    assert (asked["kind"], asked["question"], asked["answer"]) == (one.kind, one.question, one.answer)


@pytest.mark.parametrize("name", [name for name in ASKED if name.endswith(".png")])
def test_pictures_are_the_generators_pixels(name):
    read = read_image(FOLDER / name, 25)
    assert read.soft_tokens == 25
    # Another version of Pillow may draw an edge a little differently, not more.
    assert np.abs(read.picture().astype(int) - record(name).pictures[0]).mean() < 0.5


def test_the_clip_shows_the_generators_frames_at_their_times():
    film, one = read_video(FOLDER / "moving.gif", budget=9), record("moving.gif")
    assert film.fps == one.fps and len(film.frames) == len(one.frames)
    for frame, wanted in zip(film.frames, one.frames, strict=True):
        assert np.abs(frame.picture().astype(int) - wanted).mean() < 4  # a GIF has 256 colours


@pytest.mark.parametrize("name", [name for name in ASKED if name.endswith(".wav")])
def test_sounds_are_16_khz_and_short(name):
    heard = read_audio(FOLDER / name)
    assert heard.original_rate == 16_000 and (FOLDER / name).stat().st_size < 60_000
    digits = ASKED[name]["answer"].split(" ")
    assert 0.15 < heard.seconds / len(digits) < 0.9
    assert np.abs(heard.waveform).max() > 0.1


def test_the_script_writes_the_same_files(tmp_path):
    make.make(tmp_path)
    for name in ("lessons.json", "moving.gif", "shapes.png"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_the_card_lists_every_file_with_its_checksum():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, asked in ASKED.items():
        line = next(line for line in card.splitlines() if line.startswith(f"| {name} "))
        assert line.endswith(f"| {asked['question']} | {asked['answer']} |")
        assert f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]}  {name}" in card


def test_all_lessons_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 250_000
