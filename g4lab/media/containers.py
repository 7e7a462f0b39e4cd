"""Compressed sound and film through PyAV (FFmpeg), which is asked for nothing but to decode this one file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np

from g4lab.errors import MediaError, SetupError
from g4lab.media.source import name_of

# Without a list FFmpeg would also follow playlists, and those name other files and addresses.
FORMATS = (
    "wav,w64,aiff,au,caf,flac,mp3,ogg,aac,ac3,eac3,amr,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,"
    "mpeg,mpegts,mpegvideo,m4v,h264,hevc,gif,apng,ape,wv,tta,voc"
)


@contextmanager
def container(file: BinaryIO) -> Iterator[Any]:
    """A file opened by PyAV.

    Raises: SetupError without PyAV; what FFmpeg says of a file that it cannot read.
    """
    try:
        import av
    except ImportError:
        raise SetupError(
            "reading film and compressed sound needs PyAV",
            "g4lab.media",
            "pip install 'g4lab[media]' (WAV files of 16,000 Hz need nothing)",
        ) from None
    options = {"format_whitelist": FORMATS, "protocol_whitelist": ""}
    with av.open(file, metadata_errors="ignore", options=options) as opened:
        yield opened


def audio_stream(opened: Any, source: Any) -> Any:
    """The first sound of a container. Raises: MediaError when it has none."""
    if not opened.streams.audio:
        raise MediaError("this file has no sound in it", name_of(source), "give a recording, or read_video for a film")
    stream = opened.streams.audio[0]
    stream.thread_type = "AUTO"
    return stream


def audio_blocks(opened: Any, stream: Any) -> Iterator[tuple[int, np.ndarray]]:
    """The rate of each decoded piece and its samples. Shapes: each [n, channels] float32; integers from -1 to 1."""
    for frame in opened.decode(stream):
        values = frame.to_ndarray()
        if not frame.format.is_planar:
            values = values.reshape(-1, frame.layout.nb_channels).T
        if values.dtype == np.uint8:
            values = (values.astype(np.float32) - 128) / 128
        elif values.dtype.kind == "i":
            values = values / 2.0 ** (8 * values.dtype.itemsize - 1)
        yield frame.sample_rate, values.T.astype(np.float32)
