"""From what a user names to something that can be read: a path, or the bytes themselves."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from g4lab.errors import G4LabError, MediaError

BYTES = (bytes, bytearray, memoryview, io.BytesIO)


def is_file(source: Any) -> bool:
    """Whether a source is a path or the bytes of a file, rather than values already decoded."""
    return isinstance(source, (str, os.PathLike, *BYTES))


def name_of(source: Any) -> str:
    """How errors call a source: its path, or what it is."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source) if isinstance(os.fspath(source), str) else repr(source)
    if isinstance(source, BYTES):
        size = len(source.getbuffer()) if isinstance(source, io.BytesIO) else memoryview(source).nbytes
        return f"{size:,} bytes"
    shape = getattr(source, "shape", None)
    return f"the array of shape {tuple(shape)}" if shape is not None else f"the {type(source).__name__} given"


@contextmanager
def opened(source: Any, what: str) -> Iterator[BinaryIO]:
    """The source as a binary file that can seek; `what` names the kind of medium in errors.

    Only regular files are opened: a pipe or a device could wait, or go on, forever.

    Raises: MediaError when there is no such file, it is empty, or it cannot be read.
    """
    if isinstance(source, io.BytesIO):
        source = source.getvalue()
    if isinstance(source, BYTES):
        if not memoryview(source).nbytes:
            raise MediaError(f"no {what} in 0 bytes", "the bytes given", "give the contents of a file")
        yield io.BytesIO(source)
        return
    try:
        path = Path(source)
        if not path.is_file():
            raise MediaError(*_no_file(path))
        file = path.open("rb")
    except (OSError, ValueError, UnicodeError) as error:  # a name that is too long, or holds a zero byte
        raise MediaError(f"this file cannot be opened: {error}", name_of(source), "check its name and rights") from None
    with file:
        if os.fstat(file.fileno()).st_size == 0:
            raise MediaError("this file is empty", path, f"give a file with {what} in it")
        yield file


def _no_file(path: Path) -> tuple[str, Path, str]:
    if str(path).startswith(("http:/", "https:/", "data:")):
        return "this is an address, and g4lab fetches none", path, "download the file and give its path"
    if path.is_dir():
        return "this is a directory", path, "give a file in it"
    if path.exists():
        return "this is no regular file", path, "give the path of a file on a disk"
    return (
        "no such file",
        path,
        f"check the path; it starts from {Path.cwd()}" if not path.is_absolute() else ("check the path"),
    )


@contextmanager
def decoding(what: str, source: Any, advice: str) -> Iterator[None]:
    """Turn whatever a decoder says about a file into one MediaError.

    Decoders of a dozen formats meet damaged bytes in as many ways (OSError, SyntaxError, struct.error, KeyError ...),
    so every Exception counts; g4lab's own go through.
    """
    try:
        yield
    except G4LabError:
        raise
    except MemoryError:
        raise MediaError(f"no memory is left to decode this {what}", name_of(source), "make it smaller") from None
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MediaError(f"this is no {what} that can be read: {reason:.200}", name_of(source), advice) from error
