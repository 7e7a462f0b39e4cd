"""Directories that appear whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from g4lab.errors import InputError

MARK = "g4lab.json"
"""Every directory that g4lab saves holds this file; it lists the others, so that a later save knows its own."""


@contextmanager
def replaced_directory(directory: Path, *, name: str, label: str | None = None) -> Iterator[Path]:
    """A fresh directory to write into, which takes the place of `directory` when the block ends well.

    Raises: InputError if `directory` holds anything that an earlier save did not write: it is left as it is.
    """
    directory = directory.absolute()
    _check_ours(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}.saving-", dir=directory.parent))
    try:
        yield fresh
        written = sorted(str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file())
        write_json(fresh / MARK, {"name": name, "label": label or name, "files": written})
        fresh.chmod(0o755)  # mkdtemp makes directories that only their owner can read
        _swap(fresh, directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def write_json(path: Path, values: dict) -> None:
    """Write a JSON object for people to read too."""
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _check_ours(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError("there is a file of this name", directory, "save to a new directory")
    present = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    mark = directory / MARK
    ours = {MARK, *json.loads(mark.read_text(encoding="utf-8"))["files"]} if mark.exists() else set()
    foreign = sorted(present - ours)
    if foreign:
        raise InputError(
            f"the directory holds files that g4lab did not write: {', '.join(foreign[:5])}",
            directory,
            "save to a new directory; nothing was changed",
        )


def _swap(fresh: Path, directory: Path) -> None:
    """Put `fresh` in the place of `directory`, which is absent, empty or an earlier save."""
    if not directory.exists():
        fresh.rename(directory)
        return
    old = fresh.with_name(f"{fresh.name}.old")
    directory.rename(old)
    try:
        fresh.rename(directory)
    except OSError:
        old.rename(directory)
        raise
    shutil.rmtree(old)
