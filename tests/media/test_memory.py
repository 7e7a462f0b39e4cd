"""What large media cost: memory is bounded by what comes out, and by the largest picture that is decoded."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from g4lab.media.pictures import MAX_PIXELS
from tests.media.making import film, picture, wav

pytestmark = pytest.mark.slow
MB = 1e6
REPOSITORY = Path(__file__).parents[2]
# A fresh process that has already read one small medium of each kind.
MEASURE = """
import sys
import numpy as np
from benchmarks._memory import peak_of
from g4lab.errors import MediaError
from g4lab.media import read_audio, read_image, read_video, split_audio
read_image(np.zeros((9, 9, 4), np.uint8)), read_audio(np.zeros((900, 2)), 48_000)

def call():
    try:
        return {call}(sys.argv[1])
    except MediaError as error:
        print(error.what, file=sys.stderr)

print(peak_of(call))
"""


def peak(call: str, path: Path) -> tuple[float, str]:
    """MB of a call on a file, and what it was refused with."""
    command = [sys.executable, "-c", MEASURE.format(call=call), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return float(done.stdout) / MB, done.stderr.strip()


@pytest.fixture(scope="module")
def ten_minutes(tmp_path_factory):
    """115 MB of 48,000 Hz stereo."""
    path = tmp_path_factory.mktemp("long") / "ten minutes.wav"
    path.write_bytes(wav(np.zeros((600 * 48_000, 2), np.float32), 48_000))
    return path


def test_ten_minutes_of_sound_in_parts(ten_minutes):
    """38 MB of samples (twice while they are joined) and 31 MB of mel frames."""
    megabytes, refused = peak("split_audio", ten_minutes)
    assert not refused and megabytes < 160


def test_ten_minutes_of_sound_at_once_are_refused_early(ten_minutes):
    megabytes, refused = peak("read_audio", ten_minutes)
    assert "600.0 seconds long" in refused and megabytes < 20


def test_the_largest_picture_with_transparency(tmp_path):
    """Four bytes a pixel twice: as it is decoded, and on white."""
    side = int(MAX_PIXELS**0.5)
    path = tmp_path / "large.png"
    Image.new("RGBA", (side, side), (200, 100, 50, 128)).save(path, compress_level=1)
    megabytes, refused = peak("read_image", path)
    assert not refused and megabytes < 2.5 * 4 * MAX_PIXELS / MB


def test_frames_of_a_film_are_held_as_patches(tmp_path):
    """32 frames of 1440 x 2560 would be 472 MB as pictures; as patches they are 61 MB."""
    path = tmp_path / "large.mp4"
    path.write_bytes(film(frames=33, height=1440, width=2560, codec="mpeg4"))
    megabytes, refused = peak("read_video", path)
    assert not refused and megabytes < 300


def test_a_large_file_is_not_in_memory(tmp_path):
    """Its 32 frames as patches are 61 MB; FFmpeg itself takes 40."""
    path = tmp_path / "large.avi"
    path.write_bytes(film(frames=400, height=360, width=640, codec="ffv1", format="avi", values=picture(360, 640)))
    assert path.stat().st_size > 120 * MB
    megabytes, refused = peak("read_video", path)
    assert not refused and megabytes < 150
