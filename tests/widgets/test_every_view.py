"""What holds for every view without a browser: its still pictures, and what it refuses."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from g4lab import widgets
from g4lab.errors import G4LabError, InputError
from g4lab.widgets.still import Still
from g4lab.widgets.still_svg import png_of
from tests.widgets.every_view import VIEWS, make

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
NAMES = list(VIEWS)
READERS = [name for name, row in VIEWS.items() if row.prompt]


@pytest.fixture(scope="module")
def views():
    return {name: make(name) for name in NAMES}


def test_no_view_is_missing(views):
    public = {name for name in widgets.__all__ if isinstance(getattr(widgets, name), type)} - {"View", "Score"}
    assert {type(view).__name__ for view in views.values()} == public


@pytest.mark.parametrize("name", NAMES)
def test_the_svg_says_what_the_png_shows(views, name):
    view = views[name]
    text = view.to_svg()
    assert text.isascii() and len(text) < 400_000
    root = ET.fromstring(text)
    image = Image.open(io.BytesIO(view.to_png()))
    assert (int(root.get("width")), int(root.get("height"))) == image.size
    assert root.get("role") == "img"
    sentence = view.view("Tokens").sentence() if name == "scope" else view.sentence()
    assert root.find(f"{SVG}desc").text == sentence and root.find(f"{SVG}title").text
    written = "".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "".join(sentence.split()) in "".join(written.split())


@pytest.mark.parametrize("name", NAMES)
def test_the_svg_runs_and_fetches_nothing(views, name):
    root = ET.fromstring(views[name].to_svg())
    allowed = {"svg", "title", "desc", "rect", "text", "polyline", "polygon", "path", "circle", "image"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    for element in root.iter():
        assert not any(key.startswith("on") for key in element.keys())
        assert element.get("href", "data:").startswith("data:")


@pytest.mark.parametrize("name", ["strip", "scope"])
def test_a_hostile_text_is_text_in_the_svg(views, name):
    root = ET.fromstring(views[name].to_svg())
    pieces = "".join(element.text or "" for element in root.iter(f"{SVG}text"))
    assert "<img·src=x·onerror=alert()>" in re.sub(r"\d", "", pieces)  # without the ids between the pieces
    assert root.find(f".//{SVG}img") is None


def test_marks_by_hand():
    still = Still(100, 40, "A & B", "<sub>", "Said.")
    still.marks.clear()
    still.text(1, 2, "a\x00<b>", anchor="rm")
    still.bar(10, 20, 0.4, 5)  # too narrow to be seen
    still.bar(10, 20, 4, 5, (255, 0, 16), "#00ff00")
    still.line([(0, 0), (1.005, 2)], "#000000", 2)
    still.dashes(0, 1, 30)
    still.dot(5, 6, 3, None, "#112233")
    assert [line for line in still.svg().splitlines()[1:-1]] == [
        '<text x="1" y="2" dy=".35em" font-size="12" text-anchor="end" fill="#1b1f24">a&#65533;&lt;b&gt;</text>',
        '<rect x="10.5" y="20.5" width="3" height="4" fill="#ff0010" stroke="#00ff00" stroke-width="1"/>',
        '<polyline points="0,0 1,2" fill="none" stroke="#000000" stroke-width="2"/>',
        '<path d="M0 1h30" fill="none" stroke="#b04a00" stroke-dasharray="3"/>',
        '<circle cx="5" cy="6" r="3" fill="none" stroke="#112233"/>',
    ]
    assert "<title>A &amp; B</title><desc>Said.</desc>" in still.svg()
    image = Image.open(io.BytesIO(still.png()))
    assert image.getpixel((11, 22)) == (255, 0, 16) and image.getpixel((10, 20)) == (0, 255, 0)
    assert image.getpixel((14, 22)) == (255, 255, 255)


def test_pixels_of_a_tile_survive():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 5, 3)).astype(np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png_of(pixels)))), pixels)


@pytest.mark.parametrize("name", [name for name in READERS if name != "routing"])
@pytest.mark.parametrize(
    "prompt, words",
    [
        ("", "empty|nothing"),
        ("word " * 20_000, "100,000 characters"),
        ([2] * 10_000, "10,000 tokens"),
        ({"a": 1}, "read"),
    ],
    ids=["empty", "long", "many ids", "no prompt"],
)
def test_a_prompt_that_cannot_be_read(views, name, prompt, words):
    view, before = views[name], views[name].sentence()
    for refused in (lambda: view.handle({"kind": "run", "prompt": prompt}), lambda: view.run(prompt)):
        with pytest.raises(InputError, match=words) as error:
            refused()
        assert error.value.what and error.value.where and error.value.next
    assert view.sentence() == before


@pytest.mark.parametrize(
    "name, message",
    [
        ("attention", {"kind": "head", "layer": 99, "head": 0}),
        ("attention", {"kind": "head", "layer": 0, "head": -1}),
        ("attention", {"kind": "row", "layer": 0, "head": 0, "token": 99}),
        ("attention", {"kind": "cut", "layer": 99, "head": None, "cut": True}),
        ("attention", {"kind": "cut", "layer": "0", "head": 0, "cut": True}),
        ("attention", {"kind": "score", "name": "no such score"}),
        ("ple", {"kind": "off", "layer": 99, "off": True}),
        ("ple", {"kind": "off", "layer": None, "off": True}),
        ("lens", {"kind": "token", "token": 10**9}),
        ("lens", {"kind": "token", "token": "x" * 100_000}),
        ("atlas", {"kind": "row", "token": 10_000}),
        ("atlas", {"kind": "hide", "part": 0, "box": [0, 0, 10**6, 1]}),
        ("atlas", {"kind": "hide", "part": 3, "box": [0, 0, 1, 1]}),
        ("atlas", {"kind": "attended", "part": 0, "layer": 6, "word": 0, "count": 1}),
        ("atlas", {"kind": "attended", "part": 0, "layer": 0, "word": 60, "count": 1}),
        ("atlas", {"kind": "attended", "part": 99, "layer": 6, "word": 60, "count": 1}),
        ("atlas", {"kind": "attended", "part": 0, "layer": 6, "word": 60, "count": 0}),
        ("atlas", {"kind": "budget", "part": 1, "budget": 9}),
        ("atlas", {"kind": "budget", "part": 0, "budget": "many"}),
        ("atlas", {"kind": "reread", "budget": -1}),
        ("scope", {"kind": "choose", "model": "no such model"}),
        ("scope", {"kind": "open", "path": "no such file.npz"}),
        *((name, {"kind": "no such thing"}) for name in NAMES),
    ],
)
def test_the_page_hears_what_was_wrong_and_the_view_stays(views, name, message):
    """What the page asks for that does not exist becomes the widget's error; nothing is raised in the kernel."""
    view = views[name]
    before = view.sentence()
    view.widget._answer(message)
    status = view.widget.status
    assert status["state"] == "error" and status["what"] and status["where"], status
    assert view.sentence() == before
    view.widget._answer({"kind": "still"})
    assert view.widget.status["state"] == "ready"


@pytest.mark.parametrize(
    "make",
    [
        lambda moe, e: widgets.AttentionExplorer(moe, "The", head=(99, 0)),
        lambda moe, e: widgets.AttentionExplorer(moe, "The", head=5),
        lambda moe, e: widgets.LogitLens(moe, "The", positions=0),
        lambda moe, e: widgets.LogitLens(moe, "The", token="two words here"),
        lambda moe, e: widgets.LogitLens(moe, "The").attribution(99),
        lambda moe, e: widgets.PerLayerEmbeddings(moe, "The"),
        lambda moe, e: widgets.PerLayerEmbeddings(e, "The").switch_off(99),
        lambda moe, e: widgets.TokenStrip(moe, "The", scores={"x": [1]}),
        lambda moe, e: widgets.TokenStrip(moe, "The").selection().select(layer=99),
        lambda moe, e: widgets.ArchitectureMap("no such size"),
        lambda moe, e: widgets.RopeDial("no such size"),
        lambda moe, e: widgets.SoftTokenAtlas(moe, "The"),
        lambda moe, e: widgets.SoftTokenAtlas(moe, "The", images=[np.zeros((9, 9, 3), np.uint8)]),
        lambda moe, e: widgets.SoftTokenAtlas(moe.trace("The")),
        lambda moe, e: widgets.SoftTokenAtlas(moe, "The", images="a.png"),
        lambda moe, e: widgets.Microscope(moe, "The").choose("no such model"),
        lambda moe, e: widgets.Microscope("nowhere.npz"),
    ],
)
def test_a_cell_gets_a_clear_error(make):
    from tests.widgets.every_view import model

    with pytest.raises(G4LabError) as error:
        make(model("tiny-moe"), model("tiny-e"))
    assert error.value.where and error.value.next
