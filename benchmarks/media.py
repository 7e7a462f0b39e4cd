"""Pictures, sounds and films to what the encoders read: g4lab's processors beside transformers'.

Each side runs in processes of its own, in turn; what counts are the ratios. Run nothing else meanwhile.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._media import main as in_this_process
from benchmarks.views import ROUNDS, met, run

SYSTEMS = ("g4lab", "transformers", "transformers torchvision")
WORKS = {
    "photo": "photo of 12 megapixels, JPEG file to 280 soft tokens",
    "pixels": "the same, decoded, to 280 soft tokens",
    "window": "30 s at 16,000 Hz to mel frames",
    "minute": "60 s at 16,000 Hz in two windows to mel frames",
    "stereo": "60 s of 48,000 Hz stereo, resampled, to mel frames",
    "film": "10 s of 1280 x 720, MP4 file to 32 frames of 70 soft tokens",
}
FASTER = 1.0
"""The goal: at least as fast."""


def main() -> None:
    console = Console()
    found: dict[tuple[str, str], list[dict]] = {}
    with tempfile.TemporaryDirectory() as directory:
        in_this_process("make", Path(directory))
        for _ in range(ROUNDS):
            for system in SYSTEMS:
                for result in run("_media", system, directory):
                    if "missing" in result:
                        found[system, "missing"] = [result]
                    else:
                        found.setdefault((system, result["work"]), []).append(result)
    table = Table("work", "system", "ms", "CPU ms", "g4lab is faster by", "goal: 1 x")
    for work, label in WORKS.items():
        ours = best(found["g4lab", work])
        for system in SYSTEMS:
            if (system, work) not in found:
                continue
            result = best(found[system, work])
            ratio = result["seconds"] / ours["seconds"]
            verdict = ("", "") if system == "g4lab" else (f"{ratio:.2f} x", met(ratio >= FASTER))
            table.add_row(label, system, f"{1e3 * result['seconds']:.1f}", f"{1e3 * result['cpu']:.1f}", *verdict)
    console.print(table)
    console.print("transformers' pictures: its Pillow form, whose numbers ours are; fastest of all runs")
    if (SYSTEMS[2], "missing") in found:
        console.print(f"its torchvision form was not measured: {found[SYSTEMS[2], 'missing'][0]['missing']}")


def best(results: list[dict]) -> dict:
    """The least disturbed of several rounds, number by number."""
    return {name: min(result[name] for result in results) for name in ("seconds", "cpu")}


if __name__ == "__main__":
    main()
