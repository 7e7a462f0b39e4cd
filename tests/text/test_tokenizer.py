"""Text to ids and back: exact for every string, equal to the libraries, closed to forged control tokens."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from g4lab.errors import InputError
from g4lab.text import controls
from tests.text.training import MARKS

# What has broken tokenizers: their own marks, spaces of all sorts, parts of characters, and ordinary words between.
AWKWARD = [
    "\u2581", " ", "  ", "\n", "\n\n", "\t", "\r", "\0", "\u00a0", "\u200b", "\u3000", "\ufeff", "\u0301", "\u200d",
    "\U0001f469", "\U0001f3fd", "\U0010ffff", "\ufffd", "\ufb01", "\u212b", "é", "<", "<|", "|>", "<0xE2>", "<0x0A>",
    "<unk>", "<bos>", *MARKS, "turn", "the", "def", "1", "The quick", "\\n",
]  # fmt: skip
ANY_TEXT = st.text() | st.lists(st.sampled_from(AWKWARD), max_size=12).map("".join)
# Text in which nothing is written out that the tokenizer has to cut.
CUT = re.compile("\u2581|<0x..>|" + "|".join(map(re.escape, controls.ALL)))
ORDINARY = ANY_TEXT.filter(lambda text: not CUT.search(text))


@given(text=ANY_TEXT)
def test_every_string_survives_the_round_trip(tokenizers, text):
    for tokenizer in tokenizers.values():
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert tokenizer.decode(tokenizer.encode(text, control=True)) == text


@given(text=ANY_TEXT)
def test_no_text_becomes_a_control_token(tokenizers, text):
    for tokenizer in tokenizers.values():
        assert not set(tokenizer.encode(text)) & set(tokenizer.control.values())


@given(text=ORDINARY)
def test_ordinary_text_gets_the_ids_of_the_libraries(libraries, text):
    for tokenizer, encode, decode in libraries.values():
        ids = tokenizer.encode(text)
        assert ids == encode(text)
        assert tokenizer.decode(ids) == decode(ids)


@given(texts=st.lists(ORDINARY, min_size=1, max_size=4), marks=st.lists(st.sampled_from(MARKS), max_size=4))
def test_with_control_the_ids_are_those_of_the_libraries(libraries, texts, marks):
    whole = "".join(text + mark for text, mark in zip(texts, marks, strict=False))
    for tokenizer, encode, _ in libraries.values():
        assert tokenizer.encode(whole, control=True) == encode(whole)


@given(text=ANY_TEXT)
def test_a_stream_gives_whole_characters_and_in_the_end_the_same_text(tokenizers, text):
    for tokenizer in tokenizers.values():
        stream = tokenizer.stream()
        pushed = [stream.push(id) for id in tokenizer.encode(text)]
        assert "\ufffd" in text or not any("\ufffd" in piece for piece in pushed)
        assert "".join(pushed) + stream.flush() == text


@given(data=st.data())
def test_a_stream_of_any_ids_gives_what_decode_gives(tokenizers, data):
    for tokenizer in tokenizers.values():
        ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=20))
        for control in (True, False):
            stream = tokenizer.stream(control)
            streamed = "".join([stream.push(id) for id in ids]) + stream.flush()
            assert streamed == tokenizer.decode(ids, control)


def test_a_stream_waits_for_the_last_byte_of_a_character(tokenizer):
    ids = tokenizer.encode("\U0001f98a")
    assert len(ids) == 4
    stream = tokenizer.stream()
    assert [stream.push(id) for id in ids] == ["", "", "", "\U0001f98a"]
    assert [stream.push(ids[0]), stream.flush(), stream.flush()] == ["", "\ufffd", ""]


def test_a_control_token_is_one_id_or_plain_pieces(tokenizer):
    turn_end = tokenizer.control["<turn|>"]
    assert tokenizer.encode("<turn|>", control=True) == [turn_end] == [tokenizer.turn_end_id]
    plain = tokenizer.encode("<turn|>")
    assert turn_end not in plain
    assert "".join(tokenizer.pieces(tokenizer.encode("a <turn|>", control=True))) == "a <turn|>"
    # Overlapping and nested ones are all cut.
    for forged in ("<<turn|><bos>", "<|tool<|tool_call>_call>", "<|turn><turn|>", "<|image|><|image>"):
        assert not set(tokenizer.encode(forged)) & set(tokenizer.control.values())
        assert tokenizer.decode(tokenizer.encode(forged)) == forged


def test_a_typed_space_mark_is_told_from_a_space(tokenizer):
    assert tokenizer.encode("a\u2581b") != tokenizer.encode("a b")
    assert "<0x81>" in tokenizer.pieces(tokenizer.encode("a\u2581b"))


def test_what_is_shown_for_each_id(tokenizer):
    ids = tokenizer.encode("<bos>the dog \U0001f98a", control=True)
    pieces = tokenizer.pieces(ids)
    assert pieces[0] == "<bos>" and pieces[-1] == "<0x8A>"
    assert any(" " in piece for piece in pieces) and not any("\u2581" in piece for piece in pieces)
    assert tokenizer.kind(ids[0]) == "control" and tokenizer.kind(ids[1]) == "text"
    assert tokenizer.kind(tokenizer.encode("\U0001f98a")[0]) == "text"


def test_the_kinds_of_control_tokens(tokenizer):
    kinds = {name: tokenizer.kind(id) for name, id in tokenizer.control.items()}
    media = {controls.IMAGE: "image", controls.AUDIO: "audio", controls.VIDEO: "video"}
    assert kinds == {name: media.get(name, "control") for name in controls.ALL}
    assert (tokenizer.pad_id, tokenizer.eos_id, tokenizer.bos_id) == (0, 1, 2)


def test_decoding_can_leave_control_tokens_out(tokenizer):
    ids = [tokenizer.bos_id, *tokenizer.encode("Hi <bos>"), tokenizer.turn_end_id]
    assert tokenizer.decode(ids) == "<bos>Hi <bos><turn|>"
    assert tokenizer.decode(ids, control=False) == "Hi <bos>"
    assert tokenizer.decode(np.array(ids, dtype="int32")) == tokenizer.decode(ids)


@pytest.mark.parametrize("id", [-1, 10**6, 1.5, None, "a"])
def test_an_id_outside_the_vocabulary_is_named(tokenizer, id):
    for use in (tokenizer.decode, tokenizer.pieces, lambda ids: [tokenizer.kind(id) for id in ids]):
        with pytest.raises(InputError, match="no token has the id") as caught:
            use([id])
        assert f"0 to {tokenizer.vocab_size - 1}" in caught.value.next


def test_a_half_surrogate_and_what_is_no_text_are_named(tokenizer):
    with pytest.raises(InputError, match="surrogate") as caught:
        tokenizer.encode("ab\ud800")
    assert caught.value.where == "character 2"
    with pytest.raises(InputError, match="is a bytes"):
        tokenizer.encode(b"ab")
    with pytest.raises(InputError, match="no control token <no>"):
        tokenizer.control_id("<no>")
