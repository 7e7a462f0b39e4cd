"""`g4lab info`: exact counts, one row per layer, and neither weights nor a backend."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file
from typer.testing import CliRunner

from g4lab.checkpoints.huggingface_config import config_json
from g4lab.cli import app
from g4lab.config import preset

# The language models' sizes in the released checkpoints.
TOTALS = {"e2b": 4_628_569_344, "e4b": 7_463_013_376, "26b-a4b": 25_233_141_760, "31b": 30_697_345_280}


def info(*arguments: str):
    result = CliRunner().invoke(app, ["info", *arguments])
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(("name", "total"), TOTALS.items())
def test_the_counts_are_exact(name, total):
    report = json.loads(info(name, "--json"))
    assert report["total_parameters"] == sum(report["parameters"].values()) == total
    assert f"{total:,}" in info(name)


@pytest.mark.parametrize(("name", "layers"), [("e2b", 35), ("e4b", 42), ("26b-a4b", 30), ("31b", 60)])
def test_there_is_a_row_for_each_layer(name, layers):
    rows = json.loads(info(name, "--json"))["plan"]
    assert [row["index"] for row in rows] == list(range(layers))
    lines = [line.split()[:2] for line in info(name).splitlines()]
    assert all([str(row["index"]), row["kind"]] in lines for row in rows)


def test_the_table_says_who_owns_keys_and_values():
    lines = info("e2b").splitlines()
    assert next(line.split() for line in lines if line.split()[:1] == ["34"])[-3:] == ["layer", "14", "0"]
    assert "6,144 a token on global layers" in " ".join(lines)
    assert "K=V" in info("31b") and "K=V" not in info("e2b")


def test_the_table_fits_eighty_columns():
    for name in TOTALS:
        assert max(map(len, info(name).splitlines())) <= 80


def test_a_mixture_says_how_much_of_it_one_token_reads():
    assert "8 of 128 experts of width 704" in info("26b-a4b")
    assert "read for one token: 3,822,530,560" in info("26b-a4b")


def test_no_backend_is_imported():
    code = (
        "import sys\nfrom g4lab.cli import app\n"
        "try: app(['info', '31b', '--json'])\n"
        "finally: print({'keras', 'jax', 'torch', 'tensorflow'} & set(sys.modules), file=sys.stderr)"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert json.loads(child.stdout)["name"] == "31b"
    assert child.stderr.strip() == "set()"


def test_a_local_checkpoint_is_described_from_its_config(tmp_path):
    small = {"name": "mine", "kinds": ("local", "global"), "width": 32, "vocab_size": 64, "feedforward": 16}
    values = config_json(preset("31b").replace(**small), "float32")
    (tmp_path / "config.json").write_text(json.dumps(values))
    save_file({"model.embed_tokens.weight": np.zeros((64, 32), "float32")}, tmp_path / "model.safetensors")
    report = json.loads(info(str(tmp_path), "--json"))
    assert [row["kind"] for row in report["plan"]] == ["local", "global"]
    assert report["config"]["width"] == 32
