"""Arrays on their way to a page: one block of bytes and an index, never lists of decimal numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

ALIGNMENT = 8
DTYPES = ("uint8", "uint16", "int32", "float16", "float32", "float64")


def pack(arrays: Mapping[str, np.ndarray]) -> tuple[list[dict], bytes]:
    """The index (name, dtype, shape, offset of each array) and the bytes, little-endian and in C order."""
    index, blocks, offset = [], [], 0
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            raise TypeError(f"{name} is {array.dtype}; a page reads {', '.join(DTYPES)}")
        raw = array.astype(array.dtype.newbyteorder("<"), order="C").tobytes()
        index.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset})
        padding = -len(raw) % ALIGNMENT
        blocks += [raw, bytes(padding)]
        offset += len(raw) + padding
    return index, b"".join(blocks)


def smallest_uint(array: np.ndarray, below: int) -> np.ndarray:
    """Counts or indices that are all under `below`, in the fewest bytes."""
    return array.astype(np.uint8 if below <= 256 else np.uint16 if below <= 65_536 else np.int32)
