"""Strings of one to five digits, spoken by many voices, at several levels, with noise and silence around them."""

from dataclasses import asdict, dataclass

import numpy as np

from .document import draw
from .seen import RATE, Seen
from .voices import Voice, some_voice, speak
from .words import pick

QUESTIONS = (
    "What is said?",
    "What do you hear?",
    "Which digits are said?",
    "Write down the digits.",
    "Listen: what is said?",
)
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
QUIET = 300  # samples of speech below this, of 32,768, count as silence at the ends


@dataclass(frozen=True)
class Utterance:
    """What is said, and by whom."""

    digits: str
    voice: Voice


def utterance(seed: int, index: int, split: str) -> Utterance:
    """Draw utterance number `index`. Unseen settings are held out, and unseen strings of three digits or more."""
    held_out = split == "held-out"
    rng = np.random.default_rng([seed, _NUMBER, int(held_out), index])
    voice = draw(lambda: some_voice(rng), held_out, lambda found: ("voice", *asdict(found).values()))
    length = int(rng.integers(1, 6))
    if length < 3:
        return Utterance(_digits(rng, length), voice)
    return Utterance(draw(lambda: _digits(rng, length), held_out, lambda found: ("digits", found)), voice)


_NUMBER = 200  # tells the draws of utterances from all others of a seed


def _digits(rng: np.random.Generator, length: int) -> str:
    return "".join(str(digit) for digit in rng.integers(10, size=length))


def spoken(said: Utterance) -> np.ndarray:
    """The utterance without silence at its ends, its peak at half of full scale. Shapes: -> [n] int16."""
    sound = speak(" ".join(WORDS[int(digit)] for digit in said.digits), said.voice).astype(np.float64)
    sound *= 16384 / np.abs(sound).max()
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    return np.round(sound[loud[0] : loud[-1] + 1]).astype(np.int16)


def speech(rng: np.random.Generator, said: Utterance, sound: np.ndarray) -> Seen:
    """Ask what is said; `sound` is what `spoken` returned."""
    before, after = (int(RATE * rng.uniform(0.05, 0.3)) for _ in range(2))
    padded = np.concatenate([np.zeros(before), sound / 32768, np.zeros(after)])
    quieter = 10 ** (-rng.uniform(0, 40) / 20)
    noise = _noise(rng, len(padded)) * np.sqrt(np.mean((sound / 32768) ** 2)) * quieter * 0.3
    peak = rng.uniform(0.1, 0.9)
    mixed = padded + noise
    mixed *= peak / np.abs(mixed).max()
    about = {**asdict(said), "before": before, "after": after, "peak": peak}
    heard = np.round(mixed * 32767).astype(np.int16)
    return Seen("speech", pick(rng, QUESTIONS), " ".join(said.digits), sound=heard, about=about)


def _noise(rng: np.random.Generator, samples: int) -> np.ndarray:
    """White noise, or noise that is stronger at low frequencies, with a root mean square of 1. Shapes: -> [samples]."""
    noise = rng.standard_normal(samples)
    if rng.random() < 0.5:
        spectrum = np.fft.rfft(noise)
        noise = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 30), samples)
    return noise / np.sqrt(np.mean(noise**2))
