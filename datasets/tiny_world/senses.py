"""The kinds of questions about pictures, clips and speech behind one call: `seen(kind, seed, index)`."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from . import charts, clips, printed, scenes
from .recordings import Recordings
from .seen import Seen
from .speech import speech, spoken, utterance

_DRAWN = {
    "colour": scenes.colour,
    "shape": scenes.shape,
    "place": scenes.place,
    "count": scenes.count,
    "caption": scenes.caption,
    "number": printed.number,
    "bar": charts.bar,
    "motion": clips.motion,
}
KINDS = (*_DRAWN, "speech")


def seen(kind: str, seed: int, index: int, split: str = "train", recordings: Recordings | None = None) -> Seen:
    """Make question number `index` of a kind: the same arguments give the same question and medium.

    `split` is "train" or "held-out"; the README says what decides. Speech comes from espeak-ng, or from `recordings`,
    which it takes in turn: then question `index` hears utterance `index % len(recordings)` with a noise of its own.
    Raises: ValueError for an unknown kind or split, or recordings of another split; SetupError without espeak-ng.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}: choose one of {', '.join(KINDS)}")
    if split not in ("train", "held-out"):
        raise ValueError(f"unknown split {split!r}: choose train or held-out")
    held_out = split == "held-out"
    rng = np.random.default_rng([seed, _FIRST + KINDS.index(kind), int(held_out), index])
    if kind != "speech":
        return _DRAWN[kind](rng, held_out)
    if recordings is None:
        said = utterance(seed, index, split)
        return speech(rng, said, spoken(said))
    if recordings.split != split:
        raise ValueError(f"the recordings are of the split {recordings.split!r}, not {split!r}")
    number = index % len(recordings)
    return speech(rng, utterance(recordings.seed, number, split), recordings[number])


_FIRST = 100  # tells the draws of these kinds from those of the text domains of a seed


def stream(
    kind: str, seed: int, split: str = "train", start: int = 0, recordings: Recordings | None = None
) -> Iterator[Seen]:
    """Questions of a kind without end, from number `start` on."""
    return (seen(kind, seed, index, split, recordings) for index in count(start))
