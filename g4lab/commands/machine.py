"""What this machine has: Python, packages, memory, disk, graphics cards."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement


def system() -> dict:
    """Python, operating system, cores, and bytes of memory and disk."""
    memory = psutil.virtual_memory()
    return {
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(terse=True),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": memory.total,
        "memory_available_bytes": memory.available,
        "disk_free_bytes": shutil.disk_usage(Path.home()).free,
    }


def packages() -> list[dict]:
    """Each package that g4lab names, the range it asks for, and the version here (None: not installed)."""
    found: dict[str, dict] = {}
    for line in metadata.requires("g4lab") or ():
        requirement = Requirement(line)
        if requirement.name != "g4lab":
            row = found.setdefault(requirement.name, {"name": requirement.name, "extras": []})
            row |= {"range": str(requirement.specifier), "version": _version(requirement.name)}
            row["fits"] = row["version"] is not None and row["version"] in requirement.specifier
            row["extras"] += _extras(requirement)
    return list(found.values())


def graphics_cards() -> list[dict]:
    """NVIDIA cards by name with their total memory; none where the driver's tool is missing."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    answer = subprocess.run(query, capture_output=True, text=True)
    if answer.returncode != 0:
        return []
    rows = (line.rsplit(",", 1) for line in answer.stdout.splitlines())
    return [{"name": name.strip(), "memory_bytes": int(mib) * 2**20} for name, mib in rows]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _extras(requirement: Requirement) -> list[str]:
    """The extra that asks for this requirement, read off its marker: `extra == "jax"`."""
    marker = str(requirement.marker or "")
    return [marker.split('"')[1]] if marker.startswith("extra ==") else []
