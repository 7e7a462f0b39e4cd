"""The static wrapper: a view as one self-contained piece of HTML that needs no kernel and no network."""

from __future__ import annotations

import base64
import json
import zlib
from html import escape
from typing import Any

from g4lab.widgets import assets

# Nothing may be fetched, whatever a page that embeds this one allows.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body class="g4lab-page">
<main id="view"></main>
<script type="application/json" id="header">{header}</script>
<script type="text/plain" id="arrays">{arrays}</script>
<script type="module">{script}</script>
</body>
</html>"""

# The iframe tells its height; the page around it answers with its own colours, so that no white box appears in a
# dark notebook. Where scripts are stripped the frame keeps the height given here, and the caption stays.
FIGURE = """<figure class="g4lab-figure" style="margin:0">
<iframe class="g4lab-frame" sandbox="allow-scripts" title="{title}"
 style="width:100%;height:{height}px;border:0;display:block" srcdoc="{page}"></iframe>
<figcaption style="padding:4px 8px;font-size:12px">{caption}</figcaption>
<script>{host}</script>
</figure>"""


def page(module: str, header: dict[str, Any], arrays: bytes, title: str) -> str:
    """A whole HTML document that shows one view."""
    return PAGE.format(
        policy=POLICY,
        title=escape(title),
        style=assets.style("theme", module),
        # "<" is the one character that could end or swallow a script element
        header=json.dumps(header).replace("<", "\\u003c"),
        arrays=base64.b64encode(zlib.compress(arrays, 9)).decode(),
        script=assets.script(module, "static_host"),
    )


def figure(document: str, title: str, caption: str, height: int) -> str:
    """The document in a frame, with a caption that survives where frames and scripts are taken out.

    Only ASCII, so that it reads the same from disk, whatever encoding is assumed.
    """
    html = FIGURE.format(
        title=escape(title),
        height=height,
        page=escape(document),
        caption=escape(caption),
        host=assets.script("frame_host"),
    )
    return html.encode("ascii", "xmlcharrefreplace").decode()
