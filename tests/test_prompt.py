"""Pictures, sounds and films reach their places in a prompt, or the user is told why not."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from g4lab.errors import InputError, MediaError
from g4lab.media import read_image
from g4lab.prompt import read
from tests.models.seeing import film, lab, picture, sound


def prompt(x, **media):
    return read(x, lab().tokenizer, lab().config, **media)


def asked(*parts):
    return [{"role": "user", "content": [*parts, {"type": "text", "text": "What is it?"}]}]


def kinds(found):
    """The placeholders of a row by kind, in their order, each run once."""
    names = {19: "image", 22: "audio", 23: "video"}
    runs = []
    for before, id in zip([None, *found.rows[0]], found.rows[0], strict=False):
        if id in names and id != before:
            runs.append(names[id])
    return runs


def png(array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


def test_a_text_without_media_is_read_as_before():
    found = prompt("Hello")
    assert found.media == () and found.single and found.rows[0][0] == lab().tokenizer.bos_id


def test_media_of_messages_stand_in_their_places():
    found = prompt(
        asked(
            {"type": "audio", "audio": sound()},
            {"type": "image", "image": picture()},
            {"type": "video", "video": film()},
        )
    )
    assert kinds(found) == ["audio", "image", *["video"] * 5]
    assert [medium.kind for medium in found.media] == ["audio", "image", "video"]
    for medium in found.media:
        id = getattr(lab().config, f"{medium.kind}_id")
        frames = len(medium.frames) if medium.kind == "video" else 1
        assert found.rows[0].count(id) == medium.soft_tokens * frames


def test_places_without_a_medium_take_those_given_beside_in_order():
    first, second, third = picture(1), picture(2, 40, 40), picture(3, 60, 200)
    found = prompt(
        asked({"type": "image"}, {"type": "image", "image": second}, {"type": "image"}), images=[first, third]
    )
    assert [medium.original_size for medium in found.media] == [(100, 130), (40, 40), (60, 200)]


@pytest.mark.parametrize("count", [0, 2])
def test_more_places_than_media_and_the_other_way_round(count):
    with pytest.raises(MediaError, match=f"1 places? of kind image|{count}") as error:
        prompt(asked({"type": "image"}), images=[picture()] * count)
    assert "images=" in str(error.value) and "next:" in str(error.value)


def test_media_without_a_place_stand_before_a_text():
    found = prompt("Hello", images=[picture()], audio=[sound()], video=[film(2)])
    assert kinds(found) == ["image", "video", "video", "audio"]
    assert lab().tokenizer.decode(found.rows[0][-5:]).endswith("Hello")


def test_slots_in_ids_are_opened_out_and_full_ones_stay():
    medium = read_image(picture(), 9)
    opened = prompt([2, 19, 300], images=[medium])
    assert opened.rows[0] == [2, 17, *[19] * medium.soft_tokens, 18, 300]
    assert prompt(opened.rows[0], images=[medium]).rows == opened.rows


def test_a_medium_that_was_read_already_keeps_its_budget():
    assert prompt("x", images=[read_image(picture(), 4)]).media[0].soft_tokens <= 4 < 9


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": png(picture())},
        {
            "type": "image_url",
            "image_url": {"url": "data:image/png;base64," + base64.b64encode(png(picture())).decode()},
        },
        {"type": "image", "url": "data:image/png;base64," + base64.b64encode(png(picture())).decode()},
    ],
)
def test_forms_of_a_picture(part):
    np.testing.assert_array_equal(prompt(asked(part)).media[0].pixels, read_image(picture(), 9).pixels)


def test_a_path(tmp_path):
    (tmp_path / "a.png").write_bytes(png(picture()))
    part = {"type": "image", "path": str(tmp_path / "a.png")}
    np.testing.assert_array_equal(prompt(asked(part)).media[0].pixels, read_image(picture(), 9).pixels)


@pytest.mark.parametrize("url", ["https://example.org/a.png", "http://example.org/a.png", "ftp://example.org/a,b.png"])
def test_addresses_are_not_fetched(url):
    with pytest.raises(MediaError, match="nothing is fetched"):
        prompt(asked({"type": "image_url", "image_url": {"url": url}}))


def test_bad_base64():
    with pytest.raises(MediaError, match="no base64"):
        prompt(asked({"type": "image", "url": "data:image/png;base64,@@@"}))


def test_one_path_instead_of_a_list():
    with pytest.raises(InputError, match=r"images is a str.*\n.*\n.*images=\[\.\.\.\]"):
        prompt("x", images="a.png")


def test_media_with_a_batch():
    with pytest.raises(InputError, match="batch"):
        prompt(["a", "b"], images=[picture()])


@pytest.mark.parametrize("media", [{"images": [0]}, {"audio": [0]}, {"video": [0]}])
def test_a_model_without_the_encoder(media):
    text = lab().config.replace(vision=None, audio=None)
    with pytest.raises(MediaError, match="does not (see|hear)"):
        read("x", lab().tokenizer, text, **media)
