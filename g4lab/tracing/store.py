"""A trace on disk: one npz file with a JSON header inside, written whole or not at all."""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from g4lab.errors import InputError
from g4lab.tracing.header import problems

FORMAT = "g4lab.trace"
VERSION = 1
HEADER = "header"
FIELDS = ("tokens", "segments", "pieces", "model", "sites")
CHANGED = "the file was changed after it was saved: record and save it again"


def write(path: str | os.PathLike, header: Mapping[str, Any], sites: Mapping[str, np.ndarray]) -> None:
    """Write header and arrays to a neighbouring file, which takes the place of `path` once it is complete."""
    path = Path(path)
    shapes = {name: [str(array.dtype), list(array.shape)] for name, array in sites.items()}
    described = {"format": FORMAT, "version": VERSION, **header, "sites": shapes}
    text = json.dumps(described, ensure_ascii=False).encode()
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            np.savez(file, **{HEADER: np.frombuffer(text, np.uint8)}, **sites)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def read(path: str | os.PathLike) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a file that `write` wrote.

    Raises: InputError when the file is missing, foreign, cut short, changed by hand, or of a newer format.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("there is no such trace file", path, "check the path; Trace.save writes one")
    if not zipfile.is_zipfile(path):
        raise _unreadable(path)
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    # the ways in which a zip of arrays can be broken: bad checksum or header, pickled objects, short data
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError) as error:
        raise InputError(f"the trace file is damaged ({error})", path, "record and save it again") from error
    header = _parse(path, arrays.pop(HEADER, None))
    _check_arrays(path, header["sites"], arrays)
    for problem in problems(header, arrays):
        raise InputError(f"the trace does not fit together: {problem}", path, CHANGED)
    return header, arrays


def _unreadable(path: Path) -> InputError:
    with open(path, "rb") as file:
        begins_like_zip = file.read(4) == b"PK\x03\x04"
    if begins_like_zip:
        return InputError("the trace file was cut short", path, "copy it again, or record and save it again")
    return InputError("this is not a trace file", path, "give a file that Trace.save wrote")


def _parse(path: Path, raw: np.ndarray | None) -> dict[str, Any]:
    foreign = InputError(
        "this archive is not a trace: it has no g4lab header", path, "give a file that Trace.save wrote"
    )
    if raw is None or raw.dtype != np.uint8:
        raise foreign
    try:
        header = json.loads(raw.tobytes())
    except ValueError as error:
        raise InputError(f"the trace's header is damaged ({error})", path, "record and save it again") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise foreign
    if header.get("version") != VERSION:
        raise InputError(
            f"the trace has format version {header.get('version')}, this g4lab reads version {VERSION}",
            path,
            "update g4lab, or record and save the trace again",
        )
    missing = [field for field in FIELDS if field not in header]
    if missing:
        raise InputError(f"the trace's header lacks {', '.join(missing)}", path, "record and save it again")
    return header


def _check_arrays(path: Path, described: Any, arrays: Mapping[str, np.ndarray]) -> None:
    if not isinstance(described, dict):
        raise InputError("the trace's header does not say which sites it has", path, CHANGED)
    found = {name: [str(array.dtype), list(array.shape)] for name, array in arrays.items()}
    for name in sorted(described.keys() | found.keys()):
        actual, stated = found.get(name, "missing"), described.get(name, "nothing")
        if actual != stated:
            raise InputError(
                f'site "{name}" is {actual} but the header says {stated}',
                path,
                CHANGED,
            )
