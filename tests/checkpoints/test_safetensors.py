"""Our reader and writer of safetensors agree with the library's, and every kind of damage is named."""

import json
import struct

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from g4lab.checkpoints import safetensors as ours
from g4lab.checkpoints.outgoing import Outgoing
from g4lab.errors import CheckpointError

ARRAYS = {
    "a": np.arange(12, dtype=np.float32).reshape(3, 4),
    "b": np.arange(6, dtype=np.int64),
    "empty": np.zeros((0, 3), np.float16),
    "scalar": np.array(2.5),
    "bool": np.array([True, False, True]),
}


def outgoing(arrays):
    return [Outgoing(name, array.shape, array.dtype, lambda array=array: array) for name, array in arrays.items()]


def raw(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def entry(shape, span, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": span}


def test_we_read_what_the_library_writes(tmp_path):
    safetensors.numpy.save_file(ARRAYS, tmp_path / "x.safetensors", metadata={"format": "pt"})
    found = ours.read_header(tmp_path / "x.safetensors")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype)
        assert np.array_equal(found[name].read(slice(None)), array)


def test_the_library_reads_what_we_write(tmp_path):
    ours.write(tmp_path / "x.safetensors", outgoing(ARRAYS))
    found = safetensors.numpy.load_file(tmp_path / "x.safetensors")
    assert found.keys() == ARRAYS.keys()
    assert all(np.array_equal(found[name], array) for name, array in ARRAYS.items())


def test_bfloat16_keeps_its_bits(tmp_path):
    array = np.linspace(-3, 3, 10).astype(ml_dtypes.bfloat16)
    ours.write(tmp_path / "x.safetensors", outgoing({"x": array}))
    found = ours.read_header(tmp_path / "x.safetensors")["x"]
    assert found.dtype.name == "bfloat16"
    assert found.read(slice(None)).tobytes() == array.tobytes()


@given(rows=st.integers(1, 9), start=st.integers(0, 9), stop=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_some_rows_are_read_alone(tmp_path_factory, rows, start, stop):
    path = tmp_path_factory.mktemp("rows") / "x.safetensors"
    array = np.arange(rows * 6, dtype=np.float32).reshape(rows, 2, 3)
    ours.write(path, outgoing({"before": np.ones(5, np.float32), "x": array}))
    some = slice(min(start, rows), max(min(start, rows), min(stop, rows)))
    assert np.array_equal(ours.read_header(path)["x"].read(some), array[some])


def test_chunks_cover_a_tensor(tmp_path, monkeypatch):
    monkeypatch.setattr("g4lab.checkpoints.source.CHUNK_BYTES", 40)
    array = np.arange(21, dtype=np.float32).reshape(7, 3)
    ours.write(tmp_path / "x.safetensors", outgoing({"x": array, "scalar": ARRAYS["scalar"]}))
    found = ours.read_header(tmp_path / "x.safetensors")
    chunks = list(found["x"].chunks())
    assert [len(chunk) for _, chunk in chunks] == [3, 3, 1]
    assert all(np.array_equal(array[rows], chunk) for rows, chunk in chunks)
    assert [chunk.shape for _, chunk in found["scalar"].chunks()] == [()]


@pytest.mark.parametrize("kept", [0, 4, 8, 40, -1])
def test_a_truncated_file_is_named(tmp_path, kept):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file(ARRAYS, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="fetch it again") as caught:
        ours.read_header(path)
    assert caught.value.where == str(path)


def test_a_truncated_tensor_is_named(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"first": np.ones(4, np.float32), "second": np.ones(4, np.float32)}, path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CheckpointError, match="'(first|second)' ends at byte .*truncated"):
        ours.read_header(path)


def test_a_file_that_shrinks_after_it_was_opened_is_noticed(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"x": np.ones(4, np.float32)}, path)
    tensor = ours.read_header(path)["x"]
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(CheckpointError, match="ended inside tensor 'x'"):
        tensor.read(slice(None))


@pytest.mark.parametrize(
    ("header", "data", "message"),
    [
        (b"{", b"", "not valid JSON"),
        (b'{"x": 1, "x": 2}', b"", "appears twice"),
        (b"[]", b"", "not a JSON object"),
        ({"x": 3}, b"", "'x' is malformed"),
        ({"x": {"dtype": "F32", "shape": [1]}}, b"", "'x' is malformed"),
        ({"x": entry([-1], [0, 4])}, b"0000", "no counts"),
        ({"x": entry([1.0], [0, 4])}, b"0000", "no counts"),
        ({"x": entry([2], [0, 4])}, b"0000", r"\(2,\) in F32 needs 8 bytes, but its place holds 4"),
        ({"x": entry([1], [0, 1], "F8_E4M3")}, b"0", "F8_E4M3, which g4lab does not read"),
        ({"x": entry([1], [4, 8])}, b"0" * 8, "begins at byte 4 of the data, not at 0"),
        ({"x": entry([1], [0, 4]), "y": entry([1], [0, 4])}, b"0000", "begins at byte 0 of the data, not at 4"),
        ({"x": entry([1], [0, 4])}, b"0" * 9, "5 bytes after the last tensor"),
    ],
)
def test_a_corrupt_header_is_named(tmp_path, header, data, message):
    path = raw(tmp_path / "x.safetensors", header, data)
    with pytest.raises(CheckpointError, match=message):
        ours.read_header(path)


def test_a_header_of_absurd_length_is_not_read(tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(CheckpointError, match="more than the format allows"):
        ours.read_header(path)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_at_all_get_past_the_checks_with_another_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "noise.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError):
        ours.read_header(path)


def sharded(directory):
    """Two shards with their index."""
    ours.write(directory / "one.safetensors", outgoing({"a": ARRAYS["a"]}))
    ours.write(directory / "two.safetensors", outgoing({"b": ARRAYS["b"]}))
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (directory / ours.INDEX).write_text(json.dumps(index))
    return index


def test_shards_are_read_as_one(tmp_path):
    sharded(tmp_path)
    found = ours.read_directory(tmp_path)
    assert {name: tensor.origin for name, tensor in found.items()} == {
        "a": str(tmp_path / "one.safetensors"),
        "b": str(tmp_path / "two.safetensors"),
    }


def test_a_missing_shard_is_named(tmp_path):
    sharded(tmp_path)
    (tmp_path / "two.safetensors").unlink()
    with pytest.raises(CheckpointError, match="1 of 2 shards are missing: two.safetensors"):
        ours.read_directory(tmp_path)


def test_an_index_that_names_too_much_is_refused(tmp_path):
    index = sharded(tmp_path)
    index["weight_map"]["c"] = "one.safetensors"
    (tmp_path / ours.INDEX).write_text(json.dumps(index))
    with pytest.raises(CheckpointError, match="one.safetensors holds 'c', which it does not"):
        ours.read_directory(tmp_path)


def test_an_index_cannot_point_outside(tmp_path):
    (tmp_path / ours.INDEX).write_text(json.dumps({"weight_map": {"a": "../elsewhere.safetensors"}}))
    with pytest.raises(CheckpointError, match="outside the directory"):
        ours.read_directory(tmp_path)
