"""Notebooks as HTML that opens offline: `jupyter nbconvert --to g4lab.exporting.OfflineHTML notebook.ipynb`."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from nbconvert.exporters.html import HTMLExporter
from traitlets import Unicode


class OfflineHTML(HTMLExporter):
    """nbconvert's HTML without what it loads from other machines; views are shown by their static twins.

    Formulas stay as they are written, for the program that typesets them is one of those loaded things.
    """

    export_from_notebook = None

    require_js_url = Unicode("").tag(config=True)
    jquery_url = Unicode("").tag(config=True)
    mathjax_url = Unicode("").tag(config=True)
    mermaid_js_url = Unicode("").tag(config=True)
    mermaid_layout_elk_js_url = Unicode("").tag(config=True)

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The page. Without the saved state of live views, nbconvert takes the next form of each output."""
        nb = deepcopy(nb)
        nb.metadata.pop("widgets", None)
        return super().from_notebook_node(nb, resources, **options)
