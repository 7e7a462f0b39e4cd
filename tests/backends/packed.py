"""What views hand to their pages, kept in one file, and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Packed = dict[str, tuple[Mapping[str, Any], Mapping[str, np.ndarray]]]
"""Header and arrays of each step."""

BETWEEN = "::"


def save(path: Path, packed: Packed) -> None:
    """Write all headers and arrays into one npz file."""
    headers = json.dumps({step: header for step, (header, _) in packed.items()})
    arrays = {f"{step}{BETWEEN}{name}": x for step, (_, arrays) in packed.items() for name, x in arrays.items()}
    np.savez(path, headers=np.frombuffer(headers.encode(), np.uint8), **arrays)


def load(path: Path) -> Packed:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        headers = json.loads(file["headers"].tobytes())
        arrays: dict[str, dict[str, np.ndarray]] = {step: {} for step in headers}
        for key in file.files:
            step, between, name = key.partition(BETWEEN)
            if between:
                arrays[step][name] = file[key]
    return {step: (headers[step], arrays[step]) for step in headers}


def flat(header: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every number, text and None of a header, with its place in it; lengths count as numbers."""
    if isinstance(header, Mapping):
        for key in sorted(header, key=str):
            yield from flat(header[key], f"{place}.{key}")
    elif isinstance(header, list | tuple):
        yield f"{place}.length", len(header)
        for i, part in enumerate(header):
            yield from flat(part, f"{place}[{i}]")
    else:
        yield place, header
