"""The trained tiny-e: what it knows from far away goes through its global layers, and through nothing else."""

import json
from dataclasses import replace

import numpy as np
import pytest

import g4lab
from g4lab import course
from g4lab.places import datasets
from g4lab.training import exams, media_exams
from g4lab.training.corpus import tiny_world

QUESTIONS = 20
MISSED = {"two-shapes.png", "five-shapes.png"}
"""Lessons that it gets wrong: one of the places, and the count of five."""
LESSONS = json.loads((datasets() / "lessons" / "lessons.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lab():
    return g4lab.load("tiny-e")


@pytest.fixture(scope="module")
def far(lab):
    """Facts in sentences, asked for from beyond what one local window sees."""
    return exams.recalls("note", QUESTIONS, lab.config.window, lab.tokenizer)


def cut(lab, kind: str) -> dict:
    """Edits that take away what the heads of one kind of layer read."""
    layers = [layer for layer, its in enumerate(lab.config.kinds) if its == kind]
    return {f"layers.{layer}.attention.heads": lambda x: x * 0 for layer in layers}


@pytest.mark.slow
def test_cutting_the_global_layers_breaks_recall_from_beyond_the_window(lab, far):
    assert exams.ask(lab, far, 12) >= 0.9
    with lab.edit(cut(lab, "global")):
        assert exams.ask(lab, far, 12) <= 0.4  # naming any of two to six facts is right about as often


def test_it_has_the_parts_of_e2b(lab):
    config = lab.config
    assert config.ple_dim and config.shared_layers and config.double_wide and not config.experts
    assert {layer.owner for layer in lab.plan if layer.borrows} == {1, 2}


def test_each_part_counts(lab):
    ids = [lab.tokenizer.bos_id, *lab.tokenizer.encode("Once there was a little dog called Hana.")]
    before = lab.logits(ids)
    for site in ("layers.*.attention.heads", "layers.*.ple.output", "embedding"):
        with lab.edit({site: lambda x: x * 0}):
            assert np.abs(lab.logits(ids) - before).max() > 0.1, site


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["colour", "place", "number", "bar", "motion"])
def test_it_sees_what_it_is_asked_about(lab, kind):
    assert media_exams.share_right(lab, kind, QUESTIONS) >= 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LESSONS.keys() - MISSED))
def test_it_answers_the_lessons_and_from_the_medium_alone(lab, name):
    lesson = course.lesson(name)
    assert lab.generate(lesson.messages(), max_new_tokens=24, temperature=0).strip() == lesson.answer


@pytest.mark.slow
def test_without_its_ink_a_number_is_not_read(lab):
    """The same questions about pictures of one colour: what is said does not come from the question."""
    world = tiny_world()
    right = 0
    for number in range(media_exams.FIRST, media_exams.FIRST + QUESTIONS):
        record = world.seen("number", 0, number, "held-out")
        blank = np.broadcast_to(record.pictures[0].mean((0, 1)).astype(np.uint8), record.pictures[0].shape)
        asked = world.messages(replace(record, pictures=(blank,)))
        right += lab.generate(asked, max_new_tokens=24, temperature=0).strip() == record.answer
    assert right <= 1
