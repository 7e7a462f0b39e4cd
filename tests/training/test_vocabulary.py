"""The shipped tokenizer and how it is trained."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import g4lab
from g4lab.errors import InputError
from g4lab.text.tokenizer import Tokenizer
from g4lab.training.corpus import tiny_world
from g4lab.training.vocabulary import CONTROL, train_tokenizer

EMBEDDED = Path(g4lab.__file__).parent / "checkpoints" / "embedded" / "tiny-moe"
TOKENIZER = Tokenizer.from_directory(EMBEDDED)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_comes_back(text):
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


@pytest.mark.parametrize(
    "text", ["", "  a   b ", "\n\n\tx", "\u2581", "a\u2581 b", "<0x41>", "<turn|>", "\u00e9\u0065\u0301\U0001f642"]
)
def test_awkward_texts_come_back(text):
    assert TOKENIZER.decode(TOKENIZER.encode(text)) == text


def test_control_tokens_come_first_and_text_never_becomes_one():
    assert [TOKENIZER.encode(token, control=True) for token in CONTROL] == [[i] for i in range(len(CONTROL))]
    assert not set(range(len(CONTROL))) & set(TOKENIZER.encode("".join(CONTROL)))


def test_digits_stand_alone():
    ids = TOKENIZER.encode("1234")
    assert [TOKENIZER.decode([id]) for id in ids] == list("1234")


def test_the_training_tokenizer_gives_the_ids_of_the_lab():
    import tokenizers

    ours = tokenizers.Tokenizer.from_file(str(EMBEDDED / "tokenizer.json"))
    for domain in tiny_world().DOMAINS:
        for document in tiny_world().documents(domain, 0, 20):
            assert ours.encode(document.text).ids == TOKENIZER.encode(document.text, control=True)


def test_training_is_deterministic_and_checks_the_size():
    texts = [document.text for document in tiny_world().documents("stories", 0, 50)]
    assert train_tokenizer(texts, 500) == train_tokenizer(texts, 500)
    with pytest.raises(InputError, match="size"):
        train_tokenizer(texts, 300)
