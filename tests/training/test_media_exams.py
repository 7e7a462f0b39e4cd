"""The exams of seeing and hearing count what they say they count."""

import pytest

from g4lab.training import media_exams
from g4lab.training.media_exams import edits, share_right, word_errors


class Knowing:
    """A model that is told the answers, and gives each third one wrong."""

    def __init__(self, wrong):
        self.asked, self.wrong = 0, wrong

    def generate(self, messages, **_):
        record = self.records[self.asked]
        self.asked += 1
        return f" {self.wrong(record.answer)}\n" if self.asked % 3 == 0 else f"{record.answer}"


@pytest.fixture
def knowing(monkeypatch):
    def make(wrong):
        model, world = Knowing(wrong), media_exams.tiny_world()
        model.records, seen = [], world.seen

        def remember(*arguments):
            model.records.append(seen(*arguments))
            return model.records[-1]

        monkeypatch.setattr(world, "seen", remember)
        return model

    return make


@pytest.mark.parametrize("kind", ["number", "motion"])
def test_the_share_of_right_answers(knowing, kind):
    assert share_right(knowing(lambda answer: answer + "x"), kind, 9) == pytest.approx(6 / 9)


def test_word_errors(knowing):
    model = knowing(lambda answer: f"{answer} 7")  # one digit too many, three times
    found = word_errors(model, 9)
    assert found == pytest.approx(3 / sum(len(record.answer.split()) for record in model.records))


def test_questions_are_held_out(knowing):
    model = knowing(str)
    share_right(model, "number", 3)
    world = media_exams.tiny_world()
    assert all(world.is_held_out(("number", record.answer)) for record in model.records)


@pytest.mark.parametrize(
    ("wanted", "said", "count"),
    [
        ("1 2 3", "1 2 3", 0),
        ("1 2 3", "1 3", 1),
        ("1 2 3", "1 4 3", 1),
        ("1 2 3", "0 1 2 3", 1),
        ("1 2 3", "", 3),
        ("", "5 5", 2),
        ("1 2 3 4", "2 3 4 1", 2),
    ],
)
def test_edits(wanted, said, count):
    assert edits(wanted.split(), said.split()) == count
