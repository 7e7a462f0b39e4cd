"""How large a picture becomes: the largest size of its shape whose soft tokens fit a budget.

Source: transformers 5.24, models/gemma4/image_processing_gemma4.py; google-deepmind/gemma, gm/vision/_preprocessing.py.
"""

from __future__ import annotations

import math

from g4lab.errors import InputError

BUDGETS = (70, 140, 280, 560, 1120)
"""Soft tokens that Gemma 4 was trained with; other numbers are for small models."""


def fitted(height: int, width: int, budget: int, pooling: int = 3, patch_size: int = 16) -> tuple[int, int]:
    """The (height, width) in pixels to resize to; both are multiples of `pooling * patch_size`, one soft token.

    A side that rounds down to nothing becomes one soft token, and the other as long as the shape and the budget allow.
    Should both (a budget of 1 can do that), the picture becomes one soft token, as in Google's code; transformers
    raises.

    Raises: InputError for sizes that are no positive integers.
    """
    numbers = {"height": height, "width": width, "budget": budget, "pooling": pooling, "patch_size": patch_size}
    for name, value in numbers.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{name} is {value!r}", "the size of a picture", "give a positive int")
    side = pooling * patch_size
    # The same operations in the same order as the source: a rounding apart is a soft token apart.
    factor = math.sqrt(budget * pooling**2 * patch_size**2 / (height * width))
    rows, columns = math.floor(factor * height / side), math.floor(factor * width / side)
    if rows == 0:
        rows, columns = 1, min(max(width // height, 1), budget)
    elif columns == 0:
        rows, columns = min(max(height // width, 1), budget), 1
    return rows * side, columns * side
