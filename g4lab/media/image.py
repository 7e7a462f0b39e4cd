"""From a picture to the patches that the vision encoder reads.

Source: transformers 5.24, models/gemma4/image_processing_pil_gemma4.py, whose numbers these are, bit for bit. (Its
torchvision twin resizes with weights of 16 bits; under 1 % of the values then differ, by 1 or 2 of 255 levels.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from g4lab.media.patches import ImagePatches, cut
from g4lab.media.pictures import upright_rgb
from g4lab.media.sizes import fitted


def read_image(source: Any, budget: int = 280, *, pooling: int = 3, patch_size: int = 16) -> ImagePatches:
    """A picture as patches, resized (up or down, bicubic, without a change of shape) to fill its budget of soft tokens.

    Args:
        source: a path, a file's bytes, a Pillow image, or an array [h, w], [h, w, 1], [h, w, 3] or [h, w, 4] of uint8,
            uint16, or floats from 0 to 1.
        budget: the most soft tokens that it may become; Gemma 4 knows 70, 140, 280, 560 and 1120.
        pooling: so many patches a side make a soft token.
        patch_size: pixels a side of a patch.
    Raises: MediaError when there is no picture in the source, or it has too many pixels to decode.
    """
    image, notes = upright_rgb(source)
    return patched(image, notes, budget=budget, pooling=pooling, patch_size=patch_size)


def patched(image: Image.Image, notes: tuple[str, ...], *, budget: int, pooling: int, patch_size: int) -> ImagePatches:
    """A decoded picture of mode RGB as patches; the arguments are those of `read_image`."""
    height, width = fitted(image.height, image.width, budget, pooling, patch_size)
    if (width, height) != image.size:
        picture = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    else:
        picture = np.asarray(image)
    shape = {"budget": budget, "pooling": pooling, "patch_size": patch_size}
    return cut(picture, (image.height, image.width), notes=notes, **shape)
