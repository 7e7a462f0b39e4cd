"""A question about a picture, a clip or a sound: what is seen or heard, what is asked, and the answer."""

from dataclasses import dataclass, field

import numpy as np

from .document import Document
from .turns import closed, opened


@dataclass(frozen=True, eq=False)
class Seen:
    """One question with its medium: pictures, or the frames of one clip, or one sound."""

    kind: str
    question: str
    answer: str
    pictures: tuple[np.ndarray, ...] = field(default=(), repr=False)
    """Each [h,w,3] uint8."""
    frames: np.ndarray | None = field(default=None, repr=False)
    """[F,h,w,3] uint8."""
    fps: float | None = None
    """Frames a second."""
    sound: np.ndarray | None = field(default=None, repr=False)
    """[n] int16, 16,000 samples a second."""
    about: dict = field(default_factory=dict)
    """What was drawn or said, in numbers."""

    @property
    def media(self) -> tuple[str, ...]:
        """The kinds of its media, in their order: image, video, audio."""
        found = ["image"] * len(self.pictures)
        return tuple(found + ["video"] * (self.frames is not None) + ["audio"] * (self.sound is not None))


RATE = 16_000
"""Samples a second of every sound."""


def messages(record: Seen, answered: bool = False) -> list[dict]:
    """The conversation that `g4lab.text.render` takes: the media first, then the question; with `answered`, both turns.

    Media parts carry what they hold: `image` and `audio` an array, `video` an array with its `fps`.
    """
    parts: list[dict] = [{"type": "image", "image": picture} for picture in record.pictures]
    if record.frames is not None:
        parts.append({"type": "video", "video": record.frames, "fps": record.fps})
    if record.sound is not None:
        parts.append({"type": "audio", "audio": record.sound, "rate": RATE})
    asked = {"role": "user", "content": [*parts, {"type": "text", "text": record.question}]}
    return [asked, {"role": "model", "content": record.answer}] if answered else [asked]


def written(record: Seen) -> Document:
    """The same conversation as a document of the corpus, one slot (such as <|image|>) for each medium.

    What the model reads is the text with every slot opened out to the medium's soft tokens; those are given and count
    nothing in the loss.
    """
    document = Document("seen", record.kind, about=record.about)
    slots = "".join(f"<|{medium}|>" for medium in record.media)
    return closed(opened(document, slots + record.question).answer(record.answer))
