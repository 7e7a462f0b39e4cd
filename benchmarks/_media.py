"""Processors of media in a process of their own: `python -m benchmarks._media SYSTEM DIRECTORY` prints JSON lines.

SYSTEM is g4lab, transformers, or "transformers torchvision" for the form of its picture processor that needs that
library. DIRECTORY has the files that `make` wrote.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks._timing import fastest

REPEATS, ENOUGH = 5, 1.0
"""Times that a work is done at least, and seconds that it is repeated for: the short ones are the most disturbed."""
PHOTO, SPEECH, FILM = "photo.jpg", "speech.npy", "film.mp4"


def make(directory: Path) -> None:
    """A photo of 12 megapixels, a minute of 48,000 Hz stereo, and ten seconds of film; smooth, with noise on it."""
    import av

    random = np.random.default_rng(0)
    scene = Image.fromarray(random.integers(0, 256, (60, 80, 3), np.uint8)).resize(
        (4000, 3000), Image.Resampling.BICUBIC
    )
    photo = np.clip(np.asarray(scene) + random.normal(0, 6, (3000, 4000, 3)), 0, 255).astype(np.uint8)
    Image.fromarray(photo).save(directory / PHOTO, quality=92)
    np.save(directory / SPEECH, random.normal(0, 0.1, (60 * 48_000, 2)).astype(np.float32))
    with av.open(str(directory / FILM), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        for shift in range(300):
            frame = np.ascontiguousarray(photo[4 * shift : 4 * shift + 720, 4 * shift : 4 * shift + 1280])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))


def ours(directory: Path) -> dict[str, Callable[[], object]]:
    from g4lab.media import read_audio, read_image, read_video, split_audio, stack_audio, stack_images

    pixels = np.asarray(Image.open(directory / PHOTO))
    speech, mono = sounds(directory)
    half = mono[: 30 * 16_000]
    return {
        "photo": lambda: stack_images([read_image(directory / PHOTO)]),
        "pixels": lambda: stack_images([read_image(pixels)]),
        "window": lambda: stack_audio([read_audio(half, 16_000)]),
        "minute": lambda: stack_audio(split_audio(mono, 16_000)),
        "stereo": lambda: stack_audio(split_audio(speech, 48_000)),
        "film": lambda: stack_images(read_video(directory / FILM).frames),
    }


def theirs(directory: Path, torchvision: bool) -> dict[str, Callable[[], object]]:
    """Their sounds are cut into windows by hand, for theirs would drop the second half of a minute."""
    import soxr
    import transformers
    from transformers.video_utils import load_video

    if torchvision and not transformers.utils.is_torchvision_available():
        raise ImportError("torchvision is not installed")  # transformers would quietly take the other form
    form = "Gemma4ImageProcessor" if torchvision else "Gemma4ImageProcessorPil"
    tensors = {"return_tensors": "pt" if torchvision else "np"}
    pictures, frames = getattr(transformers, form)(), getattr(transformers, form)(max_soft_tokens=70)
    audio = transformers.Gemma4AudioFeatureExtractor()
    pixels = np.asarray(Image.open(directory / PHOTO))
    speech, mono = sounds(directory)

    def windows(sound):
        return audio([sound[: 30 * 16_000], sound[30 * 16_000 :]], return_tensors="np")

    def film():
        loaded, _ = load_video(str(directory / FILM), num_frames=32, backend="pyav")
        return frames(list(loaded), **tensors)

    works = {
        "photo": lambda: pictures(str(directory / PHOTO), **tensors),
        "pixels": lambda: pictures(pixels, **tensors),
        "film": film,
    }
    if not torchvision:
        works |= {
            "window": lambda: audio([mono[: 30 * 16_000]], return_tensors="np"),
            "minute": lambda: windows(mono),
            "stereo": lambda: windows(soxr.resample(speech.mean(axis=1), 48_000, 16_000)),
        }
    return works


def sounds(directory: Path) -> tuple[np.ndarray, np.ndarray]:
    """The minute as it was recorded, and 16,000 Hz mono of the same length."""
    speech = np.load(directory / SPEECH)
    return speech, np.ascontiguousarray(speech[::3, 0])


def main(system: str, directory: Path) -> None:
    if system == "make":
        make(directory)
        return
    try:
        works = ours(directory) if system == "g4lab" else theirs(directory, system.endswith("torchvision"))
    except (ImportError, RuntimeError) as error:
        print(json.dumps({"missing": str(error).strip().splitlines()[0]}))
        return
    for name, work in works.items():
        repeats = max(REPEATS, int(ENOUGH / fastest(work, 1)))
        cpu = time.process_time()
        seconds = fastest(work, repeats)
        cpu = (time.process_time() - cpu) / (repeats + 1)
        print(json.dumps({"work": name, "seconds": seconds, "cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
