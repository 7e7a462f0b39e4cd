"""`g4lab lab`: JupyterLab on the tour notebook, with its calls home switched off."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from g4lab import places
from g4lab.errors import SetupError

TOUR = "00_tour.ipynb"


def lab(
    folder: Annotated[
        Path, typer.Option(help="Where an installed g4lab copies its notebooks (in a repository: unused).")
    ] = Path("g4lab-notebooks"),
    port: Annotated[int, typer.Option(help="Port to listen on; the next free one if it is taken.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open JupyterLab on the tour notebook."""
    from g4lab import runtime

    runtime.choose_backend()
    if find_spec("jupyterlab") is None:
        raise SetupError("JupyterLab is not installed", sys.prefix, 'pip install "g4lab[lab]"')
    root = places.notebooks() if places.checkout() else _copy_notebooks(folder)
    typer.echo(f"Opening {root / TOUR} in JupyterLab; stop it with Ctrl-C.")
    os.environ["JUPYTER_CONFIG_PATH"] = settings_path(os.environ)
    from jupyterlab.labapp import main

    # In this process, so that Ctrl-C reaches Jupyter alone and its question can be answered.
    main(server_arguments(root, port, browser))


def server_arguments(root: Path, port: int, browser: bool) -> list[str]:
    """Arguments for JupyterLab: serve `root`, open the tour in it, ask no outside server for anything."""
    arguments = [
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/{TOUR}",
        f"--ServerApp.port={port}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Jupyter refuses to start as root, which is how containers run.
        arguments.append("--allow-root")
    return arguments


def settings_path(environment: Mapping[str, str]) -> str:
    """JUPYTER_CONFIG_PATH with our defaults (no news, no updates); the user's own settings still win."""
    paths = [str(places.PACKAGE / "jupyter"), environment.get("JUPYTER_CONFIG_PATH")]
    return os.pathsep.join(filter(None, paths))


def _copy_notebooks(folder: Path) -> Path:
    """Copy the notebooks into the user's folder; a file that is already there stays as it is."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(places.notebooks().glob("*.ipynb")):
        mine = folder / notebook.name
        if not mine.exists():
            shutil.copyfile(notebook, mine)
        elif mine.read_bytes() != notebook.read_bytes():
            typer.echo(f"Keeping your {mine}, which differs from ours; move it away to get ours.")
    return folder
