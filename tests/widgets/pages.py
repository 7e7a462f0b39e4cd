"""What the static pages of all views must keep, and how to read one back."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from html import unescape

import numpy as np

from g4lab.widgets import View
from tests.widgets.test_pack import unpack

HOSTILE = '</script><script>alert(1)</script> <img src=x onerror=alert(2)> "quoted" & <!-- '


def page_of(html: str) -> str:
    """The document inside the frame."""
    return unescape(re.search(r'srcdoc="([^"]*)"', html).group(1))


def header_of(html: str) -> dict:
    """The header that a static page carries."""
    return json.loads(inflated(page_of(html), "header"))


def arrays_of(html: str) -> dict[str, np.ndarray]:
    """The arrays that a static page carries."""
    return unpack(header_of(html)["arrays"], inflated(page_of(html), "arrays"))


def inflated(page: str, element: str) -> bytes:
    """What a script element of the page holds."""
    block = re.search(rf'id="{element}">(.*?)</script>', page, re.DOTALL).group(1)
    return zlib.decompress(base64.b64decode(block))


def hostile_page(make: Callable[[str], View]) -> None:
    """A view of something with a hostile text in it: the text opens no element and ends none."""
    html = make(HOSTILE).static()
    page = page_of(html)
    assert html.isascii()
    assert html.count("<script>") == 1 and html.count("<iframe") == 1
    assert page.count("<script") == 3 == page.count("</script>")
    assert "<img" not in html.replace(html[html.index("srcdoc=") : html.index("</iframe>")], "")
    assert "<img" not in page
    assert "onerror" in json.dumps(header_of(html))
    assert not re.search(r"\w://|\ssrc=[^x]|\shref=", page)
