"""Generated pictures and clips: the same everywhere, split by content, not to be guessed, true in what they ask."""

import hashlib
import importlib
import json
import subprocess
import sys
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from g4lab import text
from g4lab.media import read_image, read_video
from g4lab.places import datasets
from g4lab.text import encode_chat
from g4lab.training.corpus import tiny_world
from tests.datasets import eyes

world = tiny_world()
charts, palette, printed, scenes = (
    importlib.import_module(f"tiny_world.{name}") for name in ("charts", "palette", "printed", "scenes")
)
DRAWN = [kind for kind in world.KINDS if kind != "speech"]
CHECKSUM = "25ca716eeaac1a94d759c6d0163b2a3a36d8c74491376c72abc6207224d75aaf"
# Mean of all values of the first 20 pictures (or clips) of a kind.
MEANS = {
    "colour": 160.96,
    "shape": 150.78,
    "place": 126.18,
    "count": 106.96,
    "caption": 126.11,
    "number": 135.40,
    "bar": 133.68,
    "motion": 140.49,
}


def some(kind, count=60, split="train", seed=0):
    return list(islice(world.stream(kind, seed, split), count))


def views(record):
    return list(record.pictures) if record.frames is None else list(record.frames)


def told(record):
    """A question with all numbers of its picture, to six digits."""

    def rounded(value):
        if isinstance(value, dict):
            return {key: rounded(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [rounded(item) for item in value]
        return float(f"{value:.6g}") if isinstance(value, float | np.floating) else value

    return json.dumps([record.kind, record.question, record.answer, rounded(record.about)], default=int)


def digest():
    """SHA-256 of what is in the first 20 of every kind and split."""
    found = hashlib.sha256()
    for kind in DRAWN:
        for split in ("train", "held-out"):
            for record in some(kind, 20, split):
                found.update(told(record).encode())
    return found.hexdigest()


def test_checksum():
    assert digest() == CHECKSUM
    assert CHECKSUM in (datasets() / "tiny_world" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", DRAWN)
def test_pictures_are_those_of_every_machine(kind):
    mean = np.mean([view.mean() for record in some(kind, 20) for view in views(record)])
    assert mean == pytest.approx(MEANS[kind], abs=0.05)


def test_another_process_draws_the_same_pixels():
    code = (
        "import hashlib; from g4lab.training.corpus import tiny_world as w; found = hashlib.sha256()\n"
        "for kind in w().KINDS[:-1]:\n"
        "    record = w().seen(kind, 4, 9)\n"
        "    [found.update(view.tobytes()) for view in (*record.pictures, record.frames) if view is not None]\n"
        "print(found.hexdigest())"
    )
    here = hashlib.sha256()
    for kind in DRAWN:
        record = world.seen(kind, 4, 9)
        for view in (*record.pictures, record.frames):
            if view is not None:
                here.update(view.tobytes())
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == here.hexdigest()


@pytest.mark.parametrize("kind", DRAWN)
def test_one_alone_equals_the_same_one_in_a_stream(kind):
    (last,) = islice(world.stream(kind, 3, start=11), 1)
    alone = world.seen(kind, 3, 11)
    assert told(alone) == told(last)
    assert all(np.array_equal(a, b) for a, b in zip(views(alone), views(last), strict=True))
    assert told(world.seen(kind, 4, 11)) != told(alone)


def key(record):
    """What decides the split of a question, from what is drawn."""
    about = record.about
    if record.kind == "number":
        return about["number"]
    if record.kind == "bar":
        labels = tuple(bar["label"] for bar in about["bars"])
        return about["asked"], record.answer, labels
    things = tuple(sorted((one["shape"], one["colour"]) for one in about["things"]))
    if record.kind == "motion":
        moving = about["things"][0]["shape"]
        return record.answer, len(record.frames), moving, things
    return things


@pytest.mark.parametrize("kind", DRAWN)
def test_splits_share_no_key(kind):
    train = {key(record) for record in some(kind, 400, seed=1)}
    held_out = {key(record) for record in some(kind, 80, "held-out", seed=2)}
    assert len(held_out) > 20 and not train & held_out


def test_a_tenth_of_the_numbers_is_held_out():
    held_out = {f"{number:03d}" for number in range(1000) if world.is_held_out(("number", f"{number:03d}"))}
    assert 80 <= len(held_out) <= 120
    assert {record.answer for record in some("number", 60, "held-out")} <= held_out


def asked_for(record):
    """What a question says about its picture, besides its wording."""
    words = record.question.lower().replace("?", "").replace(":", "").replace(".", "").replace(",", "").split()
    if record.kind == "place":
        return words[words.index("or") - 1]  # the choice that is named first
    if record.kind == "bar":
        return next(word for word in words if word in ("tallest", "shortest"))
    known = (*eyes.NAMED, *eyes.GAPS.values())
    return next((word for word in words if word in known), "")


@pytest.mark.parametrize(
    ("kind", "choices"), {"colour": 9, "shape": 6, "place": 2, "count": 5, "motion": 4, "bar": 10}.items()
)
def test_the_question_does_not_tell_the_answer(kind, choices):
    """The best guess for each thing that is asked for is right about as often as one in so many."""
    records = some(kind, 600)
    if kind == "bar":
        records = [record for record in records if record.about["named"] == "letter"]
    answers = {}
    for record in records:
        answers.setdefault(asked_for(record), Counter())[record.answer] += 1
    right = sum(counts.most_common(1)[0][1] for counts in answers.values()) / len(records)
    assert right < 1 / choices + 0.09


def test_the_first_frame_alone_tells_little_of_the_direction():
    """A shape that goes right tends to begin on the left; guessing from that is right about half of the time."""
    right = []
    for record in some("motion", 400):
        (height, width), one = record.about["size"], record.about["things"][0]
        dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[record.answer]
        x = (one["x"] - dx * record.about["far"] / 2) / width - 0.5
        y = (one["y"] - dy * record.about["far"] / 2) / height - 0.5
        guess = ("left" if x > 0 else "right") if abs(x) > abs(y) else ("up" if y > 0 else "down")
        right.append(guess == record.answer)
    assert 0.25 < np.mean(right) < 0.6


@pytest.mark.parametrize("kind", ["colour", "shape", "place", "caption", "count"])
def test_things_are_drawn_as_they_are_described(kind):
    for record in some(kind, 60):
        (picture,) = record.pictures
        for one in record.about["things"]:
            x, y = eyes.middle(eyes.around(picture, one))
            assert np.hypot(x - one["x"], y - one["y"]) < 2
            assert eyes.colour(picture, one) == one["colour"]
            if one["radius"] >= 24:
                assert eyes.shape(picture, one) == one["shape"]


def test_nothing_touches_another_or_an_edge():
    for record in some("count", 100):
        height, width = record.about["size"]
        things = record.about["things"]
        for place, one in enumerate(things):
            assert one["radius"] < min(one["x"], one["y"], width - one["x"], height - one["y"])
            for other in things[:place]:
                assert np.hypot(one["x"] - other["x"], one["y"] - other["y"]) > one["radius"] + other["radius"]


def test_colour_and_shape_are_those_of_the_one_thing_that_is_named():
    for record in some("colour", 80, "held-out"):
        (picture,) = record.pictures
        (one,) = [one for one in record.about["things"] if one["shape"] in record.question]
        assert eyes.colour(picture, one) == record.answer
    for record in some("shape", 80, "held-out"):
        (picture,) = record.pictures
        (one,) = [one for one in record.about["things"] if one["colour"] in record.question]
        assert one["radius"] < 24 or eyes.shape(picture, one) == record.answer


def test_place_is_clear_and_right():
    for record in some("place", 150, "held-out"):
        (picture,) = record.pictures
        asked = record.question.lower()
        named = [one for one in record.about["things"] if f"{one['shape']}" in asked]
        named.sort(key=lambda one: asked.index(one["shape"]))
        (x, y), (other_x, other_y) = (eyes.middle(eyes.around(picture, one)) for one in named)
        along = x - other_x if "left" in asked else y - other_y
        assert abs(along) > 0.15 * np.sqrt(picture.shape[0] * picture.shape[1])
        names = ("left", "right") if "left" in asked else ("above", "below")
        assert record.answer == names[int(along > 0)]


def test_counts_are_the_number_of_things():
    for record in some("count", 60):
        assert all(eyes.around(record.pictures[0], one).any() for one in record.about["things"])
        assert record.answer == str(len(record.about["things"]))


def test_captions_say_what_the_pixels_show():
    for record in some("caption", 80):
        (picture,) = record.pictures
        seen = {eyes.colour(picture, one): eyes.middle(eyes.around(picture, one)) for one in record.about["things"]}
        shapes = {one["colour"]: one["shape"] for one in record.about["things"]}
        words = record.answer.split()
        (first, first_shape), (second, second_shape) = words[1:3], words[-2:]
        assert (shapes[first], shapes[second]) == (first_shape, second_shape)
        (x, y), (other_x, other_y) = seen[first], seen[second]
        relation = " ".join(words[3:-3])
        assert relation == ("left of" if other_x - x > other_y - y else "above")


def test_the_printed_number_is_the_answer():
    rng = np.random.default_rng(0)
    for record in some("number", 60, "held-out"):
        about = record.about
        left, top, right, bottom = about["box"]
        ink = eyes.near(record.pictures[0], about["ink"], 60)[top:bottom, left:right]

        def drawn(number, about=about):
            mask = printed.ink_of(number, about["face"], about["height"], about["turn"], about["slant"])
            return np.asarray(mask) > 127

        others = [f"{number:03d}" for number in rng.integers(1000, size=5) if f"{number:03d}" != record.answer]
        mine = eyes.overlap(ink, drawn(record.answer))
        assert mine > 0.8 and mine > max(eyes.overlap(ink, drawn(other)) for other in others)


def test_bars_are_as_high_as_described_and_the_answer_leads():
    for record in some("bar", 150, "held-out"):
        (picture,) = record.pictures
        bars = record.about["bars"]
        heights = [eyes.height(picture, bar) for bar in bars]
        assert [bar["bottom"] - bar["top"] for bar in bars] == heights
        best = np.argsort(heights)[:: -1 if record.about["asked"] == "tallest" else 1]
        assert record.answer == bars[best[0]]["label"]
        assert abs(heights[best[0]] - heights[best[1]]) >= 0.08 * picture.shape[0]
        if record.about["named"] == "colour":
            top = bars[best[0]]
            patch = picture[top["top"] + 2 : top["bottom"] - 2, top["left"] + 2 : top["right"] - 2]
            assert eyes.called(patch.reshape(-1, 3)) == record.answer


def test_the_letter_below_a_bar_is_its_label():
    letters = {}
    for record in some("bar", 80):
        if record.about["named"] == "colour":
            continue
        (picture,) = record.pictures
        tall = round(0.105 * np.sqrt(picture.shape[0] * picture.shape[1]), 6)
        for letter in charts.LETTERS:
            letters.setdefault((letter, tall), np.asarray(printed.ink_of(letter, "bold", tall)) > 127)
        for bar in record.about["bars"]:
            reach = round(tall)
            x = (bar["left"] + bar["right"]) // 2
            below = eyes.near(picture, record.about["ink"], 60)[bar["bottom"] + 4 :, x - reach : x + reach]
            found = {letter: eyes.overlap(eyes.cut(below), letters[letter, tall]) for letter in charts.LETTERS}
            assert max(found, key=found.get) == bar["label"]


def test_the_named_shape_moves_and_the_other_keeps_still():
    for record in some("motion", 80, "held-out"):
        mover, *still = record.about["things"]
        assert mover["shape"] in record.question
        steps = len(record.frames)
        places = []
        for place, frame in enumerate(record.frames):
            along = record.about["far"] * (place / (steps - 1) - 0.5)
            shift = {"left": (-along, 0), "right": (along, 0), "up": (0, -along), "down": (0, along)}[record.answer]
            places.append(eyes.middle(eyes.around(frame, mover, shift)))
            for one in still:
                x, y = eyes.middle(eyes.around(frame, one))
                assert np.hypot(x - one["x"], y - one["y"]) < 2
        (x0, y0), (x1, y1) = places[0], places[-1]
        dx, dy = x1 - x0, y1 - y0
        way = ("right" if dx > 0 else "left") if abs(dx) > abs(dy) else ("down" if dy > 0 else "up")
        assert way == record.answer and max(abs(dx), abs(dy)) > 8 * min(abs(dx), abs(dy))
        assert max(abs(dx), abs(dy)) == pytest.approx(record.about["far"], abs=2)


def test_backgrounds_stand_apart_from_every_colour_on_them():
    rng = np.random.default_rng(0)
    for _ in range(60):
        shades = [palette.shade(rng, colour) for colour in palette.COLOURS]
        chosen = [shades[place] for place in rng.permutation(9)[:5]]
        ground = palette.ground(rng, chosen, ink=shades[7])
        assert min(palette.distance(ground, shade) for shade in chosen) >= palette.APART
    assert palette.distance((0, 0, 0), (255, 255, 255)) == pytest.approx(100, abs=0.1)
    assert palette.distance((255, 0, 0), (0, 0, 255)) == pytest.approx(176.3, abs=0.3)  # a value often published


def test_pictures_take_few_tokens_and_mostly_keep_their_size():
    sizes = Counter()
    for record in some("colour", 200):
        read = read_image(record.pictures[0], 25)
        assert 16 <= read.soft_tokens <= 25
        sizes[read.size == read.original_size] += 1
    assert sizes[True] > 0.85 * 200
    for record in some("motion", 40):
        film = read_video(record.frames, record.fps, budget=9)
        assert film.soft_tokens in (8, 9) and len(film.frames) == len(record.frames)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_written_question_is_what_g4lab_renders(kind):
    for record in some(kind, 5):
        document = world.written(record)
        rendered = text.render(world.messages(record, answered=True), add_generation_prompt=False, size="tiny-e")
        assert "<bos>" + document.text == rendered
        (start, end), *rest = document.answers
        assert document.text[start:end] == record.answer and [document.text[s:e] for s, e in rest] == ["<turn|>"]


def test_questions_fit_a_row_and_become_as_many_tokens_as_their_media():
    tokenizer = text.Tokenizer.from_directory("g4lab/checkpoints/embedded/tiny-e")
    for kind in DRAWN:
        for record in some(kind, 12):
            media = [read_image(picture, 25) for picture in record.pictures]
            if record.frames is not None:
                media.append(read_video(record.frames, record.fps, budget=9))
            ids = encode_chat(tokenizer, world.messages(record, answered=True), size="tiny-e", media=media)
            places = sum(tokenizer.kind(id) in ("image", "video") for id in ids)
            assert places == sum(m.soft_tokens * (len(m.frames) if m.kind == "video" else 1) for m in media)
            assert len(ids) < 256


def test_wrong_arguments_name_the_choices():
    with pytest.raises(ValueError, match="caption"):
        world.seen("smell", 0, 0)
    with pytest.raises(ValueError, match="held-out"):
        world.seen("colour", 0, 0, split="test")
