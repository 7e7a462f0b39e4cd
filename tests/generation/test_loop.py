"""The compiled loop against the plain one: all logits anew for every token, and the choice in numpy."""

import numpy as np
import pytest

from g4lab import runtime
from g4lab.generation.loop import bucket, generate, pad_left
from g4lab.generation.sampling import Sampling
from g4lab.models.sites import Edit, add
from g4lab.models.watched import Watched
from tests.models.networks import MIXTURE, forward, network, tokens

NEW, LEAST = 12, 8
# Lengths around the buckets of 8 and 16, and past the window of 5.
PROMPTS = [tokens(1, length, seed=length)[0].tolist() for length in (4, 8, 10, 14)]
GREEDY = Sampling(0)
WARM = Sampling(1.3, 20, 0.9)


@pytest.fixture(scope="module")
def watched():
    return Watched(network(MIXTURE))


def made(watched, rows, sampling=GREEDY, new=NEW, **options):
    return np.concatenate(list(generate(watched, rows, new, sampling, least=LEAST, **options)), axis=1).tolist()


def next_logits(watched, row):
    ids, positions = pad_left([row], 32, MIXTURE.pad_id)
    return forward(watched.network, ids, positions)[0, -1].astype(np.float64)


def greedy(watched, row, new=NEW):
    row = list(row)
    for _ in range(new):
        row.append(int(next_logits(watched, row).argmax()))
    return row[-new:]


def drawn(watched, row, sampling, seed):
    """Each token from the inverse CDF, with the same uniform numbers."""
    row, uniform = list(row), np.random.default_rng(seed).random((NEW, 1), np.float32)[:, 0]
    for u in uniform:
        logits = next_logits(watched, row)
        order = np.argsort(-logits)[: sampling.top_k]
        p = np.exp((logits[order] - logits.max()) / sampling.temperature)
        p /= p.sum()
        p = p[: np.searchsorted(np.cumsum(p), sampling.top_p) + 1]
        row.append(int(order[np.searchsorted(np.cumsum(p), u * p.sum(), side="right")]))
    return row[-NEW:]


@pytest.mark.parametrize("row", PROMPTS, ids=len)
def test_greedy_is_the_likeliest_token_each_time(watched, row):
    assert made(watched, [row]) == [greedy(watched, row)]


def test_unequal_lengths_are_generated_as_one_by_one(watched):
    assert made(watched, PROMPTS) == [greedy(watched, row) for row in PROMPTS]


def test_sampling_is_the_inverse_cdf_of_the_seed(watched):
    for seed in (0, 1):
        assert made(watched, [PROMPTS[1]], WARM, seed=seed) == [drawn(watched, PROMPTS[1], WARM, seed)]


def test_a_seed_is_repeated_and_seeds_differ(watched):
    texts = [made(watched, [PROMPTS[1]], WARM, seed=seed) for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]


@pytest.mark.skipif(not runtime.compiles(), reason="this backend compiles nothing")
def test_other_settings_compile_nothing(watched, monkeypatch):
    made(watched, [PROMPTS[1]], WARM, seed=0)
    traced = []
    hidden = watched.network.hidden
    monkeypatch.setattr(watched.network, "hidden", lambda *a: traced.append(a) or hidden(*a))
    made(watched, [PROMPTS[1]], Sampling(0.3, 20, 0.5), seed=9, stop_ids=[1, 5, 9])
    assert traced == []


def test_pieces_make_no_difference(watched):
    whole = made(watched, [PROMPTS[2]])
    pieces = list(generate(watched, [PROMPTS[2]], NEW, GREEDY, least=LEAST, steps=5))
    assert [piece.shape for piece in pieces] == [(1, 1), (1, 5), (1, 5), (1, 1)]
    assert np.concatenate(pieces, axis=1).tolist() == whole


def test_one_token(watched):
    assert made(watched, [PROMPTS[0]], new=1) == [greedy(watched, PROMPTS[0], 1)]


def test_it_ends_at_a_stop(watched):
    whole = made(watched, [PROMPTS[1]], WARM)[0]
    stop = next(id for id in whole[2:] if id not in whole[:2])
    end = whole.index(stop) + 1
    assert made(watched, [PROMPTS[1]], WARM, stop_ids=[299, stop]) == [whole[:end]]
    assert made(watched, [PROMPTS[1]], WARM, stop_ids=[whole[0]]) == [whole[:1]]


def test_a_row_that_has_ended_waits_for_the_others(watched):
    rows = made(watched, PROMPTS)
    stop = rows[3][0]
    ends = [row.index(stop) + 1 if stop in row else NEW for row in rows]
    found = made(watched, PROMPTS, stop_ids=[stop])
    for row, original, end in zip(found, rows, ends, strict=True):
        assert row == original[:end] + [MIXTURE.pad_id] * (max(ends) - end)


def test_edits_reach_prompt_and_steps(watched):
    favourite = np.zeros(MIXTURE.vocab_size, np.float32)
    favourite[[77, 78]] = [50, 40]
    assert made(watched, [PROMPTS[0]], edits=[("logits", Edit(add, favourite))]) == [[77] * NEW]
    favourite[77] = 0
    assert made(watched, [PROMPTS[0]], edits=[("logits", Edit(add, favourite))]) == [[78] * NEW]


def test_padding_goes_to_the_left():
    ids, positions = pad_left([[5, 6, 7], [8]], 4, pad_id=0)
    assert ids.tolist() == [[0, 5, 6, 7], [0, 0, 0, 8]]
    assert positions.tolist() == [[-1, 0, 1, 2], [-1, -1, -1, 0]]
    assert ids.dtype == positions.dtype == np.int32


def test_buckets():
    assert [bucket(n, 16) for n in (1, 16, 17, 33, 1024, 1025, 2048, 2049)] == [16, 16, 32, 64, 1024, 2048, 2048, 3072]
    assert bucket(3, 128) == 128
