"""A run that is killed goes on to the same weights and the same log as one that is not."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from g4lab.errors import CheckpointError, InputError
from g4lab.training import state
from g4lab.training.export import export
from tests.training.micro import MICRO

pytestmark = pytest.mark.slow


def command(out):
    return [sys.executable, "-m", "tests.training.micro", str(out)]


def entries(out):
    lines = (out / state.LOG).read_text().splitlines()
    return [{key: value for key, value in json.loads(line).items() if key != "seconds"} for line in lines]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run(command(out), check=True, capture_output=True)
    return out


def test_the_log_has_every_step_and_the_probes(whole):
    log = entries(whole)
    assert [entry["step"] for entry in log] == list(range(1, MICRO.steps + 1))
    assert set(log[5]["loss"]) == {"arithmetic", "recall", "pairs"} and len(log[5]["load"]) == 2
    assert all(0 < entry["train_loss"] < 20 for entry in log)


def test_killed_and_resumed_equals_uninterrupted(whole, tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.time() + 300
        # The state of step 4 exists and later steps are logged: these will be lost and run again.
        while not ((out / state.STATE).exists() and len(entries(out)) > 4):
            assert time.time() < deadline and process.poll() is None
            time.sleep(0.005)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with (out / state.LOG).open("a") as log:
        log.write('{"step": 99, "train_')  # a line that the kill cut in half
    subprocess.run(command(out), check=True, capture_output=True)
    assert entries(out) == entries(whole)
    assert (out / state.STATE).read_bytes() == (whole / state.STATE).read_bytes()


def test_a_folder_of_another_run_is_refused(whole, tmp_path):
    with pytest.raises(InputError, match="seed"):
        state.describe(whole, {"model": MICRO.config.to_dict(), "seed": 1})


def test_export_loads_and_says_what_it_is(whole, tmp_path):
    import g4lab

    export(whole, tmp_path / "micro")
    lab = g4lab.load(str(tmp_path / "micro"))
    assert lab.label == "tiny, trained by g4lab" and lab.logits("12+34=").shape[-1] == MICRO.config.vocab_size
    with pytest.raises(CheckpointError, match="no state"):
        export(tmp_path, tmp_path / "other")
