"""One measurement in a process of its own: `python -m benchmarks._worker SYSTEM WORK MODEL` prints JSON.

SYSTEM is g4lab, keras-hub (on the backend that KERAS_BACKEND names) or transformers; WORK is one of `WORKS`.
"""

from __future__ import annotations

import json
import sys

from benchmarks import _shapes as shapes
from benchmarks._timing import fastest, memory_bandwidth

WORKS = ("decode", "prefill", "train", "train-frozen", "watch")


def main(system: str, work: str, model: str) -> None:
    config = shapes.MODELS[model]
    if system == "g4lab":
        from benchmarks import _ours as runner
    elif system == "keras-hub":
        from benchmarks import _kerashub as runner
    elif system == "transformers":
        from benchmarks import _huggingface as runner
    else:
        raise SystemExit(f"unknown system {system}")
    result = runner.measure(work, config, fastest)
    if work == "decode" and system == "g4lab":
        result["limit"] = memory_bandwidth() / shapes.read_bytes(config)
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
