"""Charts carry their numbers as plain text, tell series apart without colour, read on any paper, and are small."""

import json
import re

import numpy as np
import pytest

from g4lab.course import bars, chart_picture, charts, lines

WHITE, DARK = (255, 255, 255), (17, 17, 17)  # JupyterLab's own papers


def contrast(color: str, paper: tuple[int, int, int]) -> float:
    """Of two colours, as WCAG 2.2 defines it."""

    def luminance(rgb) -> float:
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    light, dark = sorted((luminance(bytes.fromhex(color[1:])), luminance(paper)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_bars_say_their_numbers_and_differ_by_pattern():
    chart = bars(["local", "global"], {"K/V": np.array([1.5, 2]), "alone": [3, 4]}, "Cache", "GB")
    assert repr(chart) == "Cache (GB)\n\tK/V\talone\nlocal\t1.5\t3\nglobal\t2\t4"
    data = chart.figure.to_plotly_json()["data"]
    assert [list(trace["y"]) for trace in data] == [[1.5, 2], [3, 4]]
    assert len({trace["marker"]["pattern"]["shape"] for trace in data}) == 2


def test_charts_to_be_compared_reach_the_same_height():
    low, alone = (bars(["a"], {"x": [0.25]}, "Moved", "share", top=top) for top in (1, None))
    assert low.figure.layout.yaxis.autorangeoptions.include == 1
    assert ">1</text>" in low.still.svg() and ">1</text>" not in alone.still.svg()


def test_a_long_name_of_a_series_stays_inside_the_still_picture():
    name = "none in local and global"
    (start,) = re.findall(rf'<text x="([\d.]+)"[^>]*>{name}</text>', bars(["a"], {name: [1]}, "T", "u").still.svg())
    assert float(start) + chart_picture.CHARACTER * len(name) <= chart_picture.WIDTH


def test_lines_differ_by_dashes():
    chart = lines([0, 1], {"a": [1, 2], "b": [2, 1]}, "Dot product", "share", of="distance")
    data = chart.figure.to_plotly_json()["data"]
    assert len({trace["line"]["dash"] for trace in data}) == 2
    assert chart.figure.layout.xaxis.title.text == charts.inked("distance")


def test_pointing_tells_the_exact_number_and_markup_stays_text():
    chart = bars(["<b>", "b"], {"x & y": [1 / 3, 2]}, "<i>", "nats")
    (trace,) = chart.figure.to_plotly_json()["data"]
    assert trace["hovertext"][0] == f"x &amp; y, &lt;b&gt;: {1 / 3!r} nats" and trace["hoverinfo"] == "text"
    assert "&lt;i&gt;" in chart.figure.layout.title.text and "&amp;" in trace["name"]
    assert trace["x"][0] == "&lt;b&gt;"


@pytest.mark.parametrize("color", [*charts.COLOURS, charts.MIDDLE])
def test_colours_stand_out_from_white_and_from_dark_paper(color):
    assert min(contrast(color, WHITE), contrast(color, DARK)) >= (4.2 if color == charts.MIDDLE else 3)


def test_nothing_is_painted_behind_a_chart_and_its_text_is_the_hosts_ink():
    layout = bars(["a"], {"x": [1]}, "Title", "unit").figure.to_plotly_json()["layout"]
    assert {layout[f"{part}_bgcolor"] for part in ("paper", "plot")} == {"rgba(0,0,0,0)"}
    texts = [layout["title"]["text"], layout["yaxis"]["title"]["text"], layout["yaxis"]["tickprefix"]]
    assert all(text.startswith('<span style="color:var(--jp-content-font-color1') for text in texts)
    assert not re.search(r"white|#fff|rgb\(255", json.dumps(layout))


def test_an_output_is_small_and_has_no_script_in_it():
    bundle = bars(range(35), {"bytes": range(35)}, "Cache", "bytes")._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"}
    assert len(json.dumps(bundle)) < 40_000 and "script" not in bundle["image/svg+xml"]


def test_the_still_picture_has_the_bars_heights():
    still = bars(["a", "b"], {"up": [1, 2], "down": [-1, 0.5]}, "Title", "nats").still
    boxes = [mark.values for mark in still.marks if mark.kind == "box" and mark.values["height"] != 10]
    # from -1 to 2 in 220 pixels; a legend's boxes are 10 high
    assert [round(box["height"], 2) for box in boxes] == [73.33, 146.67, 73.33, 36.67]
    assert "farthest from 0 is 2 nats (up, b)" in still.sentence
    assert "is -3 nats (change, a)" in bars(["a", "b"], {"change": [-3, 1]}, "Cut", "nats").still.sentence
    parts = {name: [1] for name in "abcde"}
    legend = [mark.values for mark in bars(["x"], parts, "Parts", "n", stacked=True).still.marks if mark.kind == "box"]
    assert len({(box["fill"], box["outline"]) for box in legend}) == 5, "no two series look alike"
    stacked = bars(["a"], {"x": [1], "y": [3]}, "Title", "nats", stacked=True).still
    low, high = [mark.values for mark in stacked.marks if mark.kind == "box" and mark.values["height"] != 10]
    assert (low["height"], high["height"]) == (55, 165) and high["y"] + high["height"] == low["y"]


def test_the_still_picture_names_each_line_at_its_end():
    still = lines([0, 1, 3], {"a": [0, 1, 2], "b": [2, 2, 2]}, "Title", "share", of="distance").still
    first, second = (mark.values["points"] for mark in still.marks if mark.kind == "line" and mark.values["width"] == 2)
    assert [round(x) for x, _ in first] == [76, 274, 670] and first[-1] == second[-1]
    ends = [mark.values for mark in still.marks if mark.kind == "text" and mark.values["words"] in ("a", "b")]
    assert ends[1]["y"] - ends[0]["y"] == 15
