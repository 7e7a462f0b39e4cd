"""ArchitectureMap: its numbers are the plan's, in Python and on the page."""

import csv
import io
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import g4lab
from g4lab.config import PRESETS, preset
from g4lab.errors import ConfigError, InputError
from g4lab.models.plan import cache_bytes, parameter_counts, plan
from g4lab.widgets import ArchitectureMap
from g4lab.widgets import architecture_content as content
from tests.widgets.node import NODE
from tests.widgets.pages import hostile_page, page_of

SIZES = ["e2b", "e4b", "26b-a4b", "31b"]
STATIC = Path(g4lab.__file__).parent / "widgets" / "static"


@pytest.mark.parametrize("name", PRESETS)
def test_every_released_size_is_drawn_without_weights(name):
    header, arrays = ArchitectureMap(name).content(live=False)
    assert arrays == {}
    assert [row["index"] for row in header["layers"]] == list(range(preset(name).layers))
    assert header["parameters"] == parameter_counts(preset(name))


@pytest.mark.parametrize("name", SIZES)
def test_parts_of_the_layers_and_around_them_are_the_whole(name):
    header, _ = ArchitectureMap(name).content(live=False)
    total = sum(sum(row["parameters"].values()) for row in header["layers"]) + sum(header["around"].values())
    assert total == sum(parameter_counts(preset(name)).values())
    assert set(header["parameters"]) <= set(header["parts"])


@pytest.mark.parametrize("name", SIZES)
def test_each_row_is_the_plans(name):
    header, _ = ArchitectureMap(name).content(live=False)
    for row, layer in zip(header["layers"], plan(preset(name)), strict=True):
        assert {key: row[key] for key in vars(layer)} == vars(layer)
        assert row["borrows"] == layer.borrows == (layer.owner != layer.index)


def test_owners_and_borrowers_of_e2b_by_hand():
    rows = ArchitectureMap("e2b").content(live=False)[0]["layers"]
    assert rows[14]["borrowers"] == [19, 24, 29, 34]
    assert rows[13]["borrowers"] == [i for i in range(15, 35) if i not in (19, 24, 29, 34)]
    assert [row["index"] for row in rows if row["borrowers"]] == [13, 14]
    # one K/V head of 512, keys and values, two bytes each; a borrower costs nothing, alone it would cost the same
    assert rows[14]["cache_per_token"] == rows[34]["alone_per_token"] == 2 * 512 * 2
    assert rows[34]["cache_per_token"] == 0


def test_the_share_of_the_experts_that_read_a_token_by_hand():
    row = ArchitectureMap("26b-a4b").content(live=False)[0]["layers"][0]
    assert row["active_experts"] == 3 * 8 * 2816 * 704
    assert row["active_experts"] * 128 == row["parameters"]["experts"] * 8


@pytest.mark.parametrize("name", SIZES)
def test_the_page_counts_the_cache_as_the_plan_does(name, tmp_path):
    config = preset(name)
    header, _ = ArchitectureMap(name).content(live=False)
    (tmp_path / "header.json").write_text(json.dumps(header), encoding="utf-8")
    lengths = [1, config.window - 1, config.window, config.window + 1, *header["lengths"]]
    code = (
        f'import {{ cacheOf, partsOf, summed }} from "{STATIC / "map_data.js"}";'
        'import { readFileSync } from "node:fs";'
        f'const content = JSON.parse(readFileSync("{tmp_path / "header.json"}"));'
        f"const caches = {json.dumps(lengths)}.map((tokens) => cacheOf(content.layers, tokens));"
        "const parts = partsOf(content, null).reduce((sum, { count }) => sum + count, 0);"
        "const layers = content.layers.map((layer) => summed(layer.parameters));"
        "console.log(JSON.stringify({ caches, parts, layers }));"
    )
    done = subprocess.run([NODE, "--input-type=module", "-e", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert [cache["bytes"] for cache in found["caches"]] == [cache_bytes(config, tokens) for tokens in lengths]
    alone = sum(row["alone_per_token"] for row in header["layers"])
    assert [cache["alone"] for cache in found["caches"]] == [alone * tokens for tokens in lengths]
    assert found["parts"] == sum(parameter_counts(config).values())
    assert found["layers"] == [sum(row["parameters"].values()) for row in header["layers"]]


def test_lengths_end_at_the_last_position():
    assert content.lengths(preset("e2b"))[-1] == 131_072
    assert content.lengths(preset("e2b").replace(max_positions=100)) == [64, 100]


def test_every_part_names_a_file_that_exists():
    folder = Path(g4lab.__file__).parent / "models"
    assert all((folder / file).is_file() for _, file in content.PARTS.values())


def test_a_model_or_a_config_of_ones_own():
    config = preset("e2b").replace(name="mine")
    shape = SimpleNamespace(config=config, name="mine", label="trained here")
    assert ArchitectureMap(config).content(False)[0]["model"]["label"] == "a config, no weights"
    assert ArchitectureMap(shape).content(False)[0]["model"] == {"name": "mine", "label": "trained here"}


@pytest.mark.parametrize("wrong", ["e3b", 7, None])
def test_what_has_no_plan_is_refused(wrong):
    with pytest.raises(ConfigError, match="ArchitectureMap"):
        ArchitectureMap(wrong)


def test_the_page_asks_for_nothing():
    with pytest.raises(InputError, match="'run'"):
        ArchitectureMap("e2b").handle({"kind": "run"})


def test_csv_holds_the_plan_and_adds_up():
    lines = list(csv.DictReader(io.StringIO(ArchitectureMap("e2b").to_csv())))
    assert len(lines) == 36
    assert sum(int(line["parameters"]) for line in lines) == sum(parameter_counts(preset("e2b")).values())
    cached = [int(line["cache_bytes_32768_tokens"]) for line in lines]
    assert sum(cached) == cache_bytes(preset("e2b"), 32_768)
    assert lines[34]["owner"] == "14" and lines[34]["window"] == ""


def test_the_sentence_has_the_exact_totals():
    words = ArchitectureMap("e2b").sentence()
    assert "4,628,569,344 parameters" in words and f"{cache_bytes(preset('e2b'), 32_768):,} bytes" in words


@pytest.mark.parametrize("name", SIZES)
def test_png_is_a_picture(name):
    from PIL import Image

    image = Image.open(io.BytesIO(ArchitectureMap(name).to_png()))
    assert image.width == 900 and len(image.getcolors(10_000)) > 8


def test_a_name_stays_text():
    hostile_page(lambda name: ArchitectureMap(preset("e2b").replace(name=name)))


def test_the_static_page_is_small():
    assert len(ArchitectureMap("31b").static()) < 250_000
    assert "://" not in page_of(ArchitectureMap("31b").static())
