"""How the commands print: tables for people, JSON for programs, errors in a panel."""

from __future__ import annotations

import json
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from g4lab.errors import G4LabError


def show(*things: object) -> None:
    """Print rich renderables to the terminal as it is now."""
    console = Console(highlight=False)
    for thing in things:
        console.print(thing)


def show_json(value: object) -> None:
    """Print one JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def show_error(error: G4LabError) -> None:
    """Print what was wrong, where, and what to do next to standard error."""
    lines = [Text(error.what)]
    lines += [Text(f"{label}: {part}") for label, part in (("where", error.where), ("next", error.next)) if part]
    panel = Panel(Text("\n").join(lines), title=type(error).__name__, title_align="left", border_style="red")
    Console(stderr=True, highlight=False).print(panel)


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], caption: str | None = None) -> Table:
    """A plain table; columns whose cells are all numbers or sizes are set to the right."""
    columns, rows = list(columns), [[str(cell) for cell in row] for row in rows]
    built = Table(title=title, title_justify="left", caption=caption, caption_justify="left", box=box.SIMPLE_HEAD)
    for place, column in enumerate(columns):
        cells = [row[place] for row in rows]
        right = bool(cells) and all(cell[:1].isdigit() or cell in ("", "-") for cell in cells)
        built.add_column(column, justify="right" if right else "left")
    for row in rows:
        # Text: a path or a token may hold square brackets, which rich would read as markup.
        built.add_row(*map(Text, row))
    return built


def gib(size: int) -> str:
    """Bytes in units of 2**30, with enough digits to compare: "9.4 GiB", "0.004 GiB"."""
    amount = size / 2**30
    return f"{amount:.1f} GiB" if amount >= 0.1 else f"{amount:.3f} GiB"
