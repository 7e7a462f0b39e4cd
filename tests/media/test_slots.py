"""One slot in a prompt becomes a place for each soft token; text never becomes a slot."""

import numpy as np
import pytest

import g4lab
from g4lab.errors import MediaError
from g4lab.media import expand, expand_parts, read_audio, read_image, read_video
from g4lab.text import controls, encode_chat
from g4lab.text.controls import AUDIO, IMAGE, VIDEO
from tests.media.making import picture, tone

SMALL = {"pooling": 1, "patch_size": 2}
IMAGE_2 = read_image(picture(2, 4), 2, **SMALL)
IMAGE_3 = read_image(picture(6, 2), 3, **SMALL)
AUDIO_4 = read_audio(tone(0.16), 16_000)
VIDEO_2X1 = read_video(np.zeros((2, 2, 2, 3), np.uint8), fps=1 / 75, budget=1, **SMALL)


@pytest.fixture(scope="module")
def tokenizer():
    return g4lab.load("tiny-e").tokenizer


def test_the_counts_are_what_these_tests_say():
    assert [m.soft_tokens for m in (IMAGE_2, IMAGE_3, AUDIO_4, VIDEO_2X1)] == [2, 3, 4, 1]


def test_parts_by_hand():
    parts = ["a", IMAGE, "b", AUDIO, VIDEO, IMAGE, "c"]
    assert "".join(expand_parts(parts, [IMAGE_2, IMAGE_3, AUDIO_4, VIDEO_2X1])) == (
        "a<|image><|image|><|image|><image|>"
        "b<|audio><|audio|><|audio|><|audio|><|audio|><audio|>"
        "00:00 <|image><|video|><image|> 01:15 <|image><|video|><image|>"
        "<|image><|image|><|image|><|image|><image|>c"
    )


def test_what_is_written_for_media_are_control_tokens_and_times_are_text():
    opened = expand_parts([VIDEO], [VIDEO_2X1])
    assert [isinstance(part, controls.Control) for part in opened] == [False, True, True, True] * 2


def test_kinds_may_come_in_any_order():
    parts = [IMAGE, AUDIO, IMAGE]
    one = expand_parts(parts, [IMAGE_2, AUDIO_4, IMAGE_3])
    assert one == expand_parts(parts, [AUDIO_4, IMAGE_2, IMAGE_3])
    assert one != expand_parts(parts, [AUDIO_4, IMAGE_3, IMAGE_2])


def test_ids(tokenizer):
    ids = [tokenizer.bos_id, tokenizer.control_id(IMAGE), tokenizer.control_id(VIDEO), 700]
    opened = expand(ids, [IMAGE_2, VIDEO_2X1], tokenizer)
    assert tokenizer.decode(opened[:-1]) == (
        "<bos><|image><|image|><|image|><image|>00:00 <|image><|video|><image|> 01:15 <|image><|video|><image|>"
    )
    assert opened[-1] == 700
    assert expand([5, 6], [], tokenizer) == [5, 6]


def test_a_slot_that_is_only_text_stays_text(tokenizer):
    messages = [{"role": "user", "content": [{"type": "text", "text": "no <|image|> here"}, {"type": "image"}]}]
    ids = encode_chat(tokenizer, messages, media=[IMAGE_2])
    assert ids.count(tokenizer.control_id(IMAGE)) == 2
    assert expand_parts(["<|image|>"], []) == ["<|image|>"]


def test_a_conversation_without_media_keeps_its_slots(tokenizer):
    messages = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}]
    one_each = encode_chat(tokenizer, messages)
    assert one_each.count(tokenizer.control_id(IMAGE)) == 1
    assert expand(one_each, [IMAGE_3], tokenizer) == encode_chat(tokenizer, messages, media=[IMAGE_3])
    with pytest.raises(MediaError, match="has 1 <|image|> and 0"):
        encode_chat(tokenizer, messages, media=[])


@pytest.mark.parametrize(
    ("parts", "media", "message"),
    [
        ([IMAGE, IMAGE], [IMAGE_2], r"has 2 <\|image\|> and 1 of kind image"),
        ([IMAGE], [IMAGE_2, IMAGE_3], r"has 1 <\|image\|> and 2"),
        ([], [AUDIO_4], r"has 0 <\|audio\|> and 1"),
        ([VIDEO], [], r"has 1 <\|video\|> and 0"),
        ([IMAGE], [VIDEO_2X1], r"has 1 <\|image\|> and 0"),
    ],
)
def test_more_slots_than_media_and_the_other_way_round(tokenizer, parts, media, message):
    with pytest.raises(MediaError, match=message) as caught:
        expand_parts(parts, media)
    assert "once for each" in caught.value.next
    with pytest.raises(MediaError, match=message):
        expand([tokenizer.control_id(part) for part in parts], media, tokenizer)
