"""The log-mel spectrum against its definition, and the counts of frames and soft tokens by hand."""

import numpy as np
import pytest

from g4lab.media import mel
from tests.media.making import tone


def test_a_frame_by_its_definition():
    """Sums written out for one frame: window, Fourier transform, magnitudes, triangles on the HTK scale, logarithm."""
    sound = np.random.default_rng(0).standard_normal(2000).astype(np.float32)
    frame = 5
    heard = sound[160 * frame - 160 : 160 * frame + 160].astype(np.float64)
    heard *= [np.sin(np.pi * n / 320) ** 2 for n in range(320)]
    waves = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(320)) / 512)
    magnitudes = np.abs(waves @ heard)

    def to_hertz(mels):
        return 700 * (10 ** (mels / 2595) - 1)

    top = 2595 * np.log10(1 + 8000 / 700)
    for bin in (3, 60, 127):
        left, centre, right = (to_hertz(top * (bin + step) / 129) for step in range(3))
        hertz = np.arange(257) * 16_000 / 512
        triangle = np.clip(np.minimum((hertz - left) / (centre - left), (right - hertz) / (right - centre)), 0, None)
        expected = np.log(triangle @ magnitudes + 0.001)
        assert mel.log_mel(sound)[0][frame, bin] == pytest.approx(expected, abs=1e-5)


def test_a_tone_is_loudest_in_its_bin():
    found = mel.log_mel(tone(1, hertz=1000)[:, 0].astype(np.float32))[0]
    top = 2595 * np.log10(1 + 8000 / 700)
    centres = 700 * (10 ** (top * np.arange(1, 129) / 129 / 2595) - 1)
    loudest = found[10:90].argmax(axis=1)
    assert (np.abs(centres[loudest] - 1000) < 35).all()


def test_silence_is_the_floor():
    found, valid = mel.log_mel(np.zeros(1600, np.float32))
    np.testing.assert_allclose(found[valid], np.log(1e-3), rtol=1e-6)
    assert not found[~valid].any()


@pytest.mark.parametrize(
    ("samples", "frames", "valid", "tokens"),
    [
        (1, 0, 0, 0),
        (160, 1, 0, 0),  # padded to 256, a frame fits, but not wholly into the sound
        (161, 1, 1, 1),
        (320, 2, 1, 1),
        (321, 2, 2, 1),
        (800, 5, 4, 1),
        (801, 5, 5, 2),
        (16_000, 99, 99, 25),
        (480_000, 2999, 2999, 750),
    ],
)
def test_frames_and_soft_tokens(samples, frames, valid, tokens):
    found, ok = mel.log_mel(np.zeros(samples, np.float32))
    assert (found.shape, int(ok.sum()), mel.soft_tokens(ok)) == ((frames, 128), valid, tokens)
