"""For every test: nothing leaves this machine, and each command prints as wide as it likes."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

from g4lab.runtime import choose_backend

CLOSED_NETWORK = Path(__file__).parent / "closed_network"

# The guard here, and, by PYTHONPATH, in every Python that a test starts: backends, kernels, servers.
runpy.run_path(str(CLOSED_NETWORK / "sitecustomize.py"))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, (str(CLOSED_NETWORK), os.environ.get("PYTHONPATH"))),
)
os.environ["HF_HUB_OFFLINE"] = "1"
# What JAX compiles is most of a run's time, and the same from run to run.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

# Keras settles its backend at its first import, which may be a test's: JAX here, unless KERAS_BACKEND says otherwise.
choose_backend()
