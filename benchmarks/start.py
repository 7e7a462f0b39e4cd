"""How long it takes until something is there: the import, and the first RoutingExplorer in a fresh Python."""

from __future__ import annotations

import subprocess
import sys
import time

from rich.console import Console

IMPORT = "import g4lab"
FIRST_VIEW = """
import time
start = time.perf_counter()
import g4lab
model = g4lab.load("tiny-moe")
view = g4lab.widgets.RoutingExplorer(model, "Anna likes red")
view.static()
first = time.perf_counter() - start
start = time.perf_counter()
g4lab.widgets.RoutingExplorer(model, "Ben has a blue kite and a small dog").static()
print(first, time.perf_counter() - start)
"""


def main() -> None:
    console = Console()
    plain = min(seconds("pass") for _ in range(5))
    imported = min(seconds(IMPORT) for _ in range(5))
    console.print(f"import g4lab: {imported - plain:.3f} s beyond starting Python (goal 0.3)")
    done = subprocess.run([sys.executable, "-c", FIRST_VIEW], capture_output=True, text=True, check=True)
    first, again = map(float, done.stdout.split()[-2:])
    console.print(f"first RoutingExplorer on tiny-moe, from a fresh Python: {first:.1f} s (goal 15)")
    console.print(f"the same for another prompt: {again:.2f} s (goal 0.5)")


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
