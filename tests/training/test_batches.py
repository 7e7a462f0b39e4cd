"""Rows of tokens: a function of seed and step, weighted by what can be predicted."""

import numpy as np
import pytest

from g4lab.training.batches import Batches
from g4lab.training.corpus import tiny_world
from g4lab.training.run import tokenizer_of
from tests.training.micro import MICRO


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    return Batches(MICRO, tokenizer_of(MICRO, tmp_path_factory.mktemp("run")), seed=3)


def test_the_same_step_gives_the_same_rows(batches):
    first, again, other = batches.training(5), batches.training(5), batches.training(4)
    assert np.array_equal(first.tokens, again.tokens) and first.domains == again.domains
    assert not np.array_equal(first.tokens, other.tokens)


def test_shapes_and_range(batches):
    batch = batches.training(0)
    assert batch.tokens.shape == (2, 49) and batch.weights.shape == (2, 48)
    assert batch.tokens.min() >= 0 and batch.tokens.max() < MICRO.config.vocab_size
    assert np.array_equal(batch.inputs[:, 1:], batch.targets[:, :-1])


def test_a_phase_changes_the_domains(batches):
    assert set(batches.training(6).domains) == {"pairs"}
    assert {domain for step in range(6) for domain in batches.training(step).domains} == {"arithmetic", "recall"}


def test_weights_follow_the_spans_of_the_document(batches):
    document = next(d for d in tiny_world().documents("arithmetic", 0, 50) if d.kind == "bare")
    ids, weights = batches.encode(document)
    pieces = [batches.tokenizer.id_to_token(id) for id in ids]
    equals = pieces.index("=")
    assert weights[equals] == 1.0  # prose
    assert weights[equals + 1] == pytest.approx(tiny_world().ANSWER)
    assert weights[0] == pytest.approx(0.1)  # an operand: given


def test_training_and_held_out_rows_share_no_sum(batches):
    def sums(batch):
        text = "".join(batches.tokenizer.decode(row.tolist(), skip_special_tokens=False) for row in batch.tokens)
        return {line.split("=")[0].strip() for line in text.replace("<bos>", "\n").split("\n") if "=" in line[:6]}

    held_out = sums(batches.held_out("arithmetic", 40))
    train = set().union(*(sums(batches.training(step)) for step in range(6)))
    assert held_out and train and not held_out & train
