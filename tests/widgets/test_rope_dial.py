"""RopeDial: the frequencies are the network's, and what is made of them is what its rotation does."""

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import g4lab
from g4lab.config import PRESETS, preset
from g4lab.errors import ConfigError, InputError
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.plan import plan
from g4lab.widgets import RopeDial
from g4lab.widgets import rope_content as content
from tests.widgets.node import NODE
from tests.widgets.pages import arrays_of, header_of, hostile_page

STATIC = Path(g4lab.__file__).parent / "widgets" / "static"


@pytest.mark.parametrize("name", PRESETS)
def test_frequencies_are_those_of_the_plan(name):
    rows = plan(preset(name))
    for rotation in content.rotations(preset(name)):
        layers = [layer for layer in rows if layer.kind == rotation.kind]
        assert rotation.layers == len(layers)
        for layer in layers:
            turning = layer.head_dim // 2 if rotation.what_if else layer.rotary_pairs
            expected = inverse_frequencies(layer.head_dim, layer.theta, turning)
            np.testing.assert_array_equal(rotation.frequencies, expected)


def test_local_turns_all_and_global_a_quarter():
    local, partial, full = content.rotations(preset("e2b"))
    assert (local.frequencies > 0).all() and len(local.frequencies) == 128
    assert (
        (partial.frequencies[:64] > 0).all() and not partial.frequencies[64:].any() and len(partial.frequencies) == 256
    )
    assert full.what_if and (full.frequencies > 0).all()
    np.testing.assert_array_equal(full.frequencies[:64], partial.frequencies[:64])


def test_a_config_that_turns_everything_has_nothing_to_compare():
    assert [r.name for r in content.rotations(preset("e2b").replace(rotary_fraction=1.0))] == ["local", "global"]
    only_global = preset("31b").replace(kinds=("global", "global"))
    assert [r.kind for r in content.rotations(only_global)] == ["global", "global"]


def test_dot_products_by_hand():
    # pairs that turn by a quarter and by nothing: 1, then (0 + 1) / 2, then (-1 + 1) / 2
    found = content.dot_by_distance(np.array([np.pi / 2, 0], np.float32), np.array([0, 1, 2]))
    np.testing.assert_allclose(found, [1, 0.5, 0], atol=1e-6)


def test_the_dot_product_is_what_the_networks_rotation_gives():
    from g4lab import runtime

    runtime.choose_backend()
    from keras import ops

    from g4lab.models.rope import angles, rotate

    rng = np.random.default_rng(0)
    for rotation in content.rotations(preset("e2b")):
        half = rotation.head_dim // 2
        # every pair as long as the others, in a direction of its own
        start = rng.uniform(0, 2 * np.pi, half)
        x = np.concatenate([np.cos(start), np.sin(start)]).astype(np.float32) / np.sqrt(half)
        positions = np.array([[500, 499, 488, 372, 0]])
        turned = rotate(
            ops.convert_to_tensor(np.tile(x, (1, 5, 1, 1))),
            *angles(ops.convert_to_tensor(positions), rotation.frequencies),
        )
        q, *keys = runtime.to_numpy(turned)[0, :, 0]
        expected = [q @ key for key in keys]
        found = content.dot_by_distance(rotation.frequencies, 500 - positions[0, 1:])
        np.testing.assert_allclose(found, expected, atol=2e-5)


def test_random_directions_are_the_band_of_chance():
    head = content.rotations(preset("e2b"))[0].head_dim
    x = np.random.default_rng(0).normal(size=(2, 20_000, head))
    q, k = x / np.linalg.norm(x, axis=-1, keepdims=True)
    assert np.std((q * k).sum(-1)) == pytest.approx(head**-0.5, rel=0.02)


def test_the_page_turns_by_the_networks_angles(tmp_path):
    from g4lab import runtime

    runtime.choose_backend()
    from keras import ops

    from g4lab.models.rope import angles

    rotations = content.rotations(preset("e2b"))
    positions = [0, 1, 40, 511, 131_071]
    frequencies = [[float(f) for f in rotation.frequencies] for rotation in rotations]
    (tmp_path / "frequencies.json").write_text(json.dumps(frequencies))
    code = (
        f'import {{ angleAt, meanDot }} from "{STATIC / "rope_math.js"}";'
        'import { readFileSync } from "node:fs";'
        f'const all = JSON.parse(readFileSync("{tmp_path / "frequencies.json"}"));'
        f"const positions = {positions};"
        "const turned = all.map((fs) => positions.map((p) => fs.map((f) => angleAt(p, f))));"
        "const dots = all.map((fs) => positions.map((d) => meanDot(d, fs)));"
        "console.log(JSON.stringify({ turned, dots }));"
    )
    done = subprocess.run([NODE, "--input-type=module", "-e", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    for rotation, turned, dots in zip(rotations, found["turned"], found["dots"], strict=True):
        exact = np.float32(positions)[:, None] * rotation.frequencies
        np.testing.assert_array_equal(np.array(turned, np.float32), exact)
        cos, _ = angles(ops.convert_to_tensor([positions]), rotation.frequencies)
        # a backend's float32 cosine of an angle of 131,071 radians is its own, to about this
        np.testing.assert_allclose(np.cos(turned), runtime.to_numpy(cos)[0, :, 0], atol=1e-4)
        np.testing.assert_allclose(dots, content.dot_by_distance(rotation.frequencies, np.array(positions)), rtol=1e-12)


def test_the_static_page_carries_the_exact_frequencies():
    dial = RopeDial("26b-a4b")
    html = dial.static()
    for i, rotation in enumerate(dial.rotations):
        np.testing.assert_array_equal(arrays_of(html)[f"frequencies.{i}"], rotation.frequencies)
        assert header_of(html)["rotations"][i]["rotary_pairs"] == rotation.rotary_pairs
    assert header_of(html)["spans"] == [64, 1_024, 4_096, 262_144]


def test_csv_tells_which_pairs_turn():
    lines = list(csv.DictReader(io.StringIO(RopeDial("e2b").to_csv())))
    turns = {name: [line["turns"] for line in lines if line["layers"] == name] for name in ("local", "global")}
    assert turns["local"].count("yes") == 128 and turns["local"].count("never") == 0
    assert turns["global"].count("yes") == 64 and turns["global"].count("never") == 192
    still = next(line for line in lines if line["layers"] == "global" and line["pair"] == "64")
    assert still["features"] == "64 and 320" and still["dot_at_4096"] == "1.0" and still["tokens_per_turn"] == ""
    first = next(line for line in lines if line["layers"] == "local" and line["pair"] == "1")
    assert np.float32(first["radians_per_token"]) == inverse_frequencies(256, 10_000.0, 128)[1]


def test_the_sentence_and_the_picture():
    from PIL import Image

    words = RopeDial("e2b").sentence()
    assert "128 pairs, all turn" in words and "192 never turn" in words
    assert len(Image.open(io.BytesIO(RopeDial("e2b").to_png())).getcolors(10_000)) > 8


def test_what_it_refuses():
    with pytest.raises(ConfigError, match="RopeDial"):
        RopeDial("e3b")
    with pytest.raises(InputError, match="RopeDial"):
        RopeDial("e2b").handle({"kind": "anything"})


def test_a_name_stays_text():
    hostile_page(lambda name: RopeDial(preset("e2b").replace(name=name)))
