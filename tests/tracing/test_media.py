"""Parts, boxes, rows and shares of a trace with media, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import media
from g4lab.tracing.media import Part, Share
from g4lab.tracing.trace import Segment, Token, Trace
from tests.tracing.traces import describe

SIDE = 48
# bos, a picture of 2 x 3, a word, two frames of 1 x 2, a sound of 3, two words
WORDS = [
    "<bos>",
    *["<|image|>"] * 6,
    " a",
    *["<|video|>"] * 2,
    " b",
    *["<|video|>"] * 2,
    *["<|audio|>"] * 3,
    " c",
    " d",
]
KINDS = {"<|image|>": "image", "<|video|>": "video", "<|audio|>": "audio", "<bos>": "control"}
SEGMENTS = (
    Segment("user", 0, 18),
    Segment("image", 1, 7),
    Segment("video", 8, 10),
    Segment("video", 11, 13),
    Segment("audio", 13, 16),
)


def seen(window: int = 4, **sites) -> Trace:
    """Every query and key is 0, so that attention is uniform over what is visible."""
    length = len(WORDS)
    zeros = {f"layers.{i}.attention.q": np.zeros((length, 4, 6), np.float32) for i in range(2)}
    zeros |= {f"layers.{i}.attention.k": np.zeros((length, 2, 6), np.float32) for i in range(2)}
    arrays = {
        "image.0.pixels": np.arange(2 * SIDE * 3 * SIDE * 3).reshape(2 * SIDE, 3 * SIDE, 3).astype(np.uint8),
        "video.0.pixels": np.stack([np.full((SIDE, 2 * SIDE, 3), i, np.uint8) for i in (10, 20)]),
        "video.0.seconds": np.array([0.0, 1.5]),
        "audio.0.waveform": np.zeros(1920, np.float32),
        "audio.0.mel": np.zeros((12, 128), np.float32),
        "next.logits": np.zeros(9, np.float32),
    }
    return Trace(
        tokens=tuple(Token(i, word, KINDS.get(word, "text")) for i, word in enumerate(WORDS)),
        model=describe(2, 0, 0, window=window) | {"soft_token_pixels": SIDE},
        sites={**zeros, **arrays, **sites},
        segments=SEGMENTS,
    )


def test_parts_by_hand():
    assert media.parts(seen()) == [
        Part("image", 0, None, 1, 7, (2, 3)),
        Part("video", 0, 0, 8, 10, (1, 2), 0.0),
        Part("video", 0, 1, 11, 13, (1, 2), 1.5),
        Part("audio", 0, None, 13, 16, (1, 3)),
    ]
    names = [part.name for part in media.parts(seen())]
    assert names == ["picture 0", "film 0, frame 0 at 0.00 s", "film 0, frame 1 at 1.50 s", "sound 0"]
    assert media.soft_positions(seen()).tolist() == [1, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 14, 15]
    assert (
        media.parts(replace(seen(), segments=())) == [] == media.soft_positions(replace(seen(), segments=())).tolist()
    )


def test_tokens_by_modality_add_up():
    assert media.budget(seen()) == {"text": 5, "image": 6, "video": 4, "audio": 3}


def test_a_frame_has_its_own_pixels():
    trace = seen()
    found = media.parts(trace)
    assert media.pixels_of(trace, found[0]).shape == (96, 144, 3)
    assert media.pixels_of(trace, found[2]).tolist() == np.full((48, 96, 3), 20).tolist()


def test_tokens_that_no_longer_fit_their_picture_are_refused():
    with pytest.raises(InputError, match="3 x 3, and has 6"):
        media.parts(seen(**{"image.0.pixels": np.zeros((144, 144, 3), np.uint8)}))
    without = replace(seen(), sites={k: v for k, v in seen().sites.items() if k != "audio.0.waveform"})
    with pytest.raises(InputError, match="audio.0.waveform"):
        media.parts(without)


def test_boxes_and_what_they_cover():
    picture = media.parts(seen())[0]
    assert picture.box(0, SIDE) == (0, 0, 48, 48) and picture.box(5, SIDE) == (96, 48, 144, 96)
    assert picture.inside((0, 0, 48, 48), SIDE) == [0], "a box that ends at an edge does not reach over it"
    assert picture.inside((47, 47, 49, 49), SIDE) == [0, 1, 3, 4]
    assert media.overlap((0, 0, 10, 10), (5, 8, 20, 20)) == 10 and media.overlap((0, 0, 1, 1), (1, 0, 2, 1)) == 0


def test_a_uniform_row_has_a_ratio_of_one_and_a_window_may_be_past_the_picture():
    trace = seen(window=4)
    picture, _, _, sound = media.parts(trace)
    last = len(trace) - 1
    row = media.row_of(trace, 1, last)
    assert row.shape == (4, 18) and row[0] == pytest.approx(np.full(18, 1 / 18))
    found = media.share(trace, 1, last, picture, row[0])
    assert found == pytest.approx(Share(6 / 18, 6 / 18, 6)) and found.ratio == pytest.approx(1)
    row = media.row_of(trace, 0, last)
    assert row[2].tolist() == [0] * 14 + [0.25] * 4
    gone = media.share(trace, 0, last, picture, row[0])
    assert gone == Share(0, 0, 0) and np.isnan(gone.ratio)
    part_of_it = media.share(trace, 0, last, sound, row[0])
    assert part_of_it == pytest.approx(Share(0.5, 0.5, 2)), "positions 14 and 15 of the sound are in the window"


def test_a_ratio_by_hand():
    trace = seen()
    row = np.zeros(18)
    row[[2, 5, 17]] = 0.5, 0.25, 0.25
    picture = media.parts(trace)[0]
    assert media.share(trace, 1, 17, picture, row).ratio == pytest.approx(0.75 / (6 / 18))
    assert media.most_read(row, picture, 3) == [1, 4, 0], "of equals the earlier ones"
