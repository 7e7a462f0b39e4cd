"""Train a small tokenizer with Gemma's rules: BPE with byte fallback, U+2581 for a space, digits one by one."""

import json
from collections.abc import Iterable
from pathlib import Path

from g4lab.errors import InputError

# Gemma 4's control tokens in the order of its ids. Theirs are spread over 262,144 ids; here they come first.
CONTROL = tuple(
    (
        "<pad> <eos> <bos> <unk> <mask> <|tool> <tool|> <|tool_call> <tool_call|> <|tool_response> <tool_response|> "
        '<|"|> <|think|> <|channel> <channel|> <|turn> <turn|> '
        "<|image> <image|> <|image|> <|audio> <audio|> <|audio|> <|video|>"
    ).split()
)
# A piece never crosses a word, a digit, a run of spaces or a line: that keeps 2,000 pieces useful.
PIECES = r"▁?[\p{L}\p{M}_]+|\p{N}|▁+|\n|[^\p{L}\p{M}\p{N}_▁\n]"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def train_tokenizer(texts: Iterable[str], size: int = 2048) -> str:
    """Learn a vocabulary of `size` pieces and return the tokenizer as the JSON that `tokenizers` reads.

    Ids: control tokens, the 256 bytes, single characters, then merges, the most frequent first.
    Raises: InputError when the texts hold more different characters than there are places.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), "isolated")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    learned = size - len(CONTROL) - 256
    trainer = trainers.BpeTrainer(
        vocab_size=learned,
        initial_alphabet=[chr(code) for code in range(33, 127)] + ["▁", "\n"],
        show_progress=False,
    )
    tokenizer.train_from_iterator((without_control(text) for text in texts), trainer)
    state = json.loads(tokenizer.to_str())
    pieces = sorted(state["model"]["vocab"], key=state["model"]["vocab"].get)
    if len(pieces) > learned:
        raise InputError(
            f"the texts need {len(pieces)} pieces, {learned} are left beside control tokens and bytes",
            where="train_tokenizer",
            next="ask for a larger size",
        )
    every = [*CONTROL, *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    state["model"] |= {
        "vocab": {piece: place for place, piece in enumerate(every)},
        "unk_token": "<unk>",
        "fuse_unk": True,
        "byte_fallback": True,
    }
    state["added_tokens"] = [added(place, token) for place, token in enumerate(CONTROL)]
    return json.dumps(state, ensure_ascii=False, separators=(",", ":"))


def without_control(text: str) -> str:
    """Take the control tokens out of a text, so that no piece is learned from their letters."""
    for token in CONTROL:
        text = text.replace(token, "\n")
    return text


def added(place: int, token: str) -> dict:
    """Describe a control token: matched in the raw text, never normalised."""
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": place, "content": token, **plain, "special": True}


def write_tokenizer(directory: Path, tokenizer: str) -> None:
    """Write tokenizer.json and the tokenizer_config.json that transformers reads beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
        "model_max_length": 1024,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
