"""The safetensors format: a JSON header that says where each tensor lies, then the bytes. It holds no code to run."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path

import ml_dtypes
import numpy as np

from g4lab.checkpoints.outgoing import Outgoing
from g4lab.checkpoints.source import Tensor
from g4lab.errors import CheckpointError

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_DTYPES = {
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F16": np.dtype("float16"),
    "F32": np.dtype("float32"),
    "F64": np.dtype("float64"),
    "I8": np.dtype("int8"),
    "I16": np.dtype("int16"),
    "I32": np.dtype("int32"),
    "I64": np.dtype("int64"),
    "U8": np.dtype("uint8"),
    "BOOL": np.dtype("bool"),
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}
_LENGTH_BYTES = 8
_MAX_HEADER = 100_000_000  # the format's own limit: a longer header is a damaged or hostile file
_FETCH_AGAIN = "the file is damaged or was not downloaded completely: fetch it again"


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of one file, unread.

    Raises: CheckpointError for a file that is shorter than its header says, or whose header contradicts itself.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        start = _LENGTH_BYTES + length
        _require(size >= _LENGTH_BYTES, f"the file has only {size} bytes", path)
        _require(length <= _MAX_HEADER, f"its header claims {length} bytes, more than the format allows", path)
        _require(start <= size, f"its header claims {length} bytes, but the file has only {size}", path)
        text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_no_repeats)
    except ValueError as error:
        raise CheckpointError(f"the header is not valid JSON: {error}", path, _FETCH_AGAIN) from error
    _require(isinstance(header, dict), "the header is not a JSON object", path)
    header.pop("__metadata__", None)
    tensors, spans = {}, []
    for name, entry in header.items():
        tensor, begin, end = _tensor(path, name, entry, start)
        _require(
            start + end <= size,
            f"tensor {name!r} ends at byte {start + end}, but the file has only {size}: it is truncated",
            path,
        )
        tensors[name] = tensor
        spans.append((begin, end, name))
    position = 0
    for begin, end, name in sorted(spans):
        _require(begin == position, f"tensor {name!r} begins at byte {begin} of the data, not at {position}", path)
        position = end
    _require(start + position == size, f"{size - start - position} bytes after the last tensor belong to none", path)
    return tensors


def read_directory(directory: Path) -> dict[str, Tensor]:
    """The tensors of a directory, in one file or in the shards that its index names.

    Raises: CheckpointError for missing shards, an index that disagrees with them, or a damaged file.
    """
    if (directory / SINGLE).exists():
        return read_header(directory / SINGLE)
    index = read_json(directory / INDEX)
    placed = index.get("weight_map")
    _require(isinstance(placed, dict) and placed, "the index has no weight_map", directory / INDEX)
    shards = sorted({str(shard) for shard in placed.values()})
    outside = [shard for shard in shards if Path(shard).name != shard]
    _require(not outside, f"the index names files outside the directory: {', '.join(outside)}", directory / INDEX)
    missing = [shard for shard in shards if not (directory / shard).exists()]
    _require(not missing, f"{len(missing)} of {len(shards)} shards are missing: {', '.join(missing)}", directory)
    found = {shard: read_header(directory / shard) for shard in shards}
    for name, shard in placed.items():
        _require(
            name in found[shard], f"the index says that {shard} holds {name!r}, which it does not", directory / INDEX
        )
    return {name: found[shard][name] for name, shard in placed.items()}


def read_json(path: Path) -> dict:
    """A JSON object from a file.

    Raises: CheckpointError for a file that is missing or does not hold one.
    """
    _require(path.exists(), f"{path.name} is missing", path.parent)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"not valid JSON: {error}", path, _FETCH_AGAIN) from error
    _require(isinstance(values, dict), "it holds no JSON object", path)
    return values


def write(path: Path, tensors: Iterable[Outgoing]) -> None:
    """Write tensors one after the other; each array is made, written and let go."""
    tensors = list(tensors)
    # "format" names the layout of linear weights; transformers refuses a file without it.
    header: dict = {"__metadata__": {"format": "pt"}}
    position = 0
    for tensor in tensors:
        end = position + tensor.nbytes
        header[tensor.name] = {
            "dtype": _CODES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [position, end],
        }
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)  # the data begins aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(_LENGTH_BYTES, "little"))
        file.write(text)
        for tensor in tensors:
            array = np.ascontiguousarray(tensor.make(), dtype=tensor.dtype)
            file.write(array.reshape(-1).view(np.uint8).data)
        file.flush()
        os.fsync(file.fileno())


def _tensor(path: Path, name: str, entry: object, start: int) -> tuple[Tensor, int, int]:
    """One entry of a header, checked, with the first and last byte of its data."""
    try:
        code, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (TypeError, KeyError, ValueError) as error:
        raise CheckpointError(f"the header's entry for {name!r} is malformed", path, _FETCH_AGAIN) from error
    numbers = (*shape, begin, end)
    _require(
        all(isinstance(number, int) and number >= 0 for number in numbers),
        f"the header's entry for {name!r} holds sizes that are no counts: {numbers}",
        path,
    )
    if code not in _DTYPES:
        raise CheckpointError(
            f"tensor {name!r} is stored as {code}, which g4lab does not read",
            path,
            f"use a checkpoint stored in one of {', '.join(_DTYPES)} (for example the unquantised one)",
        )
    dtype = _DTYPES[code]
    expected = math.prod(shape) * dtype.itemsize
    _require(
        end - begin == expected,
        f"tensor {name!r} of shape {shape} in {code} needs {expected} bytes, but its place holds {end - begin}",
        path,
    )

    row_size = math.prod(shape[1:])

    def read(rows: slice) -> np.ndarray:
        # Read, not memory-mapped: the pages of a map would stay in memory until the whole file has been seen.
        first, last, _ = rows.indices(shape[0]) if shape else (0, 1, 1)
        offset = start + begin + first * row_size * dtype.itemsize
        array = np.fromfile(path, dtype, count=(last - first) * row_size, offset=offset)
        _require(array.size == (last - first) * row_size, f"the file ended inside tensor {name!r}", path)
        return array.reshape((last - first, *shape[1:]) if shape else ())

    return Tensor(name, shape, dtype, str(path), read), begin, end


def _no_repeats(pairs: list[tuple[str, object]]) -> dict:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name appears twice")
    return values


def _require(holds: object, what: str, where: Path) -> None:
    if not holds:
        raise CheckpointError(what, where, _FETCH_AGAIN)
