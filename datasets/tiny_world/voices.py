"""Speech from espeak-ng, a program of its own: a voice's settings, and a text spoken with them."""

import shutil
import struct
import subprocess
from dataclasses import dataclass

import numpy as np

from g4lab.errors import SetupError

from .seen import RATE
from .words import pick

PROGRAM = "espeak-ng"
# "en" is British; under its other name, en-gb, espeak-ng 1.51 leaves the variant out.
ACCENTS = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-us-nyc")
VARIANTS = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5")
PITCHES = (20, 35, 50, 65, 80)  # of 99
SPEEDS = (140, 155, 170, 185, 200, 215)  # words a minute


@dataclass(frozen=True)
class Voice:
    """Settings of espeak-ng."""

    accent: str
    variant: str
    pitch: int
    speed: int


def some_voice(rng: np.random.Generator) -> Voice:
    """Draw settings: one of 2,340."""
    return Voice(pick(rng, ACCENTS), pick(rng, VARIANTS), int(pick(rng, PITCHES)), int(pick(rng, SPEEDS)))


def speak(text: str, voice: Voice) -> np.ndarray:
    """A text as sound. Shapes: -> [n] int16, 16,000 samples a second.

    Raises: SetupError where espeak-ng is missing or cannot speak.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise SetupError(
            "speech is made by espeak-ng, which is not installed here",
            "the directories in PATH",
            "install it: `apt-get install espeak-ng`, `dnf install espeak-ng`, `brew install espeak-ng`, or on Windows "
            "`winget install espeak-ng`",
        )
    settings = ["-v", f"{voice.accent}+{voice.variant}", "-p", str(voice.pitch), "-s", str(voice.speed)]
    done = subprocess.run([program, *settings, "--stdout", "--", text], capture_output=True, check=False)
    complaint = done.stderr.decode(errors="replace").strip()
    if done.returncode or complaint or len(done.stdout) <= _HEADER:
        raise SetupError(
            f"espeak-ng could not speak: {complaint or 'it wrote no sound'}",
            f"{program} {' '.join(settings)}",
            "reinstall it together with its voices (the package espeak-ng-data)",
        )
    (rate,) = struct.unpack_from("<I", done.stdout, 24)
    return _resampled(np.frombuffer(done.stdout, "<i2", offset=_HEADER), rate)


_HEADER = 44  # bytes of the WAV header that espeak-ng writes


def _resampled(sound: np.ndarray, rate: int) -> np.ndarray:
    """The same sound at 16,000 Hz: what its spectrum holds above 8,000 Hz is cut off. Shapes: [n] -> [n'] int16."""
    common = int(np.gcd(rate, RATE))
    whole = -(-len(sound) // (rate // common))  # periods after which both rates meet again
    samples, wanted = whole * (rate // common), whole * (RATE // common)
    spectrum = np.fft.rfft(sound, samples)[: wanted // 2 + 1]
    spectrum = np.pad(spectrum, (0, wanted // 2 + 1 - len(spectrum)))
    return np.clip(np.round(np.fft.irfft(spectrum, wanted) * (wanted / samples)), -32768, 32767).astype(np.int16)
