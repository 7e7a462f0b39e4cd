"""The static wrapper: a view as one self-contained piece of HTML that needs no kernel and no network."""

from __future__ import annotations

import base64
import json
import zlib
from html import escape
from typing import Any

from g4lab.widgets import assets

# Nothing may be fetched, whatever a page that embeds this one allows.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; media-src data:"

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
<script type="text/plain" id="header">{header}</script>
<script type="text/plain" id="arrays">{arrays}</script>
<script type="module">{script}</script>
</body>
</html>"""

# The iframe tells its height; the page around it answers with its own colours, so that no white box appears in a
# dark notebook. It may save files, which the reader asks it for. Where scripts are stripped the frame keeps the height
# given here, and the caption stays.
FIGURE = """<figure class="g4lab-figure" style="margin:0">
<iframe class="g4lab-frame" sandbox="allow-scripts allow-downloads" title="{title}"
 style="width:100%;height:{height}px;border:0;display:block" srcdoc="{page}"></iframe>
<figcaption style="padding:4px 8px;font-size:12px">{caption}</figcaption>
<script>{host}</script>
</figure>"""

# Seen where no view with the same id is: not while the live view is drawn, and not where the static one can be.
STAND_IN = """<style>
body:has(.g4lab-live-{id}) :is(.g4lab-still-{id}, .jp-OutputArea-child:has(.g4lab-still-{id})) {{ display: none; }}
@media (scripting: enabled) {{ body:has(.g4lab-static-{id} iframe) .g4lab-still-{id} {{ display: none; }} }}
</style>
<img class="g4lab-still-{id}" style="max-width:100%" alt="{sentence}" src="data:image/png;base64,{picture}">"""


def page(module: str, header: dict[str, Any], arrays: bytes, title: str) -> str:
    """A whole HTML document that shows one view."""
    return PAGE.format(
        policy=POLICY,
        title=escape(title),
        style=assets.style("theme", module),
        # as text, thousands of tokens would take more room than all that is known about them
        header=_deflated(json.dumps(header).encode()),
        arrays=_deflated(arrays),
        script=assets.script(module, "static_host"),
    )


def _deflated(raw: bytes) -> str:
    """Letters that can neither end a script element nor need an escape."""
    return base64.b64encode(zlib.compress(raw, 9)).decode()


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


def shown_as(id: str, html: str) -> str:
    """The HTML of a view that has a stand-in beside it."""
    return f'<div class="g4lab-static-{id}">{html}</div>'


def stand_in(id: str, picture: str, sentence: str) -> str:
    """A picture (PNG in base64) for where the view with this id is not drawn."""
    html = STAND_IN.format(id=id, picture=picture, sentence=escape(sentence))
    return html.encode("ascii", "xmlcharrefreplace").decode()
