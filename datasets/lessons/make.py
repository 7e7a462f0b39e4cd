"""Make the lesson files anew: `python datasets/lessons/make.py [folder]`, from the repository's root.

Pictures and the clip come out bit for bit with the versions named in README.md. The sounds are spoken by espeak-ng;
another version of it speaks a little differently.
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
from PIL import Image

from g4lab.training.corpus import tiny_world

HERE = Path(__file__).parent
SEED = 2026
# File, kind, and number of the question; all are held out from training.
LESSONS = {
    "shapes.png": ("colour", 33),
    "two-shapes.png": ("place", 21),
    "five-shapes.png": ("count", 2),
    "number.png": ("number", 18),
    "clock-number.png": ("number", 6),
    "chart.png": ("bar", 7),
    "moving.gif": ("motion", 4),
    "one-digit.wav": ("speech", 3),
    "three-digits.wav": ("speech", 11),
    "five-digits.wav": ("speech", 19),
}


def make(folder: Path) -> None:
    """Write all files and lessons.json, which says what to ask about each and what is right."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = {}
    for name, (kind, index) in LESSONS.items():
        record = tiny_world().seen(kind, SEED, index, "held-out")
        write(folder / name, record)
        asked[name] = {"kind": kind, "question": record.question, "answer": record.answer}
    (folder / "lessons.json").write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")


def write(path: Path, record) -> None:
    """Write what is seen or heard as a file of the kind that the name ends in."""
    if path.suffix == ".png":
        Image.fromarray(record.pictures[0]).save(path, optimize=True)
    elif path.suffix == ".gif":
        save_clip(path, record.frames, record.fps)
    else:
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
            file.writeframes(record.sound.astype("<i2").tobytes())


def save_clip(path: Path, frames: np.ndarray, fps: float) -> None:
    """Write frames as an animated GIF of at most 256 colours, the same for every frame."""
    height, width = frames.shape[1:3]
    sheet = Image.fromarray(frames.reshape(-1, width, 3)).quantize(256, dither=Image.Dither.NONE)
    parts = [sheet.crop((0, top, width, top + height)) for top in range(0, sheet.height, height)]
    parts[0].save(path, save_all=True, append_images=parts[1:], duration=round(1000 / fps), loop=0, optimize=False)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
