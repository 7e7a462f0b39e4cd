"""Gemma 4 with one part switched off at a time: `KERAS_BACKEND=torch python -m tests.parity.mutants DIRECTORY`.

Each mutant changes a network that holds everything; the script writes by how much its logits move.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.parity.configs import EVERYTHING
from tests.parity.workshop import Workshop, tokens

Mutant = Callable[..., None]  # (network, patch): changes are undone when the patch is

BLOCK_NORMS = (
    "attention_norm",
    "attention.query_norm",
    "attention.key_norm",
    "attention_post_norm",
    "feedforward_norm",
    "feedforward_post_norm",
    "dense_post_norm",
    "experts_norm",
    "experts_post_norm",
    "ple_post_norm",
)


def parts(network, path: str) -> list:
    """The part at `path` of every block that has it."""
    found = []
    for part in network.decoder.blocks:
        for name in path.split("."):
            part = getattr(part, name, None)
        found += [] if part is None else [part]
    return found


def returning(patch, targets, make: Callable) -> None:
    """Replace `call` of some parts by make(the call it had)."""
    for target in targets:
        patch.setattr(target, "call", make(target.call))


def ones(patch, variables) -> None:
    """Set variables to one until the patch is undone."""
    for variable in variables:
        before = variable.value.clone()
        variable.assign(before * 0 + 1)
        patch.restore.append((variable, before))


def norm_off(path: str) -> Mutant:
    return lambda network, patch: returning(patch, parts(network, path), lambda call: lambda x: x)


def scale_off(path: str) -> Mutant:
    return lambda network, patch: ones(patch, [norm.scale for norm in parts(network, path)])


def branch_off(path: str) -> Mutant:
    return lambda network, patch: returning(patch, parts(network, path), lambda call: lambda x: x * 0)


def replaced(where: str, make: Callable) -> Mutant:
    """Replace a function of a module by make(the function)."""

    def mutate(network, patch):
        module, name = where.rsplit(".", 1)
        patch.setattr(where, make(getattr(sys.modules[module], name)))

    return mutate


def sight(make: Callable) -> Mutant:
    """Replace who sees whom, in attention over the whole text and in that of its windows."""

    def mutate(network, patch):
        for module in ("decoder", "windows"):
            replaced(f"g4lab.models.{module}.visible", make)(network, patch)

    return mutate


def every(*mutants: Mutant) -> Mutant:
    """Several changes at once."""

    def mutate(network, patch):
        for mutant in mutants:
            mutant(network, patch)

    return mutate


def attribute(path: str, value) -> Mutant:
    """Set an attribute of the network or of a part of it."""

    def mutate(network, patch):
        *way, name = path.split(".")
        target = network
        for step in way:
            target = getattr(target, step)
        patch.setattr(target, name, value)

    return mutate


def value_is_normed_key(network, patch):
    for attention in parts(network, "attention"):
        if attention.layer.key_is_value and not attention.layer.borrows:
            own = attention.keys_and_values
            patch.setattr(attention, "keys_and_values", lambda *args, own=own: (own(*args)[0],) * 2)


def borrows_from_the_first_owner(network, patch):
    first = network.decoder.first_of_kind
    patch.setattr("g4lab.models.memory.CallMemory.read", lambda self, layer: self.entries[first[layer.kind].index])


def not_renormalised(network, patch):
    from keras import ops

    from g4lab.models.sites import Tap, observe, watching

    def make(call):
        def route(x, site):
            with watching(Tap(record=["*.router.probabilities"])) as tap:
                experts, weights = call(x, site)
            (probabilities,) = tap.values.values()
            chosen = ops.take_along_axis(probabilities, ops.cast(experts, "int64"), axis=-1)
            # The inner tap hid the site from an outer one.
            return experts, observe(f"{site}.experts.weights", weights * ops.sum(chosen, axis=-1, keepdims=True))

        return route

    returning(patch, parts(network, "router"), make)


def router_reads_the_normed_stream(network, patch):
    for block in network.decoder.blocks:
        returning(
            patch, [block.router], lambda call, block=block: lambda x, site: call(block.feedforward_norm(x), site)
        )


def one_expert_fewer(network, patch):
    for router in parts(network, "router"):
        patch.setattr(router, "chosen", router.chosen - 1)


def half_of_double_wide(network, patch):
    for block in network.decoder.blocks:
        kernel = block.feedforward.down.kernel
        if kernel.shape[0] == 2 * EVERYTHING.feedforward:
            before = kernel.value.clone()
            after = before.clone()
            after[EVERYTHING.feedforward :] = 0
            kernel.assign(after)
            patch.restore.append((kernel, before))


def only_global(change: Callable) -> Callable:
    """For `inverse_frequencies`: change what partly rotating layers get."""

    def make(original):
        def frequencies(head_dim, theta, rotary_pairs):
            own = original(head_dim, theta, rotary_pairs)
            return own if rotary_pairs == head_dim // 2 else change(original, own, head_dim, theta, rotary_pairs)

        return frequencies

    return make


FREQUENCIES = "g4lab.models.decoder.inverse_frequencies"
ATTEND = "g4lab.models.attention.attend"

MUTANTS: dict[str, Mutant] = {
    **{f"{path} off": norm_off(path) for path in BLOCK_NORMS},
    **{f"{path} without its scale": scale_off(path) for path in BLOCK_NORMS},
    "final norm off": lambda n, p: returning(p, [n.decoder.final_norm], lambda call: lambda x: x),
    "final norm without its scale": lambda n, p: ones(p, [n.decoder.final_norm.scale]),
    "value norm off": replaced("g4lab.models.attention.rms_norm", lambda norm: lambda x, **_: x),
    "scores divided by sqrt(H)": replaced(
        ATTEND, lambda attend: lambda q, k, v, mask: attend(q / q.shape[-1] ** 0.5, k, v, mask)
    ),
    "queries read the wrong K/V head": replaced(
        ATTEND, lambda attend: lambda q, k, v, mask: attend(q, k.flip(1), v.flip(1), mask)
    ),
    "K=V: the value is the normed key": value_is_normed_key,
    "shared K/V come from the first owner": borrows_from_the_first_owner,
    "RoPE off": replaced("g4lab.models.attention.rotate", lambda rotate: lambda x, cos, sin: x),
    "p-RoPE turns every pair": replaced(
        FREQUENCIES, only_global(lambda original, own, head_dim, theta, pairs: original(head_dim, theta, head_dim // 2))
    ),
    "p-RoPE turns no pair": replaced(FREQUENCIES, only_global(lambda original, own, *_: own * 0)),
    "p-RoPE divides by the rotated part": replaced(
        FREQUENCIES,
        only_global(
            lambda original, own, head_dim, theta, pairs: original(head_dim, theta ** (head_dim / 2 / pairs), pairs)
        ),
    ),
    "one theta for both kinds": replaced(
        FREQUENCIES, lambda f: lambda head_dim, theta, pairs: f(head_dim, 100.0, pairs)
    ),
    "window off": sight(lambda visible: lambda q, k, window: visible(q, k, None)),
    "window one wider": sight(lambda visible: lambda q, k, window: visible(q, k, window and window + 1)),
    "window one narrower": sight(lambda visible: lambda q, k, window: visible(q, k, window and window - 1)),
    "window on global layers too": sight(lambda visible: lambda q, k, window: visible(q, k, window or 5)),
    "the future is visible": sight(lambda visible: lambda q, k, window: visible(q * 0 + 10_000, k, None)),
    "sqrt(D) off": attribute("embed.scale", 1.0),
    "soft cap off": attribute("embed.softcap", None),
    "PLE off": branch_off("ple_post_norm"),
    "PLE token half off": attribute("ple.token_scale", 0.0),
    "PLE token half without sqrt(P)": attribute("ple.token_scale", 1.0),
    "PLE context half off": lambda n, p: returning(p, [n.ple.norm], lambda call: lambda x: x * 0),
    "PLE norm off": lambda n, p: returning(p, [n.ple.norm], lambda call: lambda x: x),
    "PLE norm without its scale": lambda n, p: ones(p, [n.ple.norm.scale]),
    "layer scalar off": lambda n, p: ones(p, [block.layer_scalar for block in n.decoder.blocks]),
    "dense branch off": branch_off("dense_post_norm"),
    "experts off": branch_off("experts_post_norm"),
    "per-expert scale off": lambda n, p: ones(p, [router.expert_scale for router in parts(n, "router")]),
    "router scale off": lambda n, p: ones(p, [router.scale for router in parts(n, "router")]),
    "router norm off": replaced("g4lab.models.router.rms_norm", lambda norm: lambda x, **_: x),
    "router without 1/sqrt(D)": lambda n, p: [p.setattr(r, "root_width", 1.0) for r in parts(n, "router")],
    "router reads the normed stream": router_reads_the_normed_stream,
    "one expert fewer": one_expert_fewer,
    "half of the double-wide MLP off": half_of_double_wide,
    "MLP gate off": replaced("g4lab.models.feedforward.gated", lambda gated: lambda gate, up: up),
    "expert gate off": every(  # of whichever form serves these tokens
        *(replaced(f"g4lab.models.{form}.gated", lambda gated: lambda gate, up: up) for form in ("blocks", "experts"))
    ),
}

# The norm after the experts takes a token's factor out again, so this one shows in the weights only.
MUTANTS_OF_WEIGHTS: dict[str, Mutant] = {"router weights not renormalised": not_renormalised}


def main(shop: Workshop) -> None:
    import numpy as np

    from tests.parity._run import build, logits, open_directory, sites
    from tests.parity.debug import first_divergence

    network = build(open_directory(shop.checkpoint("theirs", "huggingface", EVERYTHING.name)))
    ids = tokens(EVERYTHING)
    theirs = shop.load("transformers", EVERYTHING.name)

    def moved(site: str = "logits") -> float:
        found = logits(network, ids) if site == "logits" else sites(network, ids)[site]
        return float(np.abs(found - theirs[site]).max())

    report = {"nothing": moved()}
    for name, mutate in {**MUTANTS, **MUTANTS_OF_WEIGHTS}.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.restore = []
            mutate(network, patch)
            report[name] = moved("layers.0.experts.weights" if name in MUTANTS_OF_WEIGHTS else "logits")
            if name == "value norm off":
                divergence = first_divergence(sites(network, ids), theirs)
        for variable, before in patch.restore:
            variable.assign(before)
    report["nothing, afterwards"] = moved()
    (shop.directory / "mutants.json").write_text(json.dumps({"moved": report, "divergence": divergence}))


if __name__ == "__main__":
    main(Workshop(Path(sys.argv[1])))
