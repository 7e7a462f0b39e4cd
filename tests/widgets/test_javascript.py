import json
import subprocess
from pathlib import Path

import numpy as np

from g4lab.widgets.pack import pack
from tests.widgets.node import NODE

FOLDER = Path(__file__).parent / "js"


def test_pure_parts_under_node():
    files = sorted(FOLDER.glob("*.test.mjs"))
    done = subprocess.run([NODE, "--test", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_python_packs_javascript_unpacks(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "floats": rng.normal(size=(3, 4)).astype(np.float32),
        "doubles": rng.normal(size=3),
        "halves": np.array([0, 1, -2.5, 65504, 6e-8, -0.1, np.inf], np.float16),
        "bytes": rng.integers(0, 256, 5).astype(np.uint8),
        "words": rng.integers(0, 65536, 3).astype(np.uint16),
        "ints": np.array([-1, 2**31 - 1], np.int32),
    }
    index, raw = pack(arrays)
    (tmp_path / "raw").write_bytes(raw)
    code = (
        f'import {{ unpack }} from "{FOLDER.parents[2] / "g4lab/widgets/static/pack.js"}";'
        'import { readFileSync } from "node:fs";'
        f'const found = unpack({json.dumps(index)}, readFileSync("{tmp_path / "raw"}"));'
        "const plain = Object.entries(found).map(([n, a]) => [n, [...a.data].map(String)]);"
        "console.log(JSON.stringify(Object.fromEntries(plain)));"
    )
    done = subprocess.run([NODE, "--input-type=module", "-e", code], capture_output=True, text=True, check=True)
    for name, values in json.loads(done.stdout).items():
        np.testing.assert_array_equal(np.array([float(value) for value in values]), arrays[name].ravel().astype(float))
