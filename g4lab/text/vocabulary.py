"""The two kinds of tokenizer file behind one small interface: pieces, ids, and the library's own encoding."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from g4lab.errors import CheckpointError

_FETCH_AGAIN = "fetch the file again, or point at a directory with an undamaged one"


class Vocabulary(Protocol):
    """What `Tokenizer` needs from a tokenizer file."""

    where: str
    size: int
    """V as the file has it: one more than the largest id."""
    special: dict[str, int]
    """The pieces that the file itself marks as control tokens."""

    def piece(self, id: int) -> str | None:
        """The piece of an id, None for an id that the file leaves out."""

    def id(self, piece: str) -> int | None:
        """The id of a piece, None when there is no such piece."""

    def encode(self, text: str) -> list[int]:
        """The library's own ids, with nothing put in front or behind."""

    def save(self, directory: Path) -> None:
        """Write the file into a directory, under a name that `from_directory` finds."""


class JsonVocabulary:
    """A `tokenizer.json`, read by the `tokenizers` library."""

    def __init__(self, path: Path):
        import tokenizers

        self.where = str(path)
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception, whatever is wrong with the file
            raise CheckpointError(f"this is no tokenizer.json: {error}", path, _FETCH_AGAIN) from error
        # A saved file may carry the padding and truncation of somebody's last batch.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=True)
        if not vocabulary:
            raise CheckpointError("this tokenizer.json has no pieces", path, _FETCH_AGAIN)
        self.size = 1 + max(vocabulary.values())
        added = self._tokenizer.get_added_tokens_decoder()
        self.special = {token.content: id for id, token in added.items() if token.special}

    def piece(self, id: int) -> str | None:
        """See `Vocabulary`."""
        return self._tokenizer.id_to_token(id)

    def id(self, piece: str) -> int | None:
        """See `Vocabulary`."""
        return self._tokenizer.token_to_id(piece)

    def encode(self, text: str) -> list[int]:
        """See `Vocabulary`."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def save(self, directory: Path) -> None:
        """See `Vocabulary`."""
        self._tokenizer.save(str(directory / "tokenizer.json"))


class SentencePieceVocabulary:
    """A sentencepiece model (`.spm`, `tokenizer.model`), given as the bytes of the file."""

    def __init__(self, model: bytes, where: object):
        import sentencepiece

        self.where = str(where)
        self._processor = sentencepiece.SentencePieceProcessor()
        if not model:
            raise CheckpointError("this sentencepiece model is empty", where, _FETCH_AGAIN)
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise CheckpointError(f"this is no sentencepiece model: {error}", where, _FETCH_AGAIN) from error
        self.size = self._processor.get_piece_size()
        if self.size == 0:
            raise CheckpointError("this sentencepiece model has no pieces", where, _FETCH_AGAIN)
        ids = range(self.size)
        self.special = {
            self.piece(id): id for id in ids if self._processor.IsControl(id) or self._processor.IsUnknown(id)
        }

    def piece(self, id: int) -> str | None:
        """See `Vocabulary`."""
        return self._processor.IdToPiece(id)

    def id(self, piece: str) -> int | None:
        """See `Vocabulary`."""
        id = self._processor.PieceToId(piece)  # <unk> for a piece that it does not have
        return id if self.piece(id) == piece else None

    def encode(self, text: str) -> list[int]:
        """See `Vocabulary`."""
        return self._processor.EncodeAsIds(text)

    def save(self, directory: Path) -> None:
        """See `Vocabulary`."""
        (directory / "tokenizer.model").write_bytes(self._processor.serialized_model_proto())
