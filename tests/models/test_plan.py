"""The plan of every released size, and counts that equal the variables of real networks."""

import math
from collections import Counter

import pytest

from g4lab.config import PRESETS, preset
from g4lab.models.plan import cache_bytes, parameter_counts, parameters_around, parameters_inside, plan
from tests.parity.configs import FIXED, drawn

TOTALS = {"e2b": 4_628_569_344, "e4b": 7_463_013_376, "26b-a4b": 25_233_141_760, "31b": 30_697_345_280}
GLOBAL_EVERY = {"e2b": 5, "e4b": 6, "26b-a4b": 6, "31b": 6}
# Bytes of bfloat16 keys and values: of one token on global layers, of all windows.
CACHES = {"e2b": (6_144, 6_291_456), "e4b": (16_384, 20_971_520), "26b-a4b": (20_480, 209_715_200)}
CACHES["31b"] = (81_920, 838_860_800)


@pytest.mark.parametrize(("name", "total"), TOTALS.items())
def test_the_parameters_are_counted_exactly(name, total):
    assert sum(parameter_counts(preset(name)).values()) == total


def test_the_parts_of_a_count():
    small, mixture = parameter_counts(preset("e2b")), parameter_counts(preset("26b-a4b"))
    assert small["token embedding"] == 402_653_184 and small["PLE table"] == 2_348_810_240
    assert mixture["experts"] == 22_837_985_280
    assert "experts" not in small and "PLE table" not in mixture


@pytest.mark.parametrize(("name", "every"), GLOBAL_EVERY.items())
def test_global_layers(name, every):
    rows = plan(preset(name))
    assert [row.index for row in rows if row.kind == "global"] == list(range(every - 1, len(rows), every))
    assert all((row.window is None) == (row.kind == "global") for row in rows)


@pytest.mark.parametrize(("name", "owners"), [("e2b", 15), ("e4b", 24)])
def test_borrowers_read_the_last_owner_of_their_kind(name, owners):
    rows = plan(preset(name))
    assert all(row.owner == row.index and not row.borrows for row in rows[:owners])
    for row in rows[owners:]:
        assert row.borrows and row.owner == (owners - 1 if row.kind == "global" else owners - 2)
        assert rows[row.owner].kind == row.kind


def test_only_the_small_sizes_borrow():
    assert not any(row.borrows for name in ("26b-a4b", "31b") for row in plan(preset(name)))


def test_what_differs_by_layer():
    rows = plan(preset("e2b"))
    assert [row.feedforward for row in rows] == [6144] * 15 + [12288] * 20
    assert {(row.kind, row.head_dim, row.rotary_pairs, row.theta) for row in rows} == {
        ("local", 256, 128, 10_000.0),
        ("global", 512, 64, 1_000_000.0),
    }
    assert {row.feedforward for row in plan(preset("e4b"))} == {10240}
    assert {(row.kind, row.kv_heads, row.key_is_value) for row in plan(preset("31b"))} == {
        ("local", 16, False),
        ("global", 4, True),
    }


@pytest.mark.parametrize(("name", "expected"), CACHES.items())
def test_cache_bytes(name, expected):
    config = preset(name)
    per_token, windows = expected
    rows = plan(config)
    assert sum(row.cache_bytes_per_token() for row in rows if row.kind == "global") == per_token
    assert cache_bytes(config, 10_000) == windows + 10_000 * per_token
    assert cache_bytes(config, 10_000, bytes_per_value=4) == 2 * cache_bytes(config, 10_000)
    # A short sequence fills no window.
    assert cache_bytes(config, 1) == sum(row.cache_bytes_per_token() for row in rows)


def test_there_is_one_row_a_layer():
    assert all(len(plan(config)) == config.layers for config in PRESETS.values())


@pytest.mark.parametrize("config", [*FIXED, *drawn(6)], ids=lambda config: config.name)
def test_counts_equal_the_variables_of_the_network(config):
    from g4lab.models.gemma4 import Gemma4
    from g4lab.models.projection import unset_weights

    with unset_weights():
        parameters = Gemma4(config, dtype="float32").named_variables()
    sizes = {name: math.prod(v.shape) for name, v in parameters.items() if not name.endswith("layer_scalar")}
    assert sum(sizes.values()) == sum(parameter_counts(config).values())
    counted = parameter_counts(config)
    for part, belongs in {
        "experts": lambda name: name.split(".")[2:3] == ["experts"],
        "router": lambda name: ".router." in name,
        "PLE table": lambda name: name == "ple.table",
        "dense MLP": lambda name: ".feedforward." in name,
        "attention": lambda name: ".attention." in name and name.endswith("kernel"),
    }.items():
        assert counted.get(part, 0) == sum(size for name, size in sizes.items() if belongs(name)), part


@pytest.mark.parametrize("name", ["e2b", "e4b", "26b-a4b", "31b"])
def test_parameters_around_and_inside_the_layers_are_all_there_are(name):
    config = preset(name)
    parts = Counter(parameters_around(config))
    for layer in plan(config):
        parts.update(parameters_inside(config, layer))
    assert dict(parts) == parameter_counts(config)


def test_parameters_of_one_layer_by_hand():
    config = preset("e2b")
    rows = plan(config)
    # a local owner: 8 query heads and the output, one K and one V head, all 256 wide
    assert parameters_inside(config, rows[0]) == {
        "attention": 1536 * 256 * (8 + 8 + 1 + 1),
        "dense MLP": 3 * 1536 * 6144,
        "norms": 5 * 1536 + 2 * 256,
        "PLE projections": 2 * 1536 * 256,
    }
    # a global borrower: no K, no V, no norm of K; double-wide
    borrower = parameters_inside(config, rows[34])
    assert borrower["attention"] == 1536 * 512 * (8 + 8)
    assert borrower["dense MLP"] == 3 * 1536 * 12288
    assert borrower["norms"] == 5 * 1536 + 512
