"""`g4lab doctor`: what is installed, what this machine has, and what it can run."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from g4lab import __version__, runtime
from g4lab.commands import machine
from g4lab.commands.fits import CONTEXT, NF4_BITS, need
from g4lab.commands.output import gib, show, show_json, table
from g4lab.config import PRESETS


def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what is installed, what this machine has, and which sizes it can run."""
    report = examine()
    if json:
        show_json(report)
        return
    show(_system(report), _packages(report), _sizes(report))


def examine() -> dict:
    """Everything that `g4lab doctor` shows, as plain JSON values."""
    installed, asked_for = runtime.installed_backends(), os.environ.get("KERAS_BACKEND")
    system, cards = machine.system(), machine.graphics_cards()
    return {
        "g4lab": __version__,
        "system": system,
        "graphics_cards": cards,
        "packages": machine.packages(),
        "backends": {
            "installed": installed,
            "chosen": runtime.choose_backend() if installed else None,
            "KERAS_BACKEND": asked_for,
            "devices": runtime.devices() if installed else [],
        },
        "sizes": _fits(system["memory_bytes"], cards),
    }


def _fits(memory: int, cards: list[dict]) -> list[dict]:
    card = max((card["memory_bytes"] for card in cards), default=0)
    rows = []
    for config in PRESETS.values():
        if config.name.endswith("-it"):
            continue  # the same sizes again
        for storage in ("bf16", "nf4"):
            needs = need(config, storage)
            fits = {"memory": needs.peak <= memory, "graphics_card": needs.peak <= card}
            rows.append(
                {
                    "name": config.name,
                    "storage": storage,
                    "weights_bytes": needs.weights,
                    "cache_bytes": needs.cache,
                    "peak_bytes": needs.peak,
                    "fits": fits,
                }
            )
    return rows


def _system(report: dict):
    system, backends = report["system"], report["backends"]
    cards = [f"{card['name']}, {gib(card['memory_bytes'])}" for card in report["graphics_cards"]]
    rows = [
        ("g4lab", report["g4lab"]),
        ("Python", f"{system['python']} ({system['executable']})"),
        ("system", f"{system['system']}, {system['cores']} cores"),
        ("memory", f"{gib(system['memory_bytes'])}, {gib(system['memory_available_bytes'])} of it free now"),
        ("disk", f"{gib(system['disk_free_bytes'])} free in the home folder"),
        ("graphics card", "; ".join(cards) or "none found"),
        ("backends", ", ".join(backends["installed"]) or 'none: pip install "g4lab[jax]"'),
        (
            "in use",
            f"{backends['chosen']} on {', '.join(backends['devices'])}" if backends["chosen"] else "none",
        ),
    ]
    return table("This machine", ["what", "found"], rows)


def _packages(report: dict):
    rows = []
    for package in report["packages"]:
        extras = [extra for extra in package["extras"] if extra != "dev"]
        if package["extras"] and not extras:
            continue  # only the tests ask for it
        state = "not installed" if package["version"] is None else "ok" if package["fits"] else "outside the range"
        rows.append((package["name"], package["version"] or "-", package["range"], ", ".join(extras), state))
    return table("Packages", ["package", "version", "g4lab asks for", "for", "state"], rows)


def _sizes(report: dict):
    rows = []
    for size in report["sizes"]:
        where = [place.replace("_", " ") for place, fits in size["fits"].items() if fits]
        numbers = [gib(size[key]) for key in ("weights_bytes", "cache_bytes", "peak_bytes")]
        rows.append((size["name"], size["storage"], *numbers, " or ".join(where) or "nothing here"))
    caption = (
        f"Text decoder. Cache: {CONTEXT:,} tokens. Peak: while loading. This version loads bf16 and f32; nf4 "
        f"is what 4-bit storage of attention, MLP and experts ({NF4_BITS} bits a weight) needs."
    )
    columns = ["size", "stored as", "weights", "cache", "peak", "fits in"]
    return table("What this machine can run", columns, rows, caption)
