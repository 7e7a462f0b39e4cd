"""TokenStrip: pieces, ids and bytes are the tokenizer's, turns are the template's, scores are what was given."""

import csv
import io

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.text import encode_chat
from g4lab.tracing.build import build_trace
from g4lab.tracing.trace import Segment, Token, Trace
from g4lab.widgets import Score, TokenStrip
from g4lab.widgets import token_strip_content as content
from g4lab.widgets.linking import selection_of
from g4lab.widgets.prompts import LONGEST
from tests.tracing.traces import make_trace
from tests.widgets.pages import HOSTILE, arrays_of, header_of, hostile_page
from tests.widgets.strips import Reader

TEXT = "The red ball \u2603 rolls"
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What time is it? <turn|> <img src=x onerror=alert(1)>"},
    {
        "role": "assistant",
        "reasoning": "Ask the clock.",
        "tool_calls": [{"function": {"name": "clock", "arguments": {"zone": "UTC"}}}],
    },
    {"role": "tool", "name": "clock", "content": "noon"},
    {"role": "assistant", "content": "Noon."},
]


@pytest.fixture(scope="module")
def reader():
    return Reader()


def test_tokens_are_the_tokenizers(reader):
    strip = TokenStrip(reader, TEXT)
    ids = [reader.tokenizer.bos_id, *reader.tokenizer.encode(TEXT)]
    assert strip.ids == [piece.id for piece in strip.strip.pieces] == ids
    assert [piece.text for piece in strip.strip.pieces] == reader.tokenizer.pieces(ids)
    assert b"".join(piece.bytes for piece in strip.strip.pieces[1:]) == TEXT.encode()


def test_a_character_that_the_vocabulary_lacks_is_shown_as_its_bytes(reader):
    pieces = TokenStrip(reader, TEXT).strip.pieces
    found = [index for index, piece in enumerate(pieces) if piece.kind == "byte"]
    assert [pieces[index].bytes for index in found] == [b"\xe2", b"\x98", b"\x83"]
    assert content.characters(pieces) == [(found[0], found[-1] + 1, "\u2603")]


def test_bytes_that_form_no_character_are_told_apart():
    def byte(value):
        return content.Piece(value, f"<0x{value:02X}>", "byte", bytes([value]))

    pieces = [
        byte(0xE2),
        byte(0x41),
        byte(0xC3),
        byte(0xA9),
        content.Piece(300, "x", "text", b"x"),
        byte(0xE2),
        byte(0x98),
    ]
    assert content.characters(pieces) == [
        (0, 1, "\ufffd"),
        (1, 2, "A"),
        (2, 4, "\u00e9"),
        (5, 6, "\ufffd"),
        (6, 7, "\ufffd"),
    ]


def test_what_only_looks_like_a_control_token_is_text(reader):
    pieces = TokenStrip(reader, "<turn|><0x41>").strip.pieces
    assert [piece.kind for piece in pieces].count("control") == 1  # <bos>
    assert "byte" not in [piece.kind for piece in pieces]


def test_turns_and_what_stands_in_them(reader):
    strip = TokenStrip(reader, MESSAGES)
    assert strip.ids == encode_chat(reader.tokenizer, MESSAGES, size="e2b-it")
    found = content.blocks(strip.strip.pieces)
    assert [(block.name, block.label, block.depth, block.closed) for block in found] == [
        ("turn", "system", 0, True),
        ("turn", "user", 0, True),
        ("turn", "model", 0, True),
        ("thought", "thought", 1, True),
        ("tool call", "tool call", 1, True),
        ("tool response", "tool response", 1, True),
        ("turn", "model", 0, False),
    ]


def test_turns_are_the_traces_segments(reader):
    ids = TokenStrip(reader, MESSAGES).ids
    logits = {"next.logits": np.zeros(reader.config.vocab_size)}
    trace = build_trace("reader", "", reader.config, [], reader.tokenizer, ids, logits)
    turns = [block for block in content.blocks(content.pieces_of(ids, reader.tokenizer)) if block.name == "turn"]
    assert tuple(Segment(block.label, block.start, block.end) for block in turns) == trace.segments
    assert content.pieces_of_trace(trace) == content.pieces_of(ids, reader.tokenizer)


def test_blocks_by_hand():
    words = ["<bos>", "<|turn>", "user\n", "<|channel>", "hm", "<turn|>", "<channel|>", "<|turn>", "model\n"]
    pieces = [
        content.Piece(i, word, "control" if word[0] == "<" else "text", word.encode()) for i, word in enumerate(words)
    ]
    # the thought is cut off by the end of its turn; a closing mark that closes nothing is left alone
    assert [vars(block) for block in content.blocks(pieces)] == [
        {"name": "turn", "label": "user", "start": 1, "end": 6, "depth": 0, "closed": True},
        {"name": "thought", "label": "thought", "start": 3, "end": 5, "depth": 1, "closed": False},
        {"name": "turn", "label": "model", "start": 7, "end": 9, "depth": 0, "closed": False},
    ]
    assert content.inside(content.blocks(pieces), 4) == "user > thought"


def test_the_model_measures_its_surprise(reader):
    strip = TokenStrip(reader, [5, 6, 900], surprisal=True)
    values = strip.strip.scores["surprisal"].values
    rest = np.log(np.exp(3.0) + reader.config.vocab_size - 1)
    np.testing.assert_allclose(values, [np.nan, rest - 3, rest], rtol=1e-6)
    assert strip.strip.scores["surprisal"].unit == "nats"
    assert strip.strip.scores["surprisal"].chance == np.log(reader.config.vocab_size)


def test_scores_travel_exactly(reader):
    tokens = len(TokenStrip(reader, TEXT).ids)
    values = np.random.default_rng(0).normal(size=tokens)
    values[2] = np.nan
    strip = TokenStrip(reader, TEXT, scores={"effect": Score(values, "nats", 0.5), "place": range(tokens)})
    html = strip.static()
    np.testing.assert_array_equal(arrays_of(html)["score.0"], values)
    np.testing.assert_array_equal(arrays_of(html)["score.1"], np.arange(tokens))
    assert header_of(html)["scores"][0] == {"name": "effect", "unit": "nats", "chance": 0.5}
    lines = list(csv.DictReader(io.StringIO(strip.to_csv())))
    assert [line["effect"] for line in lines] == ["" if np.isnan(value) else repr(float(value)) for value in values]
    assert [line["text"] for line in lines] == [piece.text for piece in strip.strip.pieces]
    assert [bytes.fromhex(line["bytes"]) for line in lines] == [piece.bytes for piece in strip.strip.pieces]


def test_the_page_gets_the_tokens_back(reader):
    strip = TokenStrip(reader, MESSAGES)
    header, arrays = strip.content(live=False)
    assert arrays["id"].tolist() == strip.ids
    texts = [header["texts"][place] for place in arrays["piece"]]
    assert texts == [piece.text for piece in strip.strip.pieces]
    ends = arrays["byte_end"].tolist()
    raw = [arrays["bytes"][start:end].tobytes() for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    assert raw == [piece.bytes for piece in strip.strip.pieces]
    assert [header["kinds"][kind] for kind in arrays["kind"]] == [piece.kind for piece in strip.strip.pieces]


@pytest.mark.parametrize(
    "values, words",
    [([1.0], "shape"), (["a"] * 3, "holds"), ([0, np.inf, 0], "infinity"), ([[1, 2, 3]], "shape")],
)
def test_scores_that_do_not_fit_are_refused(reader, values, words):
    with pytest.raises(InputError, match=words):
        TokenStrip(reader, [5, 6, 7], scores={"mine": values})


@pytest.mark.parametrize("wrong", ["", None, [[1, 2], [3, 4]], 3.5, [10**9]])
def test_what_cannot_be_read_is_refused(reader, wrong):
    with pytest.raises(InputError):
        TokenStrip(reader, wrong)


def test_another_text_takes_the_given_scores_away_and_measures_anew(reader):
    strip = TokenStrip(reader, TEXT, surprisal=True, scores={"mine": np.zeros(len(TokenStrip(reader, TEXT).ids))})
    first = strip.selection().key
    strip.handle({"kind": "run", "prompt": "It rolls"})
    assert list(strip.strip.scores) == ["surprisal"] and len(strip.strip.scores["surprisal"].values) == len(strip.ids)
    assert strip.prompt == "It rolls" and strip.selection().key != first
    with pytest.raises(InputError, match="nothing to read"):
        strip.handle({"kind": "run", "prompt": ""})
    assert strip.prompt == "It rolls"


def test_a_trace_is_shown_as_recorded_and_shares_its_selection():
    trace = make_trace()
    strip = TokenStrip(trace)
    assert [piece.text for piece in strip.strip.pieces] == [token.text for token in trace.tokens]
    assert strip.selection() is selection_of(trace)
    with pytest.raises(InputError, match="recorded trace"):
        strip.run("another")
    with pytest.raises(InputError, match="cannot be read again"):
        TokenStrip(trace, surprisal=True)


def test_bytes_and_unknown_ids_of_a_trace():
    trace = Trace(tokens=(Token(5, "#5"), Token(6, "<0xE2>"), Token(7, "\u00e9")), model={"name": "m"}, sites={})
    kinds = [(piece.kind, piece.bytes) for piece in content.pieces_of_trace(trace)]
    assert kinds == [("unknown", b""), ("byte", b"\xe2"), ("text", b"\xc3\xa9")]


def test_the_longest_text_stays_under_two_megabytes(reader):
    strip = TokenStrip(reader, "The red ball is in the box. " * (LONGEST // 28))
    assert len(strip.static()) < 2_000_000
    with pytest.raises(InputError, match="100,800 characters"):
        TokenStrip(reader, "The red ball is in the box. " * 3_600)


def test_a_text_stays_text(reader):
    hostile_page(lambda text: TokenStrip(reader, text))
    assert HOSTILE in TokenStrip(reader, HOSTILE).prompt


def test_the_sentence_and_the_picture(reader):
    from PIL import Image

    strip = TokenStrip(reader, MESSAGES, surprisal=True)
    assert "Turns: system, user, model" in strip.sentence() and "chance:" in strip.sentence()
    assert Image.open(io.BytesIO(strip.to_png())).width == 900
    diverging = TokenStrip(reader, [5, 6, 7], scores={"change": [-1.0, 0.0, np.nan]})
    assert len(Image.open(io.BytesIO(diverging.to_png())).getcolors(10_000)) > 8
