"""A lesson: its file, what is asked about it, and the conversation that a model reads."""

import json

import numpy as np
import pytest

from g4lab.course import lesson
from g4lab.errors import InputError
from g4lab.places import datasets

ASKED = json.loads((datasets() / "lessons" / "lessons.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ASKED)
def test_every_file_has_its_question_and_its_answer(name):
    found = lesson(name)
    assert found.path.is_file() and found.path.name == name
    assert (found.question, found.answer) == (ASKED[name]["question"], ASKED[name]["answer"])


@pytest.mark.parametrize(
    ("name", "kind"), [("shapes.png", "image"), ("moving.gif", "video"), ("one-digit.wav", "audio")]
)
def test_its_question_is_about_the_file_or_about_another_medium(name, kind):
    found = lesson(name)
    (message,) = found.messages()
    assert message["role"] == "user" and message["content"][1] == {"type": "text", "text": found.question}
    assert message["content"][0] == {"type": kind, kind: found.path}
    other = np.zeros((2, 2, 3), np.uint8)
    assert found.messages(other)[0]["content"][0][kind] is other


def test_a_model_reads_it():
    from tests.models import seeing

    model = seeing.lab()
    trace = model.trace(lesson("shapes.png").messages(), sites=())
    assert sum(token.kind == "image" for token in trace.tokens) == model.config.vision.budget
    quiet = np.zeros(16_000, np.float32), 16_000
    trace = model.trace(lesson("one-digit.wav").messages(quiet), sites=())
    assert sum(token.kind == "audio" for token in trace.tokens) == 25
    film = [np.zeros((96, 96, 3), np.uint8)] * 3, 2.0
    trace = model.trace(lesson("moving.gif").messages(film), sites=())
    assert sum(token.kind == "video" for token in trace.tokens) == 3 * model.config.vision.frame_budget


def test_a_name_that_there_is_not():
    with pytest.raises(InputError, match="did you mean shapes.png"):
        lesson("shape.png")
    with pytest.raises(InputError, match="the files are shapes.png"):
        lesson("a photo of my cat")
