"""Small tokenizers of Gemma's kind, trained on a few lines: a tokenizer.json and a sentencepiece model."""

import io
import json

from g4lab.text import controls

CORPUS = [
    "The quick brown fox jumps over the lazy dog. The dog does not mind.\n",
    "def area(width, height):\n    return width * height\n\n\nprint(area(3, 4))\n",
    "user\nWhat is the weather in Paris today?\nmodel\nIt is sunny in Paris.\n",
    "system\nYou are a helpful assistant.\nthought\nI need a tool for this.\n",
    "Ein Bär läuft über die Brücke. Où est la gare ? ¿Qué hora es?\n\n",
    '{"city": "Paris", "unit": "C", "temperature": 21.5, "list": [1, 2, 3]}\n',
    "call:get_weather{city:Paris} response:get_weather{value:21}\n",
    "1 + 1 = 2, 12 + 30 = 42, 99 - 9 = 90  and   so    on\n",
    "<p>turn | tool <b>bos</b></p> a < b, b > a, a | b\n",
]
MARKS = [str(name) for name in controls.ALL[5:]]  # the first five have their own ids in both kinds of file
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def train_json(path):
    """A tokenizer.json as Gemma's: BPE with byte fallback, spaces written as U+2581, nothing normalised."""
    from tokenizers import Tokenizer as Library
    from tokenizers import models, normalizers, trainers

    library = Library(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    library.normalizer = normalizers.Replace(" ", "\u2581")
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *MARKS]
    trainer = trainers.BpeTrainer(vocab_size=800, special_tokens=[*special, *BYTES, "\n\n"], show_progress=False)
    library.train_from_iterator(CORPUS * 20, trainer)
    raw = json.loads(library.to_str())
    # The trainer calls all of these special. In Gemma's file byte pieces are ordinary, and runs of newlines are added.
    raw["added_tokens"] = [token for token in raw["added_tokens"] if token["content"] not in BYTES]
    for token in raw["added_tokens"]:
        token["special"] = token["content"] != "\n\n"
    raw["decoder"] = {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
        ],
    }
    path.write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")


def train_sentencepiece(path, **options):
    """A sentencepiece model as Gemma's: control tokens and newline runs are user-defined, spaces are kept."""
    import sentencepiece

    model = io.BytesIO()
    gemma = {
        "model_type": "bpe",
        "vocab_size": 700,
        "byte_fallback": True,
        "add_dummy_prefix": False,
        "remove_extra_whitespaces": False,
        "normalization_rule_name": "identity",
        "allow_whitespace_only_pieces": True,
        "user_defined_symbols": ["<mask>", *MARKS, "\n", "\n\n"],
        "character_coverage": 1.0,
    }
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line.replace("\n", " ") for line in CORPUS * 20]),
        model_writer=model,
        **{"pad_id": 0, "eos_id": 1, "bos_id": 2, "unk_id": 3, "pad_piece": "<pad>", "eos_piece": "<eos>"},
        **{"bos_piece": "<bos>", "unk_piece": "<unk>", "minloglevel": 3, "hard_vocab_limit": False},
        **(gemma | options),
    )
    path.write_bytes(model.getvalue())
