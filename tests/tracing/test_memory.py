"""Who owns keys and values, and the bytes of each layer's cache, of every released size."""

from dataclasses import asdict

import pytest

from g4lab.config import preset
from g4lab.errors import InputError
from g4lab.models.plan import cache_bytes, plan
from g4lab.tracing.memory import cache_by_layer, ownership

# Bytes of bfloat16: one token of the global layers, all windows, one token where every layer is given the same.
SIZES = {
    "e2b": (6_144, 6_291_456, 71_680),
    "e4b": (16_384, 20_971_520, 172_032),
    "26b-a4b": (20_480, 209_715_200, 491_520),
    "31b": (81_920, 838_860_800, 1_966_080),
}


@pytest.mark.parametrize("name", SIZES)
def test_bytes_of_every_size(name):
    per_global_token, windows, uniform = SIZES[name]
    tokens = 10_000
    rows = cache_by_layer(preset(name), tokens)
    assert sum(row.bytes for row in rows if row.kind == "global") == per_global_token * tokens
    assert sum(row.bytes for row in rows if row.kind == "local") == windows
    assert sum(row.uniform_bytes for row in rows) == uniform * tokens
    assert sum(row.bytes for row in rows) == cache_bytes(preset(name), tokens)


def test_who_owns_in_e2b():
    owners = ownership(plan(preset("e2b")))
    assert len(owners) == 15 and owners[0] == ()
    # the last local and the last global owner lend to the 20 layers above them
    assert owners[14] == (19, 24, 29, 34)
    assert len(owners[13]) == 16 and set(owners[13]).isdisjoint(owners[14])


def test_rows_of_a_layer():
    rows = cache_by_layer(preset("e2b"), 100, bytes_per_value=4)
    owner, borrower = asdict(rows[14]), asdict(rows[34])
    assert (owner["kind"], owner["owner"], owner["borrowers"], owner["held"]) == ("global", 14, (19, 24, 29, 34), 100)
    assert owner["bytes"] == 2 * 512 * 4 * 100
    assert (borrower["owner"], borrower["held"], borrower["bytes"], borrower["bytes_per_token"]) == (14, 0, 0, 0)
    # a short text does not fill the window of 512
    assert rows[0].held == 100 and cache_by_layer(preset("e2b"), 9_000)[0].held == 512


def test_no_tokens_and_fewer():
    assert all(row.bytes == row.uniform_bytes == 0 for row in cache_by_layer(preset("26b-a4b"), 0))
    with pytest.raises(InputError, match="-1 tokens"):
        cache_by_layer(preset("e2b"), -1)
