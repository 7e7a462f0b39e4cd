"""Files of every kind that the tests read: made here, so that what is in them is known."""

from __future__ import annotations

import io
import struct
import zlib

import av
import numpy as np
from PIL import Image


def picture(height: int = 40, width: int = 60, seed: int = 0) -> np.ndarray:
    """[height, width, 3] uint8: noise, in which nothing can be misplaced unseen."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png_of_size(width: int, height: int, rows: int | None = None) -> bytes:
    """A PNG of black pixels, whole unless it has fewer rows than it says: 30,000 x 30,000 takes 110 kB."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0, channels: int = 1) -> np.ndarray:
    """[n, channels] float64: the channels are a tone at falling loudness."""
    time = np.arange(round(seconds * rate)) / rate
    return 0.5 * np.sin(2 * np.pi * hertz * time)[:, None] / np.arange(1, channels + 1)


def wav(samples: np.ndarray, rate: int = 16_000, bits: int = 16, floating: bool = False, extensible: bool = False):
    """The bytes of a WAV file. samples [n] or [n, channels], from -1 to 1."""
    samples = samples[:, None] if samples.ndim == 1 else samples
    channels = samples.shape[1]
    if floating:
        data = samples.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = np.rint(samples * 127 + 128).astype(np.uint8).tobytes()
    else:
        values = np.rint(samples * (2 ** (bits - 1) - 1)).astype("<i4")
        data = values.reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()
    form = 3 if floating else 1
    frame = channels * bits // 8
    layout = struct.pack("<HHIIHH", 0xFFFE if extensible else form, channels, rate, rate * frame, frame, bits)
    if extensible:
        layout += struct.pack("<HHIH", 22, bits, 0, form) + bytes.fromhex("000000001000800000aa00389b71")
    odd = b"LIST" + struct.pack("<I", 3) + b"abc\0"  # a chunk of odd length, as editors write them
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(layout)) + layout + odd
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def film(
    frames: int = 40,
    height: int = 48,
    width: int = 64,
    fps: int = 10,
    codec: str = "libx264",
    format: str = "mp4",
    sound: bool = False,
    pictures: bool = True,
    values: np.ndarray | None = None,
) -> bytes:
    """A film whose frame n is grey 5 n (modulo 250), so that a frame says which one it is; or one picture all along."""
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        streams = []
        if pictures:
            video = container.add_stream(codec, rate=fps)
            video.width, video.height = width, height
            video.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
            if codec == "libx264":
                video.gop_size, video.max_b_frames = 12, 2
            greys = (np.full((height, width, 3), 5 * number % 250, np.uint8) for number in range(frames))
            shown = greys if values is None else [values] * frames
            streams.append((video, [video_frame(picture, video.pix_fmt) for picture in shown]))
        if sound:
            audio = container.add_stream("aac", rate=16_000, layout="mono")
            streams.append((audio, [sound_frame(tone(0.5))]))
        for stream, made in streams:
            for frame in (*made, None):
                container.mux(stream.encode(frame))
    return file.getvalue()


def video_frame(values: np.ndarray, pix_fmt: str) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(values, format="rgb24").reformat(format=pix_fmt)


def sound_frame(samples: np.ndarray, rate: int = 16_000) -> av.AudioFrame:
    layout = {1: "mono", 2: "stereo"}[samples.shape[1]]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T, dtype=np.float32), format="fltp", layout=layout)
    frame.rate = rate
    return frame


def compressed(samples: np.ndarray, rate: int, codec: str, format: str) -> bytes:
    """The bytes of a compressed sound. samples [n, channels]."""
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        stream = container.add_stream(codec, rate=rate, layout={1: "mono", 2: "stereo"}[samples.shape[1]])
        for frame in (sound_frame(samples, rate), None):
            container.mux(stream.encode(frame))
    return file.getvalue()
