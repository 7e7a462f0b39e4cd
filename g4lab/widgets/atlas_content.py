"""What the page of SoftTokenAtlas draws, in the bytes that it has room for; and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from g4lab.tracing import media
from g4lab.tracing.hiding import Hiding
from g4lab.tracing.media import TOKEN_SECONDS, Part
from g4lab.tracing.trace import Trace
from g4lab.widgets import atlas_forms as forms
from g4lab.widgets.atlas_reading import SoftLens

MEDIA_BYTES = 900_000
"""Of pictures and playback in a page; pictures take up to `PICTURE_BYTES` of it."""
PICTURE_BYTES = 560_000
ROW_BYTES = 260_000
"""Of rows of attention in a page; a live one asks for the others."""
COLUMNS = 1_500
"""Columns of a mel spectrogram, and stretches of a waveform, that a page draws for all sounds together."""


def pictures(trace: Trace, parts: Sequence[Part], room: int) -> tuple[dict[int, dict], dict[str, np.ndarray]]:
    """Every picture and frame as a file, each with an equal share of the room."""
    pictured = [index for index, part in enumerate(parts) if part.kind != "audio"]
    header, arrays = {}, {}
    for index in pictured:
        pixels = media.pixels_of(trace, parts[index])
        made = forms.picture(pixels, room // len(pictured))
        header[index] = {"type": made.type, "note": made.note, "height": pixels.shape[0], "width": pixels.shape[1]}
        arrays[f"picture.{index}"] = np.frombuffer(made.file, np.uint8)
    return header, arrays


def sounds(trace: Trace, parts: Sequence[Part], room: int) -> tuple[dict[int, dict], dict[str, np.ndarray]]:
    """Every sound: its playback if there is room for it, its waveform, mel frames, and how loud each token is."""
    heard = [index for index, part in enumerate(parts) if part.kind == "audio"]
    header, arrays = {}, {}
    for index in heard:
        samples, mel = (trace[f"{parts[index].site}.{what}"] for what in ("waveform", "mel"))
        most = max(COLUMNS // len(heard), 1)
        file, note = forms.wave(samples, room // len(heard))
        shades, frames, low, high = forms.shades(mel, most)
        seconds = len(samples) / forms.RATE
        header[index] = {"note": note, "seconds": seconds, "frames": frames, "low": low, "high": high}
        arrays |= {
            f"mel.{index}": shades,
            f"envelope.{index}": forms.envelope(samples, most),
            f"loudness.{index}": forms.loudness(samples, len(parts[index]), TOKEN_SECONDS),
        }
        if file:
            arrays[f"wave.{index}"] = np.frombuffer(file, np.uint8)
    return header, arrays


def rows(trace: Trace, token: int) -> np.ndarray:
    """What one token reads, in all heads of all layers, one layer after the other. Shapes: -> float32 [all heads,T]."""
    return np.concatenate([media.row_of(trace, row["index"], token) for row in trace.plan])


def means(trace: Trace, found: np.ndarray) -> np.ndarray:
    """The mean over the heads of each layer. Shapes: [all heads,T] -> float32 [L,T]."""
    edges = np.cumsum([0, *(row["heads"] for row in trace.plan)])
    spans = zip(edges, edges[1:], strict=False)
    return np.stack([found[a:b].mean(0, dtype=np.float64) for a, b in spans]).astype(np.float32)


def held_rows(trace: Trace, wanted: Sequence[int], room: int) -> tuple[list[dict], dict[str, np.ndarray]]:
    """The rows that a page holds: those wanted first, each head exactly; the first at least as means over heads."""
    header, arrays = [], {}
    for token in wanted:
        found = rows(trace, token)
        form = "heads"
        if found.nbytes > room and not header:
            found, form = means(trace, found), "means"
        if found.nbytes > room and header:
            break
        room -= found.nbytes
        header.append({"token": token, "form": form})
        arrays[f"row.{token}"] = found
    return header, arrays


def readers(trace: Trace, parts: Sequence[Part], answer: tuple[int, int] | None) -> list[int]:
    """The words whose rows are worth holding, the most wanted first: those that say the answer, then the rest.

    The row that says a token is that of the position before it.
    """
    soft = {position for part in parts for position in range(part.start, part.end)}
    first = min(part.end for part in parts)
    said = [] if answer is None else [*range(answer[0] - 1, answer[1])]
    rest = range(len(trace) - 1, first - 1, -1)
    return [t for t in dict.fromkeys((*said, *rest)) if t not in soft]


def lens_arrays(lens: SoftLens | None) -> dict[str, np.ndarray]:
    """The lens as the page reads it."""
    if lens is None:
        return {}
    found = {"lens.ids": lens.ids.astype(np.int32), "lens.probability": lens.probability.astype(np.float32)}
    return found if lens.null is None else found | {"lens.null": lens.null.astype(np.float32)}


def described(part: Part) -> dict[str, Any]:
    """A part as JSON can hold it."""
    return {
        "kind": part.kind, "number": part.number, "frame": part.frame, "start": part.start, "end": part.end,
        "rows": part.grid[0], "columns": part.grid[1], "seconds": part.seconds, "name": part.name,
    }  # fmt: skip


def told(hiding: Hiding) -> dict[str, Any]:
    """What hiding did, as JSON can hold it."""
    return {
        "what": hiding.what,
        "part": hiding.part,
        "boxes": hiding.boxes,
        "null_boxes": hiding.null_boxes,
        "before": hiding.before.tolist(),
        "after": hiding.after.tolist(),
        "nulls": hiding.nulls.tolist(),
        "verdict": hiding.verdict(),
    }


def table(trace: Trace, parts: Sequence[Part], word: int) -> str:
    """One line for each soft token and layer: what a word reads of it in the mean over heads, and uniform attention."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["position", "part", "soft_token", "row", "column", "layer", "word", "mean_weight", "uniform"])
    found = means(trace, rows(trace, word))
    for layer, weights in enumerate(found):
        first, end = (int(bound[word]) for bound in trace.key_bounds(layer))
        for part in parts:
            for u, position in enumerate(range(part.start, part.end)):
                uniform = 1 / (end - first) if first <= position < end else 0.0
                place = divmod(u, part.grid[1])
                line = [position, part.name, u, *place, layer, word, repr(float(weights[position])), repr(uniform)]
                lines.writerow(line)
    return out.getvalue()
