"""A Node to run the views' JavaScript with: the one on PATH, or the one that comes with Playwright."""

from __future__ import annotations

import shutil

from playwright._impl._driver import compute_driver_executable

NODE = shutil.which("node") or compute_driver_executable()[0]
