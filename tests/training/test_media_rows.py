"""Rows about media: what stands in them, what counts, and that the step alone decides."""

from dataclasses import replace

import numpy as np
import pytest

import g4lab
from g4lab.training import media_rows
from g4lab.training.media_rows import MediaRows
from g4lab.training.recipe import MediaShape, Phase
from g4lab.training.recipes import recipe

KINDS = {"pictures": ("colour", "bar"), "films": ("motion",), "sounds": ("speech",)}
PLAN = replace(
    recipe("tiny-e"),
    media=MediaShape(rows=3),
    phases=(
        Phase(
            0,
            {"recall": 1.0},
            media={"pictures": 0.5, "films": 0.25},
            senses={sense: dict.fromkeys(kinds, 1 / len(kinds)) for sense, kinds in KINDS.items()},
        ),
    ),
)


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media_rows, "SPOKEN", {"train": 6, "held-out": 4})
        yield MediaRows(PLAN, g4lab.load("tiny-e").tokenizer, 0, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module", params=KINDS)
def batch(rows, request):
    return request.param, rows.training(request.param, 5)


def test_every_row_has_places_for_its_medium(batch):
    sense, found = batch
    config = PLAN.config
    id = {"pictures": config.image_id, "films": config.video_id, "sounds": config.audio_id}[sense]
    places = found.places[found.inputs["tokens"] == id]
    assert len(places) and len(set(places)) == len(places) and places.min() >= 0
    assert (found.places[found.inputs["tokens"] != id] == -1).all()
    (medium,) = found.media
    assert medium == {"pictures": "image", "films": "video", "sounds": "audio"}[sense]


def test_answers_count_most_and_media_nothing(batch):
    _, found = batch
    tokenizer = g4lab.load("tiny-e").tokenizer
    for tokens, weights in zip(found.tokens, found.weights, strict=True):
        said = tokenizer.decode(tokens[1:][weights >= 3].tolist())
        text = tokenizer.decode([id for id in tokens.tolist() if id], control=True)
        turns = [turn.split("<turn|>")[0] for turn in text.split("<|turn>model\n")[1:]]
        assert turns and all(turn.strip() for turn in turns)
        assert said.replace("<turn|>", "").replace("\n", "") == "".join(turns).replace("\n", "")
        assert said.count("<turn|>") == len(turns)  # that it ends is part of an answer
        slots = np.isin(tokens[1:], [PLAN.config.image_id, PLAN.config.video_id, PLAN.config.audio_id])
        assert (weights[slots] == 0).all() and (weights[tokens[1:] == 0] == 0).all()


def test_a_picture_is_asked_about_more_than_once(rows):
    found = rows.training("pictures", 1)
    opening = g4lab.load("tiny-e").tokenizer.control_id("<|turn>")
    assert (found.tokens == opening).sum(axis=1).max() > 2


def test_the_step_alone_decides(rows):
    one, again, other = rows.training("sounds", 2), rows.training("sounds", 2), rows.training("sounds", 3)
    np.testing.assert_array_equal(one.media["audio"]["mel"], again.media["audio"]["mel"])
    np.testing.assert_array_equal(one.tokens, again.tokens)
    assert not np.array_equal(one.media["audio"]["mel"], other.media["audio"]["mel"])


@pytest.mark.parametrize("kind", [kind for kinds in KINDS.values() for kind in kinds])
def test_held_out_rows_have_the_shapes_of_training_rows(rows, kind):
    sense = next(sense for sense, kinds in KINDS.items() if kind in kinds)
    trained, held_out = rows.training(sense, 0), rows.held_out(kind, 3)
    for name, arrays in trained.media.items():
        for part, array in arrays.items():
            assert held_out.media[name][part].shape == array.shape
    assert held_out.tokens.shape == trained.tokens.shape
    assert not np.array_equal(held_out.tokens, trained.tokens)


def test_steps_are_shared_out():
    drawn = [PLAN.sense(step, 0) for step in range(2000)]
    shares = {sense: drawn.count(sense) / 2000 for sense in (*KINDS, None)}
    assert shares["sounds"] == 0
    assert shares["pictures"] == pytest.approx(0.5, abs=0.05)
    assert shares["films"] == pytest.approx(0.25, abs=0.05)
