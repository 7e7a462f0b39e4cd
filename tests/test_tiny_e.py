"""The trained tiny-e: what it knows from far away goes through its global layers, and through nothing else."""

import numpy as np
import pytest

import g4lab
from g4lab.training import exams

QUESTIONS = 20


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
