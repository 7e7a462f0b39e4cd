"""What a model may be given to read, and what it refuses."""

import numpy as np
import pytest

from g4lab import inputs
from g4lab.config import preset
from g4lab.errors import InputError
from g4lab.text.tokenizer import Tokenizer
from tests.models.networks import DENSE
from tests.text.training import train_json


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    directory = tmp_path_factory.mktemp("tokenizer")
    train_json(directory / "tokenizer.json")
    return Tokenizer.from_directory(directory)


@pytest.mark.parametrize(
    ("x", "rows", "single"),
    [
        ([3, 4], [[3, 4]], True),
        ((3, 4), [[3, 4]], True),
        ([[3, 4]], [[3, 4]], False),
        ([[3, 4], [5, 6]], [[3, 4], [5, 6]], False),
        ([[3, 4], [5]], [[3, 4], [5]], False),
        ([np.int64(3), np.uint8(4)], [[3, 4]], True),
        (np.asarray([3, 4], np.int64), [[3, 4]], True),
        (np.asarray([[3], [4]], np.uint16), [[3], [4]], False),
        ([0, DENSE.vocab_size - 1], [[0, DENSE.vocab_size - 1]], True),
    ],
)
def test_token_ids(x, rows, single):
    found, one = inputs.read(x, None, DENSE)
    assert (found, one) == (rows, single)
    assert all(type(id) is int for row in found for id in row)


@pytest.mark.parametrize(
    "x",
    [
        [],
        [[]],
        [[3], []],
        None,
        3,
        3.0,
        b"text",
        {"role": "user"},
        object(),
        [1.0, 2.0],
        [True, False],
        [[True], [False]],
        ["text", 3],
        [[3, "four"]],
        [2**70],
        np.zeros((0,), int),
        np.zeros((1, 2, 3), int),
        np.asarray(["text"]),
    ],
    ids=lambda x: type(x).__name__ if type(x) is object else repr(x),  # no address: names stay the same
)
def test_what_it_cannot_read(x):
    with pytest.raises(InputError) as error:
        inputs.read(x, None, DENSE)
    assert error.value.what.startswith("cannot read")
    assert error.value.next == inputs.FORMS


@pytest.mark.parametrize("x", [[3, 300], [-1], [[3], [4, 300]]])
def test_ids_outside_the_vocabulary(x):
    with pytest.raises(InputError, match="outside the vocabulary of 300") as error:
        inputs.read(x, None, DENSE)
    assert "0 to 299" in error.value.next


def test_texts_begin_with_bos(tokenizer):
    assert inputs.read("the dog", tokenizer, DENSE) == ([[2, *tokenizer.encode("the dog")]], True)
    assert inputs.read(["the", ""], tokenizer, DENSE) == ([[2, *tokenizer.encode("the")], [2]], False)


def test_a_text_holds_no_control_tokens(tokenizer):
    (row,), _ = inputs.read("a<turn|>b<bos>", tokenizer, DENSE)
    assert tokenizer.turn_end_id not in row and row.count(tokenizer.bos_id) == 1
    assert tokenizer.decode(row[1:]) == "a<turn|>b<bos>"


def test_a_conversation(tokenizer):
    (row,), single = inputs.read([{"role": "user", "content": "Hi <turn|>"}], tokenizer, DENSE)
    assert single
    assert row[:2] == [2, tokenizer.control["<|turn>"]]
    assert row.count(tokenizer.turn_end_id) == 1
    (thinking,), _ = inputs.read([{"role": "user", "content": "Hi"}], tokenizer, DENSE, thinking=True)
    assert tokenizer.control["<|think|>"] in thinking


@pytest.mark.parametrize("x", ["text", ["text"], [{"role": "user", "content": "Hi"}]])
def test_words_need_a_tokenizer(x):
    with pytest.raises(InputError, match="came without a tokenizer"):
        inputs.read(x, None, DENSE)


def test_a_model_follows_the_template_of_its_size():
    assert inputs.template_of(preset("31b-it").replace(name="mine")) == "31b"
    assert inputs.template_of(preset("e4b-it")) == "e4b"
    assert inputs.template_of(DENSE) == "e2b"
