"""Guesses: kept from one kernel to the next, and never in the way."""

import pytest

from g4lab.course import guesses, measured, predict
from g4lab.errors import InputError


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    monkeypatch.setenv(guesses.FOLDER, str(tmp_path / "kept"))
    monkeypatch.setattr(guesses, "_here", {})


def test_a_guess_stands_beside_what_was_measured():
    assert "Kept: 7" in repr(predict("unused experts", 7))
    assert repr(measured("unused experts", 9)) == "unused experts: you guessed 7, it is 9. You were off by 2."
    predict("unused experts", 9)
    assert "Exactly." in repr(measured("unused experts", 9))


def test_it_is_there_after_a_restart(monkeypatch):
    predict("tokens", 3)
    monkeypatch.setattr(guesses, "_here", {})
    assert "you guessed 3" in repr(measured("tokens", 4))


def test_no_guess_is_no_error():
    assert "No guess yet" in repr(predict("tokens", None))
    assert "no guess" in repr(measured("tokens", 4))


def test_a_folder_that_cannot_be_written_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(guesses.FOLDER, str(tmp_path / "file" / "below"))
    assert "this session" in repr(predict("tokens", 3))
    assert "you guessed 3" in repr(measured("tokens", 4))


@pytest.mark.parametrize("kept", ["{", "[1]", ""])
def test_a_file_that_is_broken_is_no_guess(kept):
    guesses.file().parent.mkdir(parents=True)
    guesses.file().write_text(kept)
    assert "no guess" in repr(measured("tokens", 4))
    predict("tokens", 5)
    assert "you guessed 5" in repr(measured("tokens", 4))


@pytest.mark.parametrize("guess", ["three", True, [3]])
def test_a_guess_is_a_number(guess):
    with pytest.raises(InputError, match="no number"):
        predict("tokens", guess)
