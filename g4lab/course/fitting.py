"""Whether this machine can run a released size: the question of every "now on the real one"."""

from __future__ import annotations

from g4lab.commands.fits import need
from g4lab.commands.machine import graphics_cards, system
from g4lab.commands.output import gib
from g4lab.config import preset
from g4lab.course.guesses import Note


def fits(name: str) -> Note:
    """Say what a size needs while it loads in bfloat16, and what this machine has. Nothing is downloaded.

    Units: bytes, shown in GiB.
    Raises: ConfigError for a name that is no released size.
    """
    needs, memory = need(preset(name), "bf16").peak, system()["memory_bytes"]
    card = max((card["memory_bytes"] for card in graphics_cards()), default=0)
    enough = needs <= max(memory, card)
    has = f"{gib(memory)} of memory" + (f" and a graphics card with {gib(card)}" if card else "")
    advice = f'Set the model\'s name to "{name}" and run all cells.' if enough else "Use a larger machine for it."
    return Note(f"{name} needs about {gib(needs)}; this machine has {has}. {advice}")
