"""Three tokenizers (one of each kind of file, and the embedded one), and the libraries' own reading of them."""

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import settings

from g4lab.text import Tokenizer
from tests.text.training import train_json, train_sentencepiece

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(scope="session")
def directories(tmp_path_factory):
    """A directory for each kind of file, and that of the embedded model."""
    made = {kind: tmp_path_factory.mktemp(kind) for kind in ("json", "sentencepiece")}
    train_json(made["json"] / "tokenizer.json")
    train_sentencepiece(made["sentencepiece"] / "tokenizer.model")
    return made | {"tiny-moe": Path(str(files("g4lab") / "checkpoints" / "embedded" / "tiny-moe"))}


@pytest.fixture(scope="session")
def tokenizers(directories):
    """All three, read by g4lab."""
    return {kind: Tokenizer.from_directory(directory) for kind, directory in directories.items()}


@pytest.fixture(scope="session", params=["json", "sentencepiece", "tiny-moe"])
def tokenizer(request, tokenizers):
    """Each of the three in turn."""
    return tokenizers[request.param]


@pytest.fixture(scope="session")
def libraries(directories, tokenizers):
    """For each of the three: our tokenizer, and how the library itself encodes and decodes."""
    import sentencepiece
    from tokenizers import Tokenizer as Library

    pieces = sentencepiece.SentencePieceProcessor(str(directories["sentencepiece"] / "tokenizer.model"))
    found = {"sentencepiece": (tokenizers["sentencepiece"], pieces.encode, pieces.decode)}
    for kind in ("json", "tiny-moe"):
        whole = Library.from_file(str(directories[kind] / "tokenizer.json"))
        found[kind] = (
            tokenizers[kind],
            lambda text, whole=whole: whole.encode(text, add_special_tokens=False).ids,
            lambda ids, whole=whole: whole.decode(ids, skip_special_tokens=False),
        )
    return found
