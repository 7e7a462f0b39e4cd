"""What every view's output weighs, and how long it takes to make: `python -m benchmarks._outputs` prints JSON lines."""

from __future__ import annotations

import json
import time

from benchmarks._stretched import prompt, stretched

LENGTHS = (128, 512, 2048, 4096)


def main() -> None:
    from g4lab import widgets

    moe, dense = stretched("tiny-moe"), stretched("tiny-e")
    for name, view in {"RopeDial": widgets.RopeDial, "ArchitectureMap": widgets.ArchitectureMap}.items():
        show(name, None, lambda view=view: view("26b-a4b"))
    makers = {
        "TokenStrip": lambda ids: widgets.TokenStrip(moe, ids, surprisal=True),
        "AttentionExplorer": lambda ids: widgets.AttentionExplorer(moe, ids),
        "RoutingExplorer": lambda ids: widgets.RoutingExplorer(moe, ids),
        "LogitLens": lambda ids: widgets.LogitLens(moe, ids),
        "PerLayerEmbeddings": lambda ids: widgets.PerLayerEmbeddings(dense, ids),
    }
    for length in LENGTHS:
        ids = prompt(moe, length)
        for name, make in makers.items():
            show(name, length, lambda make=make, ids=ids: make(ids))
        for model in (moe, dense):
            scope = f"Microscope({model.name})"
            show(scope, length, lambda model=model, ids=ids: widgets.Microscope(model, ids))


def show(name: str, length: int | None, make) -> None:
    """Twice made: what is compiled for a length is compiled once."""
    make()
    wall, processor = time.perf_counter(), time.process_time()
    view = make()
    made = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - processor}
    # a Microscope sends a tab when it is opened: shown are its bar and the first, and each other tab is a row above
    parts = [view] if not hasattr(view, "names") else [view, view.view(view.names[0])]
    live = sum(sent(part) for part in parts)
    print(json.dumps({"view": name, "tokens": length, "static": len(view.static()), "live": live, **made}), flush=True)


def sent(view) -> int:
    """Bytes that the page gets of a live view."""
    header, arrays = view._packed(live=True)
    return len(json.dumps(header)) + len(arrays)


if __name__ == "__main__":
    main()
