"""The model card says what was reached and, as plainly, what was not."""

import json

from g4lab.training import state
from g4lab.training.card import write_card
from g4lab.training.evaluate import Score
from g4lab.training.export import LOG
from g4lab.training.recipes import recipe

SCORES = [
    Score("sums", 0.97, 0.95, "300 questions"),
    Score("recall", 0.4, 0.95),
    Score("stories", 0.5),
    Score("least load of an expert", 0.31, 0.25),
    Score("a strongest expert, times chance", 6.0, 2.0),
]


def card(tmp_path, name="tiny-moe", **options):
    state.describe(tmp_path, {"model": recipe(name).config.to_dict(), "seed": 0})
    (tmp_path / LOG).write_text('{"step": 1, "seconds": 1800}\n{"step": 2, "seconds": 1800}\n')
    write_card(tmp_path, tmp_path, recipe(name), SCORES, **options)
    return (tmp_path / "README.md").read_text()


def test_goals_are_marked_and_misses_are_named(tmp_path):
    text = card(tmp_path)
    assert "| sums | 97.0% | 95.0% reached | 300 questions |" in text
    assert "| recall | 40.0% | 95.0% **missed** |  |" in text
    assert "| stories | 50.0% |  |  |" in text
    assert "| least load of an expert | 0.31 | 0.25 reached |  |" in text
    assert "Goals not reached: recall.\n" in text and "in\n1.0 hours" in text
    assert "intermediate" not in text


def test_an_intermediate_checkpoint_says_so(tmp_path):
    assert "**An intermediate checkpoint**, after 2 of 6,400 steps" in card(tmp_path, steps_planned=6400)


def test_the_scores_are_kept_for_programs_too(tmp_path):
    card(tmp_path)
    record = json.loads((tmp_path / "scores.json").read_text())
    assert record["steps"] == 2 and [entry["met"] for entry in record["scores"]] == [True, False, True, True, True]


def test_it_tells_what_the_balance_loss_counted_and_when(tmp_path):
    text = " ".join(card(tmp_path).split())
    assert "the balance loss counts 0.02 from step 0, 0.08 from step 6,000, 0.03 from step 6,300." in text


def test_a_dense_model_has_no_experts_and_no_balance_loss(tmp_path):
    text = card(tmp_path, "tiny-e")
    assert "expert" not in text.split("## Scores")[0] and "balance" not in text
    assert "per-layer embeddings of 32" in text and "the last 4 layers borrow keys and values" in text
