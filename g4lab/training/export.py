"""From a run's folder to the checkpoint that g4lab ships: the weights in bfloat16, the tokenizer, and the log."""

from __future__ import annotations

import shutil
from pathlib import Path

from g4lab.checkpoints import huggingface
from g4lab.models.gemma4 import Gemma4
from g4lab.runtime import assign, choose_backend
from g4lab.text.tokenizer import Tokenizer
from g4lab.training import state
from g4lab.training.vocabulary import TOKENIZER_FILES

LABEL = "tiny, trained by g4lab"
LOG = "training_log.jsonl"


def export(run: Path, directory: Path) -> None:
    """Write the run's weights into `directory`, in the layout that transformers loads.

    The files are written elsewhere first and then moved in one by one: a reader may see old and new files
    mixed for a moment, never half a file.
    Raises: CheckpointError when the run has no state yet.
    """
    choose_backend()
    config, stored = state.read(run)
    network = Gemma4(config)
    for name, variable in network.named_variables().items():
        assign(variable, stored[name].read(slice(None)))
    staging = run / "export"
    huggingface.save(network, staging, tokenizer=Tokenizer.from_directory(run), label=LABEL, dtype="bfloat16")
    directory.mkdir(parents=True, exist_ok=True)
    for path in staging.iterdir():
        path.replace(directory / path.name)
    for name in TOKENIZER_FILES:
        shutil.copyfile(run / name, directory / name)
    (directory / LOG).write_text(state.log_until(run, state.steps_of(stored)), encoding="utf-8")
    shutil.rmtree(staging)
