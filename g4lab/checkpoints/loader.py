"""Fill a network with a checkpoint's tensors, one at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from g4lab.checkpoints.rules import Rule
from g4lab.checkpoints.source import Source
from g4lab.errors import CheckpointError


@dataclass(frozen=True)
class Loaded:
    """What a load read, and what it left."""

    tensors: int
    skipped: tuple[str, ...]
    """Tensors of the checkpoint that this network has no place for, by design: encoders that were not wanted."""


def load_weights(network, source: Source) -> Loaded:
    """Read, rearrange, cast and assign every parameter of `network`.

    Everything is checked before the first tensor is read. Besides the network there is never more in memory than
    one tensor in its final form and a few rows of it as stored.

    Raises: CheckpointError naming the tensor, the file and both shapes.
    """
    from g4lab.runtime import assign, pages

    parameters = network.named_variables()
    shapes = {name: tuple(variable.shape) for name, variable in parameters.items()}
    rules = source.table.rules(parameters)
    _check(source, rules, shapes)
    for rule in rules:
        arrays = {name: pages(shapes[name], parameters[name].dtype) for name in rule.ours}
        for rows, chunk in source.tensors[rule.theirs].chunks():
            rule.load(rows, chunk, arrays)
        for name in rule.ours:
            assign(parameters[name], arrays.pop(name))
    return Loaded(len(rules), source.skipped)


def _check(source: Source, rules: list[Rule], shapes: dict[str, tuple[int, ...]]) -> None:
    wanted = {rule.theirs: rule for rule in rules}
    missing = [name for name in wanted if name not in source.tensors]
    if missing:
        raise CheckpointError(
            f"{len(missing)} tensors are missing: {_some(missing)}",
            source.origin,
            "the files are incomplete, or config.json is of another size: fetch both again",
        )
    extra = [name for name in source.tensors if name not in wanted]
    if extra:
        raise CheckpointError(
            f"{len(extra)} tensors have no place in this model: {_some(extra)}",
            source.origin,
            "config.json is of another size or kind than the weights: fetch both again",
        )
    for name, rule in wanted.items():
        tensor, expected = source.tensors[name], rule.shape(shapes)
        if tensor.shape != expected:
            raise CheckpointError(
                f"tensor {name!r} has shape {tensor.shape}; config.json asks for {expected}",
                tensor.origin,
                "config.json is of another size than the weights: fetch both again",
            )


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    return ", ".join(names[:8]) + (f", and {len(names) - 8} more" if len(names) > 8 else "")
