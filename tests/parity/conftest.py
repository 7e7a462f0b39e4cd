"""Each stage of the comparison is one Python process, run when a test first asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.configs import all_configs
from tests.parity.workshop import Workshop

REPOSITORY = Path(__file__).parents[2]
# Stage: the stage before it, the module and its command, the backend (where the choice is free: the quickest to start).
STAGES = {
    "transformers": (None, ["transformers_oracle", "make"], "torch"),
    "read on jax": ("transformers", ["_run", "read"], "jax"),
    "read on tensorflow": ("transformers", ["_run", "read"], "tensorflow"),
    "read on torch": ("transformers", ["_run", "read"], "torch"),
    "mutants": ("transformers", ["mutants"], "torch"),
    "write": ("transformers", ["_run", "write"], "torch"),
    "reload": ("write", ["transformers_oracle", "reload"], "torch"),
    "keras-hub": ("write", ["kerashub_oracle"], "torch"),
    "presets": ("keras-hub", ["_run", "presets"], "torch"),
    "media": (None, ["media_oracle", "make"], "torch"),
    "media on jax": ("media", ["media_run", "read"], "jax"),
    "media on tensorflow": ("media", ["media_run", "read"], "tensorflow"),
    "media on torch": ("media", ["media_run", "read"], "torch"),
    "media written": ("media", ["media_run", "write"], "torch"),
    "media keras-hub": ("media written", ["media_hub"], "torch"),
    "media reloaded": ("media written", ["media_oracle", "reload"], "torch"),
}


@pytest.fixture(scope="session")
def after(tmp_path_factory) -> Callable[[str], Workshop]:
    """after(stage): the workshop, with that stage done. A stage that fails fails every test that needs it."""
    shop = Workshop(tmp_path_factory.mktemp("parity"))
    shop.write_configs(all_configs())
    outcomes: dict[str, str | None] = {}

    def done(stage: str) -> Workshop:
        before, (module, *command), backend = STAGES[stage]
        if before:
            done(before)
        if stage not in outcomes:
            child = subprocess.run(
                [sys.executable, "-m", f"tests.parity.{module}", *command, str(shop.directory)],
                cwd=REPOSITORY,
                env=os.environ | {"KERAS_BACKEND": backend},
                capture_output=True,
                text=True,
            )
            outcomes[stage] = child.stderr[-3000:] if child.returncode else None
        if outcomes[stage] is not None:
            pytest.fail(f"stage {stage!r} failed:\n{outcomes[stage]}", pytrace=False)
        return shop

    return done
