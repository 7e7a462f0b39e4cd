import numpy as np
import pytest

from g4lab.widgets.pack import pack, smallest_uint


def unpack(index, raw):
    """The counterpart in JavaScript, in numpy."""
    return {
        row["name"]: np.frombuffer(raw, row["dtype"], count=int(np.prod(row["shape"])), offset=row["offset"]).reshape(
            row["shape"]
        )
        for row in index
    }


def test_round_trip():
    rng = np.random.default_rng(0)
    arrays = {
        "a": rng.normal(size=(3, 5)).astype(np.float32),
        "b": rng.integers(0, 255, (7,)).astype(np.uint8),
        "c": rng.normal(size=(2, 3, 4)).astype(np.float16).transpose(2, 0, 1),
        "d": rng.normal(size=3),
        "empty": np.zeros((0, 4), np.int32),
    }
    index, raw = pack(arrays)
    for name, array in unpack(index, raw).items():
        np.testing.assert_array_equal(array, arrays[name])
    assert all(row["offset"] % 8 == 0 for row in index)


def test_what_a_page_cannot_read_is_refused():
    with pytest.raises(TypeError, match="weights is int64"):
        pack({"weights": np.zeros(3, np.int64)})


@pytest.mark.parametrize("below, dtype", [(256, "uint8"), (257, "uint16"), (65_536, "uint16"), (65_537, "int32")])
def test_numbers_take_the_fewest_bytes(below, dtype):
    array = smallest_uint(np.array([0, below - 1]), below)
    assert array.dtype.name == dtype
    assert array.tolist() == [0, below - 1]
