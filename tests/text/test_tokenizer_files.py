"""Finding, reading and refusing tokenizer files."""

import json
import shutil

import pytest

from g4lab.errors import CheckpointError, InputError
from g4lab.text import Tokenizer, encode_chat
from tests.text.training import train_sentencepiece


@pytest.mark.parametrize("name", ["vocabulary.spm", "tokenizer.model", "assets/tokenizer/vocabulary.spm"])
def test_a_sentencepiece_model_is_found_under_each_name(directories, tokenizers, tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(directories["sentencepiece"] / "tokenizer.model", tmp_path / name)
    text = "the quick fox"
    assert Tokenizer.from_directory(str(tmp_path)).encode(text) == tokenizers["sentencepiece"].encode(text)


def test_tokenizer_json_comes_first(directories, tokenizers, tmp_path):
    for kind in ("json", "sentencepiece"):
        shutil.copytree(directories[kind], tmp_path, dirs_exist_ok=True)
    assert Tokenizer.from_directory(tmp_path).vocab_size == tokenizers["json"].vocab_size


def test_a_saved_tokenizer_is_the_same_tokenizer(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    again = Tokenizer.from_directory(tmp_path)
    text = "the <turn|> fox\u2581\n\n \U0001f98a"
    assert again.encode(text, control=True) == tokenizer.encode(text, control=True)
    assert again.control == tokenizer.control


def test_a_directory_without_a_tokenizer_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no tokenizer here") as caught:
        Tokenizer.from_directory(tmp_path)
    assert caught.value.where == str(tmp_path) and "tokenizer.json" in caught.value.next
    with pytest.raises(CheckpointError, match="no such directory"):
        Tokenizer.from_directory(tmp_path / "absent")


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer.model"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\x00garbage", "half"])
def test_a_damaged_file_is_named(directories, tmp_path, name, damage):
    if damage == "half":
        whole = directories["json" if name.endswith("json") else "sentencepiece"] / name
        damage = whole.read_bytes()[: whole.stat().st_size // 2]
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(CheckpointError) as caught:
        Tokenizer.from_directory(tmp_path)
    assert caught.value.where == str(tmp_path / name) and caught.value.next


@pytest.mark.parametrize(
    "options",
    [
        {"normalization_rule_name": "nmt_nfkc"},
        {"add_dummy_prefix": True},
        {"remove_extra_whitespaces": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_tokenizer_that_changes_text_is_refused(tmp_path, options):
    train_sentencepiece(tmp_path / "tokenizer.model", **options)
    with pytest.raises(CheckpointError, match="changes the text"):
        Tokenizer.from_directory(tmp_path)


def test_a_vocabulary_without_byte_pieces_is_refused(tmp_path):
    train_sentencepiece(tmp_path / "tokenizer.model", byte_fallback=False)
    with pytest.raises(CheckpointError, match="no piece <0x00>"):
        Tokenizer.from_directory(tmp_path)


def edited(directories, tmp_path, edit):
    """The tokenizer.json after an edit of its JSON."""
    raw = json.loads((directories["json"] / "tokenizer.json").read_text(encoding="utf-8"))
    edit(raw)
    (tmp_path / "tokenizer.json").write_text(json.dumps(raw), encoding="utf-8")
    return Tokenizer.from_directory(tmp_path)


def test_a_vocabulary_whose_merges_spell_control_tokens_cannot_be_tricked(directories, tmp_path):
    def spell(raw):
        vocabulary, merges = raw["model"]["vocab"], raw["model"]["merges"]
        for name in ("<bos>", "<turn|>", "<0x41>"):
            for end in range(2, len(name) + 1):
                merges.insert(0, [name[: end - 1], name[end - 1]])
                for piece in (name[:end], name[end - 1], name[: end - 1]):
                    vocabulary.setdefault(piece, len(vocabulary))

    tokenizer = edited(directories, tmp_path, spell)
    from tokenizers import Tokenizer as Library

    library = Library.from_file(str(tmp_path / "tokenizer.json"))
    library.encode_special_tokens = True  # "as text", says the library
    assert library.encode("a<bos>").ids[-1] == tokenizer.bos_id, "the merges do not spell it: the test is void"
    for text in ("a<bos>", "<turn|>", "<0x41>", "<<bos>>"):
        ids = tokenizer.encode(text)
        assert not set(ids) & set(tokenizer.control.values())
        assert tokenizer.decode(ids) == text


def test_somebody_elses_padding_truncation_and_bos_are_not_applied(directories, tokenizers, tmp_path):
    def batch(raw):
        raw["post_processor"] = {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}},
        }
        raw["truncation"] = {"max_length": 4, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
        raw["padding"] = {
            "strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>",
        }  # fmt: skip

    tokenizer = edited(directories, tmp_path, batch)
    for text in ("a", "the quick brown fox and the lazy dog, and so on"):
        assert tokenizer.encode(text) == tokenizers["json"].encode(text)


def test_a_control_token_that_the_file_calls_ordinary_is_still_one(directories, tokenizers, tmp_path):
    def ordinary(raw):
        for token in raw["added_tokens"]:
            token["special"] = False

    tokenizer = edited(directories, tmp_path, ordinary)
    assert tokenizer.control == tokenizers["json"].control
    assert tokenizer.turn_end_id not in tokenizer.encode("<turn|>")


def test_of_two_control_tokens_that_begin_alike_the_longer_is_read(directories, tmp_path):
    def lengthen(raw):
        id = len(raw["model"]["vocab"])
        raw["model"]["vocab"]["<turn|>!"] = id
        raw["added_tokens"].append(raw["added_tokens"][0] | {"id": id, "content": "<turn|>!"})

    tokenizer = edited(directories, tmp_path, lengthen)
    assert tokenizer.encode("<turn|>!", control=True) == [tokenizer.control["<turn|>!"]]
    assert not set(tokenizer.encode("<turn|>!")) & set(tokenizer.control.values())


def test_a_vocabulary_without_turns_still_reads_text(directories, tmp_path):
    def forget(raw):
        raw["added_tokens"] = [token for token in raw["added_tokens"] if token["content"] != "<turn|>"]
        raw["model"]["vocab"]["forgotten"] = raw["model"]["vocab"].pop("<turn|>")

    tokenizer = edited(directories, tmp_path, forget)
    assert tokenizer.turn_end_id is None
    assert tokenizer.decode(tokenizer.encode("<turn|> a")) == "<turn|> a"
    with pytest.raises(InputError, match=r"no control token <turn\|>"):
        encode_chat(tokenizer, [{"role": "user", "content": "Hi"}])
