"""Whether the real one fits: numbers from the doctor, and what to do."""

import pytest

from g4lab.course import fits
from g4lab.errors import ConfigError


@pytest.fixture
def machine(monkeypatch):
    def has(memory, cards=()):
        monkeypatch.setattr("g4lab.course.fitting.system", lambda: {"memory_bytes": memory * 2**30})
        monkeypatch.setattr(
            "g4lab.course.fitting.graphics_cards", lambda: [{"memory_bytes": card * 2**30} for card in cards]
        )

    return has


def test_it_says_what_is_needed_and_what_to_do(machine):
    machine(8)
    assert "larger machine" in repr(fits("26b-a4b-it")) and "8.0 GiB" in repr(fits("26b-a4b-it"))
    machine(8, [96])
    assert 'name to "26b-a4b-it"' in repr(fits("26b-a4b-it")) and "96.0 GiB" in repr(fits("26b-a4b-it"))


def test_an_unknown_size(machine):
    with pytest.raises(ConfigError):
        fits("e3b")
