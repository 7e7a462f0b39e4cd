"""Surprisal: what the whole table of scores would give, in blocks of positions, and in bounded memory."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from g4lab import lensing, runtime
from g4lab.errors import InputError
from g4lab.lab import Lab
from g4lab.models.lens import read_surprisal
from g4lab.models.sites import Edit, add
from tests.models.networks import DENSE, MIXTURE, SHARING, network, tokens

FAMILIES = {config.name: config for config in (DENSE, MIXTURE, SHARING)}
IDS = tokens(1, 14)[0].tolist()


@pytest.fixture(scope="module", params=FAMILIES)
def lab(request):
    return Lab(network(FAMILIES[request.param]))


def of_logits(logits, ids):
    """-log p by its definition, in float64."""
    exact = logits.astype(np.float64)
    log_p = (
        exact
        - np.log(np.exp(exact - exact.max(-1, keepdims=True)).sum(-1, keepdims=True))
        - exact.max(-1, keepdims=True)
    )
    return np.array([np.nan, *(-log_p[place, id] for place, id in enumerate(ids[1:]))])


def read(scores, goals):
    """`read_surprisal` of a network whose hidden rows are the scores themselves."""
    network = SimpleNamespace(compute_dtype="float32", embed=SimpleNamespace(logits=lambda x: x))
    (found,) = read_surprisal(network, np.asarray(scores, np.float32), np.asarray(goals, np.int32))
    return runtime.to_numpy(found)


def test_by_hand():
    scores = np.log([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3]])
    np.testing.assert_allclose(read(scores, [1, 2, 0]), [np.log(4), -np.log(0.7), np.log(3)], rtol=1e-6)


def test_a_model_that_knows_nothing_is_surprised_by_log_v():
    np.testing.assert_allclose(read(np.zeros((5, 11)), [1, 2, 3, 4, 5]), np.log(11), rtol=1e-6)


def test_no_digits_are_lost_where_the_model_is_nearly_certain_or_entirely_wrong():
    # log p = -log(1 + e^-40) would be 0 if it were taken from rounded probabilities
    np.testing.assert_allclose(read([[0, 40], [0, 40]], [1, 0]), [np.exp(-40), 40], rtol=1e-5)


def test_it_is_that_of_the_logits_block_by_block(lab, monkeypatch):
    whole = of_logits(lab.logits(IDS)[0], IDS)
    np.testing.assert_allclose(lab.surprisal(IDS), whole, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(lensing, "SCORES", 9 * lab.config.vocab_size)  # two blocks, the last one not full
    np.testing.assert_allclose(Lab(lab.network).surprisal(IDS), whole, rtol=1e-5, atol=1e-5)


def test_edits_hold(lab):
    with lab.edit({"layers.0.residual": Edit(add, 0.5)}):
        changed = of_logits(lab.logits(IDS)[0], IDS)
        np.testing.assert_allclose(lab.surprisal(IDS), changed, rtol=1e-5, atol=1e-5)
    assert np.nanmax(np.abs(lab.surprisal(IDS) - changed)) > 0.01
    with lab.edit({"logits": Edit(add, 0.5)}), pytest.raises(InputError, match="logits are edited"):
        lab.surprisal(IDS)


def test_one_token_has_none_and_a_batch_is_refused(lab):
    assert np.isnan(lab.surprisal([5])).tolist() == [True]
    with pytest.raises(InputError, match="one by one"):
        lab.surprisal([[5, 6], [7, 8]])


@pytest.mark.slow
@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "tensorflow", "torch"])
def test_4096_tokens_of_262144_take_a_tenth_of_the_memory_of_their_scores(backend):
    child = subprocess.run(
        [sys.executable, "-m", "tests.models.surprisal_peak"],
        env=os.environ | {"KERAS_BACKEND": backend, "JAX_ENABLE_COMPILATION_CACHE": "false"},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-2000:]
    report = json.loads(child.stdout.splitlines()[-1])
    assert report["scores"] > 4e9
    assert report["peak"] < 0.1 * report["scores"]
    assert report["mean"] > 5
