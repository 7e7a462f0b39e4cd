"""A view is one module that asks nobody for anything."""

import re
from pathlib import Path

import pytest

import g4lab

STATIC = sorted(
    path for path in Path(g4lab.__file__).parent.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg")
)
# The names of SVG's and HTML's own namespaces look like addresses, but nothing is fetched from them.
NAMESPACE = re.compile(r"http://www\.w3\.org/(2000/svg|1999/xhtml|1999/xlink|1998/Math/MathML)")
# Our own modules import each other; g4lab.widgets.assets joins them into one before a page gets them.
NEIGHBOUR = re.compile(r'^import \{[^}]*\} from "\./\w+\.js";$', re.MULTILINE)
REACHES_OUT = re.compile(
    r"https?://|wss?://|[\"'`(]//[a-z]|\bfetch\s*\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts"
    r"|@import|\bimport\s*[({\"'*]|\bimport\s+\w+\s+from|\burl\(\s*[\"']?(?!data:|#)"
)


def test_there_are_views():
    assert {path.suffix for path in STATIC} >= {".js", ".css"}


@pytest.mark.parametrize("path", STATIC, ids=[path.name for path in STATIC])
def test_a_view_asks_nobody(path):
    text = NEIGHBOUR.sub("", NAMESPACE.sub("", path.read_text(encoding="utf-8")))
    found = [(text.count("\n", 0, hit.start()) + 1, hit.group()) for hit in REACHES_OUT.finditer(text)]
    assert not found, f"{path.name} reaches out: {found}"
