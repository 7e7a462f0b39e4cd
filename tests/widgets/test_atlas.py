"""SoftTokenAtlas: its numbers against the trace and the model, what hiding runs, what a page holds, what is refused."""

from __future__ import annotations

import csv
import io
import wave
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from g4lab import widgets
from g4lab.errors import InputError
from g4lab.tracing import media
from g4lab.tracing.trace import Trace
from g4lab.widgets import atlas_content, atlas_forms, atlas_reading
from g4lab.widgets.base import STATIC_LIMIT
from tests.models import seeing
from tests.tracing.test_media import seen
from tests.widgets.pages import arrays_of, header_of, hostile_page

PROMPT = "The red ball"


@pytest.fixture(scope="module")
def model():
    return seeing.lab()


@pytest.fixture(scope="module")
def made(model):
    given = {"images": [seeing.picture()], "video": [seeing.film(2)], "audio": [seeing.sound(0.4)]}
    return widgets.SoftTokenAtlas(model, PROMPT, **given, answer=" box")


@pytest.fixture
def view(made):
    made.hidings = []
    return made


def test_the_answer_stands_at_the_end_and_its_probability_is_the_models(view, model):
    start, end = view.sitting.answer
    assert model.tokenizer.decode(view.sitting.ids[start:end]) == " box" and end == len(view.trace)
    logits = model.logits(list(view.sitting.ids), **view.sitting.given())[0]
    wanted = [
        row[id] - np.log(np.exp(row - row.max()).sum()) - row.max()
        for row, id in zip(logits[start - 1 : -1], view.sitting.ids[start:], strict=True)
    ]
    np.testing.assert_allclose(view.before, wanted, atol=1e-4)
    assert view.word == start - 1, "the row that says the answer's first token"


def test_a_generated_answer_is_the_greedy_one(model):
    made = widgets.SoftTokenAtlas(model, PROMPT, images=[seeing.picture()], answer=3)
    start, end = made.sitting.answer
    logits = model.logits(list(made.sitting.ids), **made.sitting.given())[0]
    assert 1 <= end - start <= 3
    assert made.sitting.ids[start] == logits[start - 1].argmax()


def test_media_inside_messages_are_read_where_they_stand(model):
    content = [{"type": "text", "text": "What"}, {"type": "image", "image": seeing.picture()}]
    made = widgets.SoftTokenAtlas(model, [{"role": "user", "content": content}], answer=" a")
    (part,) = made.parts
    assert part.grid == (2, 3) and made.trace.tokens[part.start - 2].text == "What"
    assert not made.content(True)[0]["editable"], "messages are no text to edit"


def test_rows_in_the_page_are_the_traces_attention_to_the_bit(view):
    html = view.static()
    header, arrays = header_of(html), arrays_of(html)
    assert {row["form"] for row in header["held"]} == {"heads"}
    assert view.word == header["held"][0]["token"]
    for held in header["held"][:3]:
        token, at = held["token"], 0
        for layer, row in enumerate(view.trace.plan):
            for head in range(row["heads"]):
                wanted = view.trace.attention(layer, head)[token]
                np.testing.assert_array_equal(arrays[f"row.{token}"][at], wanted)
                at += 1


def test_pictures_and_sounds_in_the_page_are_what_the_model_read(view):
    html = view.static()
    header, arrays = header_of(html), arrays_of(html)
    for index, part in enumerate(view.parts[:3]):
        assert header["pictures"][str(index)]["type"] == "image/png"
        shown = np.asarray(Image.open(io.BytesIO(arrays[f"picture.{index}"].tobytes())))
        np.testing.assert_array_equal(shown, media.pixels_of(view.trace, part))
    with wave.open(io.BytesIO(arrays["wave.3"].tobytes())) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        played = np.frombuffer(sound.readframes(10**6), "<i2") / 32_767
    np.testing.assert_allclose(played, np.clip(view.trace["audio.0.waveform"], -1, 1), atol=1 / 32_767)


def test_the_lens_in_the_page_is_the_models(view, model):
    whole = model.lens(view.trace, 0, k=3)
    positions = media.soft_positions(view.trace)
    np.testing.assert_array_equal(view.lens.ids, whole.ids[:, positions])
    np.testing.assert_allclose(view.lens.probability, np.exp(whole.log_probabilities[:, positions]), rtol=1e-4)
    assert view.lens.null.shape == view.lens.ids.shape[:2] and not np.allclose(
        view.lens.null, view.lens.probability[..., 0]
    )
    assert (view.lens.null > 1 / model.config.vocab_size).all()


def test_hiding_a_box_changes_those_pixels_and_no_others(view):
    part = view.parts[0]
    (changed,) = atlas_reading.without(view.sitting, part, [(16, 0, 64, 48)]).values()
    before, after = view.sitting.media[0].picture(), changed.picture()
    inside = np.zeros(before.shape[:2], bool)
    inside[0:48, 16:64] = True
    assert (after[inside] == np.rint(before.reshape(-1, 3).mean(0)).astype(np.uint8)).all()
    np.testing.assert_array_equal(after[~inside], before[~inside])
    np.testing.assert_array_equal(changed.positions, view.sitting.media[0].positions)
    same = atlas_reading.without(view.sitting, part, [])[0]
    np.testing.assert_array_equal(same.pixels, view.sitting.media[0].pixels)


def test_hiding_in_a_film_changes_one_frame(view):
    (changed,) = atlas_reading.without(view.sitting, view.parts[2], [(0, 0, 96, 96)]).values()
    assert len(np.unique(changed.frames[1].picture().reshape(-1, 3), axis=0)) == 1
    np.testing.assert_array_equal(changed.frames[0].pixels, view.sitting.media[1].frames[0].pixels)


def test_what_hiding_says_is_what_the_model_says_of_the_changed_picture(view, model):
    hiding = view.hide((0, 0, 48, 48))
    medium = view.sitting.media[0]
    pixels = medium.picture()
    pixels[:48, :48] = np.rint(pixels.reshape(-1, 3).mean(0)).astype(np.uint8)
    given = view.sitting.given({0: replace(medium, pixels=_patches(pixels))})
    wanted = -model.surprisal(list(view.sitting.ids), **given)[view.sitting.answer[0] :]
    np.testing.assert_allclose(hiding.after, wanted, atol=1e-5)
    assert not np.allclose(hiding.after, hiding.before, atol=1e-6), "the picture matters"
    assert len(hiding.nulls) == 3 and len({*hiding.null_boxes}) == 3
    assert view.sentence().endswith(hiding.verdict()) and view.content(False)[0]["hidings"][0]["what"] == "box"


def _patches(pixels: np.ndarray) -> np.ndarray:
    """Patch by patch in reading order, written out anew. Shapes: [h,w,3] -> [patches,768]."""
    height, width, _ = pixels.shape
    tiles = [pixels[y : y + 16, x : x + 16].reshape(-1) for y in range(0, height, 16) for x in range(0, width, 16)]
    return (np.stack(tiles) / 255).astype(np.float32)


def test_the_most_attended_are_hidden_beside_as_many_others(view):
    layer = max(row["index"] for row in view.trace.plan if row["kind"] == "global")
    hiding = view.hide_attended(2)
    part = view.parts[0]
    weights = view.trace.attention(layer)[:, view.word].mean(0)[part.start : part.end]
    wanted = {part.box(int(u), 48) for u in np.argsort(-weights)[:2]}
    assert {*hiding.boxes} == wanted
    for boxes in hiding.null_boxes:
        assert len(boxes) == 2 and not {*boxes} & wanted


def test_a_local_layer_that_is_past_the_picture_has_nothing_most_attended(view):
    with pytest.raises(InputError, match="layer 0 no longer sees picture 0") as error:
        view.hide_attended(1, layer=0)
    assert "global layer" in error.value.next


def test_another_budget_is_cut_and_read(view, model):
    found = view.preview(0, 20)
    assert found.soft_tokens <= 20 and found.grid == (3, 5) and found.budget == 20
    assert len(view.parts[0]) == 6, "the model has not read it"
    again = widgets.SoftTokenAtlas(model, PROMPT, images=[seeing.picture()], answer=" box")
    again.reread(20)
    assert again.parts[0].grid == (3, 5) and again.content(True)[0]["budget"]["now"] == 20
    again.run("The box")
    assert again.parts[0].grid == (3, 5), "another prompt keeps the budget"


def test_the_page_gets_what_it_asks_for(view):
    sent = []
    view.widget.send = lambda message, buffers: sent.append((message, buffers))
    view.widget._answer({"kind": "row", "token": view.word - 1})
    view.widget._answer({"kind": "budget", "part": 0, "budget": 20})
    view.widget._answer({"kind": "hide", "part": 0, "box": [0, 0, 48, 48]})
    (row, (raw,)), (preview, (file,)) = sent
    assert row == {"kind": "row", "token": view.word - 1}
    found = np.frombuffer(raw, "<f4").reshape(-1, len(view.trace))
    np.testing.assert_array_equal(found, atlas_content.rows(view.trace, view.word - 1))
    assert (preview["rows"], preview["columns"]) == (3, 5)
    assert Image.open(io.BytesIO(file)).size == (preview["width"], preview["height"]) == (240, 144)
    assert len(view.hidings) == 1 and view.widget.content["header"]["hidings"][0]["part"] == 0
    view.widget._answer({"kind": "forget"})
    assert view.widget.content["header"]["hidings"] == []


def test_a_trace_shows_what_it_holds_and_runs_nothing(tmp_path):
    trace = seen()
    trace.save(tmp_path / "run.npz")
    view = widgets.SoftTokenAtlas(Trace.load(tmp_path / "run.npz"))
    header, arrays = view.content(True)
    assert not header["can_hide"] and not header["editable"] and not header["lens"] and header["budget"] is None
    assert header["counts"] == {"text": 5, "image": 6, "video": 4, "audio": 3} and header["word"] == 17
    assert "1 x uniform" in view.sentence()
    np.testing.assert_allclose(arrays["row.17"][-1], np.full(18, 1 / 18), rtol=1e-6)
    for refused in (lambda: view.run("x"), lambda: view.hide((0, 0, 48, 48)), lambda: view.hide_attended(1)):
        with pytest.raises(InputError, match="no model to run"):
            refused()


def test_the_csv_has_every_soft_token_in_every_layer():
    view = widgets.SoftTokenAtlas(seen(window=4))
    rows = list(csv.DictReader(io.StringIO(view.to_csv())))
    assert len(rows) == 13 * 2
    local = [row for row in rows if row["layer"] == "0"]
    assert [float(row["mean_weight"]) for row in local if row["part"] == "sound 0"] == [0, 0.25, 0.25]
    assert [float(row["uniform"]) for row in local if row["part"] == "sound 0"] == [0, 0.25, 0.25]


def test_text_alone_is_refused(model):
    with pytest.raises(InputError, match="no media"):
        widgets.SoftTokenAtlas(model, PROMPT)
    with pytest.raises(InputError, match="no soft tokens"):
        widgets.SoftTokenAtlas(replace(seen(), segments=()))


@pytest.mark.parametrize("answer", ["", 0, True, 1.5, None])
def test_an_answer_that_is_none(model, answer):
    with pytest.raises(InputError):
        widgets.SoftTokenAtlas(model, PROMPT, images=[seeing.picture()], answer=answer)


def test_a_prompt_that_fails_leaves_the_view_as_it_was(view):
    before = view.sentence()
    with pytest.raises(InputError):
        view.run(" ")
    assert view.sentence() == before


def test_hostile_tokens_are_text(model):
    hostile_page(lambda text: widgets.SoftTokenAtlas(model, text, images=[seeing.picture()], answer=" box"))


def photo(height: int, width: int) -> np.ndarray:
    """Slopes, edges and the noise of a sensor."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 90) * 60 + 128, np.cos(y / 70 + x / 200) * 80 + 128, (x * y) / 50_000 % 255]
    noise = np.random.default_rng(0).normal(0, 12, (height, width, 3))
    return np.clip(np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)


def test_a_photo_of_12_megapixels_with_half_a_minute_of_sound_stays_within_2_mb(model):
    from g4lab.media import read_image

    picture = read_image(photo(3000, 4000), 280)
    assert picture.soft_tokens > 250
    view = widgets.SoftTokenAtlas(model, "What", images=[picture], audio=[seeing.sound(28)], answer=" box")
    view.hide((0, 0, 96, 96))
    html = view.static()
    header = header_of(html)
    print(f"{len(html):,} characters")
    assert len(html) < STATIC_LIMIT
    assert header["pictures"]["0"]["type"] == "image/jpeg" and "exact pixels" in header["pictures"]["0"]["note"]
    assert "8,000 Hz" in header["sounds"]["1"]["note"]
    assert [row["form"] for row in header["held"]] == ["heads"] * len(header["held"]) and header["held"]


def test_a_row_of_a_large_model_is_held_as_means_over_heads():
    """35 layers of 8 heads over 1,150 tokens: one row of every head would be 1.3 MB."""
    tokens, heads, layers = 1_150, 8, 35
    rng = np.random.default_rng(0)
    plan = [{"index": i, "heads": heads} for i in range(layers)]
    trace = SimpleNamespace(plan=plan)
    whole = rng.random((layers * heads, tokens)).astype(np.float32)
    found = atlas_content.means(trace, whole)
    assert found.shape == (layers, tokens) and found.nbytes <= atlas_content.ROW_BYTES
    np.testing.assert_allclose(found[3], whole[24:32].mean(0), rtol=1e-5)


def test_pictures_that_fit_keep_every_pixel_and_others_say_so():
    pixels = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    kept = atlas_forms.picture(pixels, 40_000)
    assert kept.exact and (np.asarray(Image.open(io.BytesIO(kept.file))) == pixels).all()
    for room in (8_000, 1_500):
        lossy = atlas_forms.picture(pixels, room)
        assert len(lossy.file) <= room and not lossy.exact and "the model read the exact pixels" in lossy.note
    assert Image.open(io.BytesIO(lossy.file)).size[0] < 96 and "pixels" in lossy.note
    with pytest.raises(InputError, match="fits"):
        atlas_forms.picture(pixels, 10)


def test_playback_gives_way_before_the_page_grows():
    samples = np.full(16_000, 0.5, np.float32)
    assert "16,000" in atlas_forms.wave(samples, 40_000)[1] and "8,000 Hz" in atlas_forms.wave(samples, 20_000)[1]
    nothing, why = atlas_forms.wave(samples, 5_000)
    assert nothing == b"" and "too long" in why


def test_envelope_shades_and_loudness_by_hand():
    samples = np.array([0, 1, -1, 0.5, 0.25, 0], np.float32)
    assert atlas_forms.envelope(samples, 3).tolist() == [[0, -1, 0], [1, 0.5, 0.25]]
    shades, frames, low, high = atlas_forms.shades(np.array([[0, 10], [5, 0], [10, 2]], np.float32), 2)
    assert (frames, low, high) == (2, 0, 10) and shades.tolist() == [[128, 255], [255, 51]]
    sound = np.concatenate([np.full(640, 0.5), np.full(640, -0.25), np.zeros(3)]).astype(np.float32)
    loud = atlas_forms.loudness(sound, 4, 0.04)
    assert loud[:3].tolist() == [0.5, 0.25, 0] and np.isnan(loud[3])
