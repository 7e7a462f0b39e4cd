"""Where the notebooks and the corpus generator are: in the repository, or inside an installed wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def checkout() -> Path | None:
    """The repository that g4lab runs from, or None when it was installed from a wheel."""
    root = PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() else None


def notebooks() -> Path:
    """The folder of the built notebooks."""
    root = checkout()
    return root / "notebooks" if root else PACKAGE / "_notebooks"


def datasets() -> Path:
    """The folder of the corpus generator."""
    root = checkout()
    return root / "datasets" if root else PACKAGE / "_datasets"
