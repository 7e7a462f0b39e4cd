"""Text to token ids and back, exactly, with a wall between text and control tokens.

Three rules make it exact. They hold for every Gemma tokenizer, whichever library reads its file:

* The libraries are asked for the ids of plain stretches of text only, so ordinary text gets their very ids.
* A control token written out in a text is cut after its first character before a library sees it. A piece
  comes out only where its letters went in, so no text becomes a control token (nor a byte piece like <0x41>).
* Gemma writes a space as U+2581, so a U+2581 in a text would come back as a space. It is written as its three
  UTF-8 bytes instead, with the byte pieces that the vocabulary keeps for characters it does not know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from numbers import Integral
from pathlib import Path
from typing import Literal

from g4lab.errors import CheckpointError, InputError
from g4lab.text import controls
from g4lab.text.stream import Detokenizer
from g4lab.text.vocabulary import JsonVocabulary, SentencePieceVocabulary, Vocabulary

Kind = Literal["text", "control", "image", "audio", "video"]

_SPACE = "\u2581"
_MEDIA: dict[str, Kind] = {controls.IMAGE: "image", controls.AUDIO: "audio", controls.VIDEO: "video"}
_SENTENCEPIECE_FILES = ("vocabulary.spm", "tokenizer.model", "assets/tokenizer/vocabulary.spm")
# Each comes back changed where a tokenizer normalises, collapses spaces, puts one in front, or lacks bytes.
_PROBES = ("a", " a  b ", "\n\n\t x\r\n", "\ufb01 \uff21 e\u0301 \u00e9 \u212b", "\U0010fffd\0")


class Tokenizer:
    """Encodes text to ids and decodes ids to text; `decode(encode(s)) == s` for every Unicode string.

    Raises: CheckpointError when the vocabulary lacks what Gemma's have, or changes the text it is given.
    """

    def __init__(self, vocabulary: Vocabulary):
        self._vocabulary = vocabulary
        self.vocab_size: int = vocabulary.size
        known = {name: vocabulary.id(name) for name in map(str, controls.ALL)}
        self.control: dict[str, int] = vocabulary.special | {k: v for k, v in known.items() if v is not None}
        """Every control token of the file and its id."""
        self.bos_id: int = self._required(controls.BOS)
        self.eos_id: int = self._required(controls.EOS)
        self.pad_id: int = self._required(controls.PAD)
        self.turn_end_id: int | None = self.control.get(controls.TURN_END)
        """Ends a turn; None in a vocabulary without turns."""
        self._control_ids = {id: name for name, id in self.control.items()}
        self._byte_ids = [self._required(f"<0x{byte:02X}>") for byte in range(256)]
        self._bytes = {id: bytes([byte]) for byte, id in enumerate(self._byte_ids)}
        # Longest first: an alternation takes the first that fits.
        names = "|".join(re.escape(name) for name in sorted(self.control, key=len, reverse=True))
        self._control_pattern = re.compile(f"({names})")
        self._cut_pattern = re.compile(rf"{_SPACE}|(?=(?:{names}|<0x[0-9A-F]{{2}}>)).", re.DOTALL)
        for probe in _PROBES:
            if self.decode(self.encode(probe)) != probe:
                raise CheckpointError(
                    f"this tokenizer changes the text {probe!r}, so it is not one of Gemma 4's",
                    vocabulary.where,
                    "use the tokenizer file that came with the checkpoint",
                )

    @classmethod
    def from_directory(cls, directory: str | os.PathLike) -> Tokenizer:
        """Read tokenizer.json, else vocabulary.spm, tokenizer.model or assets/tokenizer/vocabulary.spm.

        Raises: CheckpointError when there is none, or the first one found is damaged.
        """
        directory = Path(directory)
        if (path := directory / "tokenizer.json").is_file():
            return cls(JsonVocabulary(path))
        for name in _SENTENCEPIECE_FILES:
            if (path := directory / name).is_file():
                return cls(SentencePieceVocabulary(path.read_bytes(), path))
        names = ", ".join(("tokenizer.json", *_SENTENCEPIECE_FILES))
        raise CheckpointError(
            "no tokenizer here" if directory.is_dir() else "no such directory",
            directory,
            f"give a directory that has one of {names}",
        )

    def save(self, directory: str | os.PathLike) -> None:
        """Write the tokenizer file into an existing directory, so that `from_directory` reads it again."""
        self._vocabulary.save(Path(directory))

    def encode(self, text: str, control: bool = False) -> list[int]:
        """The ids of a text; with `control`, control tokens written out in it become control tokens.

        Use `control=True` only for text that no user can reach into; conversations have `chat.encode_chat`.

        Shapes: -> [T].
        Raises: InputError for what is no text, or half a surrogate pair.
        """
        if not isinstance(text, str):
            raise InputError(f"text is a {type(text).__name__}, not a str", next="give a str")
        if lone := re.search("[\ud800-\udfff]", text):
            raise InputError(
                f"the text holds half a surrogate pair, {lone[0]!r}",
                f"character {lone.start()}",
                "decode the text's bytes as UTF-8 (or with errors='replace')",
            )
        if not control:
            return self._encode_plain(text)
        ids: list[int] = []
        for stretch in self._control_pattern.split(text):  # plain text and control tokens take turns
            ids += [self.control[stretch]] if stretch in self.control else self._encode_plain(stretch)
        return ids

    def decode(self, ids: Iterable[int], control: bool = True) -> str:
        """The text of some ids; `control=False` leaves control tokens out.

        Bytes that form no UTF-8 character come out as U+FFFD.

        Shapes: ids [T].
        Raises: InputError for an id outside the vocabulary.
        """
        return b"".join(self.bytes_of(id, control) for id in ids).decode("utf-8", errors="replace")

    def stream(self, control: bool = True) -> Detokenizer:
        """A decoder for ids that come one by one."""
        return Detokenizer(self, control)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """What to show for each id: its text with real spaces, or a control token's or byte piece's name."""
        return [self._piece(id).replace(_SPACE, " ") for id in ids]

    def kind(self, id: int) -> Kind:
        """What a token stands for: text, a control token, or a place that media fill."""
        self._piece(id)
        name = self._control_ids.get(id)
        return "text" if name is None else _MEDIA.get(name, "control")

    def control_id(self, name: str) -> int:
        """The id of a control token. Raises: InputError when the vocabulary has no such token."""
        if name not in self.control:
            raise InputError(
                f"the vocabulary has no control token {name}",
                self._vocabulary.where,
                "use the tokenizer of a Gemma 4 checkpoint that was trained with it",
            )
        return self.control[name]

    def bytes_of(self, id: int, control: bool = True) -> bytes:
        """The UTF-8 bytes that an id adds to a text; none for a control token when `control` is False."""
        piece = self._piece(id)
        if id in self._control_ids:
            return piece.encode() if control else b""
        return self._bytes[id] if id in self._bytes else piece.replace(_SPACE, " ").encode()

    def _encode_plain(self, text: str) -> list[int]:
        ids: list[int] = []
        for stretch in self._stretches(text):
            if stretch == _SPACE:
                ids += [self._byte_ids[byte] for byte in _SPACE.encode()]
            else:
                ids += self._vocabulary.encode(stretch)
        return ids

    def _stretches(self, text: str) -> Iterator[str]:
        """Cut a text around every U+2581 and after the first character of every control or byte piece."""
        start = 0
        for match in self._cut_pattern.finditer(text):
            if match[0] == _SPACE:
                yield text[start : match.start()]
                yield _SPACE
            else:
                yield text[start : match.end()]
            start = match.end()
        yield text[start:]

    def _piece(self, id: int) -> str:
        inside = isinstance(id, Integral) and 0 <= id < self.vocab_size
        piece = self._vocabulary.piece(int(id)) if inside else None
        if piece is None:
            last = self.vocab_size - 1
            raise InputError(f"no token has the id {id!r}", self._vocabulary.where, f"give integers from 0 to {last}")
        return piece

    def _required(self, piece: str) -> int:
        id = self._vocabulary.id(piece)
        if id is None:
            raise CheckpointError(
                f"the vocabulary has no piece {piece}, which every Gemma 4 vocabulary has",
                self._vocabulary.where,
                "use the tokenizer file that came with the checkpoint",
            )
        return id
