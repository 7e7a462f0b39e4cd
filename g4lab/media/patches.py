"""A picture cut into patches, as the vision encoder reads it, and several of them as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from g4lab.errors import InputError


@dataclass(frozen=True, eq=False)
class ImagePatches:
    """One picture as patches. `pooling` x `pooling` patches make a soft token, so patches = U * pooling**2."""

    kind: ClassVar[str] = "image"

    pixels: np.ndarray = field(repr=False)
    """[patches, 3 * patch_size**2] float32 from 0 to 1: a patch row by row, its pixels' red, green, blue together."""
    positions: np.ndarray = field(repr=False)
    """[patches, 2] int32: the x and y of each patch; x runs fastest."""
    size: tuple[int, int]
    """(height, width) in pixels, after the resize."""
    original_size: tuple[int, int]
    """(height, width) in pixels as people see the picture: after the rotation that a camera asked for."""
    budget: int
    """How many soft tokens it was allowed."""
    pooling: int
    patch_size: int
    notes: tuple[str, ...] = ()
    """What the reader should know, such as that only the first frame of an animation was taken."""

    @property
    def grid(self) -> tuple[int, int]:
        """(rows, columns) of soft tokens; number u stands in row u // columns."""
        side = self.pooling * self.patch_size
        return self.size[0] // side, self.size[1] // side

    @property
    def soft_tokens(self) -> int:
        """U."""
        rows, columns = self.grid
        return rows * columns

    def box(self, soft_token: int) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) of a soft token in pixels of the resized picture.

        Raises: InputError when there is no such soft token.
        """
        if not 0 <= soft_token < self.soft_tokens:
            last = self.soft_tokens - 1
            raise InputError(f"no soft token {soft_token!r}", "this picture", f"give a number from 0 to {last}")
        side = self.pooling * self.patch_size
        row, column = divmod(soft_token, self.grid[1])
        return column * side, row * side, (column + 1) * side, (row + 1) * side

    def picture(self) -> np.ndarray:
        """The resized picture again. Shapes: -> [height, width, 3] uint8."""
        p, (height, width) = self.patch_size, self.size
        tiles = self.pixels.reshape(height // p, width // p, p, p, 3).transpose(0, 2, 1, 3, 4)
        return np.rint(tiles.reshape(height, width, 3) * 255).astype(np.uint8)


def cut(
    picture: np.ndarray,
    original_size: tuple[int, int],
    *,
    budget: int,
    pooling: int,
    patch_size: int,
    notes: tuple[str, ...] = (),
) -> ImagePatches:
    """Patches of a picture that has its final size. Shapes: [height, width, 3] uint8."""
    p, (height, width) = patch_size, picture.shape[:2]
    rows, columns = height // p, width // p
    tiles = picture.reshape(rows, p, columns, p, 3).transpose(0, 2, 1, 3, 4).reshape(rows * columns, -1)
    # Divided, not multiplied by 1 / 255: that rounds some levels to another float than the published processor's.
    pixels = np.divide(tiles, np.float32(255), dtype=np.float32)
    y, x = np.divmod(np.arange(rows * columns, dtype=np.int32), np.int32(columns))
    positions = np.stack([x, y], axis=-1)
    return ImagePatches(pixels, positions, (height, width), original_size, budget, pooling, patch_size, notes)


def stack_images(pictures: Sequence[ImagePatches], patches: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pictures as one batch; what they lack in patches is 0, at position -1.

    Args:
        patches: how many each gets; by default what the largest budget allows, as in the published processor.
    Shapes: -> pixels [B, patches, 3 * patch_size**2] float32, positions [B, patches, 2] int32.
    Raises: InputError for no pictures, patches of unequal size, or more patches than asked for.
    """
    where = "stack_images"
    if not pictures:
        raise InputError("there are no pictures", where, "give at least one")
    if len(sizes := {(picture.patch_size, picture.pooling) for picture in pictures}) > 1:
        raise InputError(f"patch sizes and poolings differ: {sorted(sizes)}", where, "read all pictures alike")
    if patches is None:
        patches = max(picture.budget for picture in pictures) * pictures[0].pooling ** 2
    if (most := max(len(picture.pixels) for picture in pictures)) > patches:
        raise InputError(f"a picture has {most} patches, more than {patches}", where, f"give patches={most} or more")
    pixels = np.zeros((len(pictures), patches, pictures[0].pixels.shape[1]), np.float32)
    positions = np.full((len(pictures), patches, 2), -1, np.int32)
    for index, picture in enumerate(pictures):
        pixels[index, : len(picture.pixels)] = picture.pixels
        positions[index, : len(picture.positions)] = picture.positions
    return pixels, positions
