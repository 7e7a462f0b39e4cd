"""A run's state on disk: weights and optimizer in one file that is replaced as a whole, and what run it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from g4lab.checkpoints import safetensors
from g4lab.checkpoints.outgoing import Outgoing
from g4lab.checkpoints.source import Tensor
from g4lab.config import TextConfig
from g4lab.errors import CheckpointError, InputError
from g4lab.runtime import assign, to_numpy

STATE, ABOUT, LOG = "state.safetensors", "run.json", "log.jsonl"


def save(model, out: Path, name: str = STATE) -> None:
    """Write all variables beside the old state, force them to disk, then take the old state's place."""
    fresh = out / f"{name}.new"
    safetensors.write(fresh, [_outgoing(key, variable) for key, variable in _variables(model).items()])
    os.replace(fresh, out / name)
    _sync(out)


def restore(model, out: Path, name: str = STATE) -> int:
    """Read the state back, if there is one; returns the number of steps it has behind it.

    Raises: CheckpointError when the state is another model's.
    """
    path = out / name
    if not path.exists():
        return 0
    stored = safetensors.read_header(path)
    variables = _variables(model)
    wanted = {key: tuple(variable.shape) for key, variable in variables.items()}
    found = {key: tensor.shape for key, tensor in stored.items()}
    if wanted != found:
        odd = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
        raise CheckpointError(
            f"the state does not fit the recipe: {', '.join(odd[:3])}", path, "begin a new run in another folder"
        )
    for key, variable in variables.items():
        assign(variable, stored[key].read(slice(None)))
    return int(to_numpy(model.optimizer.iterations))


def steps_of(stored: dict[str, Tensor]) -> int:
    """How many steps a stored state has behind it: the optimizer's first variable counts them."""
    return int(stored["optimizer.0"].read(slice(None)))


def read(out: Path) -> tuple[TextConfig, dict[str, Tensor]]:
    """The model's config and the stored tensors by name, unread.

    Raises: CheckpointError when nothing was saved yet.
    """
    if not (out / STATE).exists():
        raise CheckpointError("this run has saved no state yet", out, "train first, or name another folder")
    about = json.loads((out / ABOUT).read_text(encoding="utf-8"))
    return TextConfig.from_dict(about["model"]), safetensors.read_header(out / STATE)


def describe(out: Path, about: dict) -> None:
    """Write down which run this folder holds, or check that it is the same one.

    Raises: InputError when the folder holds a run of another model or seed.
    """
    about = json.loads(json.dumps(about))  # tuples become lists, as in the file
    path = out / ABOUT
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        fresh = out / f"{ABOUT}.new"
        fresh.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        os.replace(fresh, path)
        return
    earlier = json.loads(path.read_text(encoding="utf-8"))
    for key, value in about.items():
        if earlier.get(key) != value:
            raise InputError(
                f"this folder holds a run with {key} {earlier.get(key)!r}, not {value!r}", path, "choose another folder"
            )


def cut_log(out: Path, step: int, name: str = LOG) -> None:
    """Drop the log's lines of steps that the state does not know: they will be run again."""
    if (out / name).exists():
        fresh = out / f"{name}.new"
        fresh.write_text(log_until(out, step, name), encoding="utf-8")
        os.replace(fresh, out / name)


def log_until(out: Path, step: int, name: str = LOG) -> str:
    """The log up to a step."""
    # A kill can leave half a line at the end.
    lines = (out / name).read_text(encoding="utf-8").split("\n")[:-1]
    return "".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step)


def log(out: Path, entry: dict, name: str = LOG) -> None:
    """Append one line to the log."""
    with (out / name).open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _variables(model) -> dict:
    optimizer = {f"optimizer.{place}": variable for place, variable in enumerate(model.optimizer.variables)}
    return model.named_variables() | optimizer


def _outgoing(name: str, variable) -> Outgoing:
    return Outgoing(name, tuple(variable.shape), np.dtype(str(variable.dtype)), lambda: to_numpy(variable))


def _sync(folder: Path) -> None:
    """Force a rename to disk."""
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
