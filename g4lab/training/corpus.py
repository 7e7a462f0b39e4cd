"""The generated corpus, which lives beside the package in the project's repository."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType

from g4lab.errors import SetupError
from g4lab.places import datasets

FOLDER = datasets() / "tiny_world"


@cache
def tiny_world() -> ModuleType:
    """Import the generator from its folder.

    It is loaded by path, since a folder named `datasets` on the import path would hide the library of that name.
    Raises: SetupError where g4lab was installed without its repository.
    """
    if not FOLDER.is_dir():
        raise SetupError(
            "training needs the corpus generator, which an installed package does not carry",
            FOLDER,
            "clone the repository of g4lab and train from there",
        )
    spec = importlib.util.spec_from_file_location(
        "tiny_world", FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["tiny_world"] = module
    spec.loader.exec_module(module)
    return module
