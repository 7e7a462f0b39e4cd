"""From logits to one token: against numpy, by sets, and by counting."""

import numpy as np
import pytest
from keras import ops

from g4lab.errors import InputError
from g4lab.generation.sampling import Sampling, choose, kept

LOGITS = np.log(np.asarray([[0.1, 0.4, 0.05, 0.25, 0.2]], np.float32))
ALL = Sampling(1.0, None, 1.0)


def draw(logits, uniform, sampling):
    """One token per uniform number, all from the same row."""
    uniform = np.atleast_1d(np.asarray(uniform, np.float32))
    rows = np.repeat(np.asarray(logits, np.float32), len(uniform), axis=0)
    rows, uniform, numbers = (ops.convert_to_tensor(x) for x in (rows, uniform, sampling.numbers()))
    return np.asarray(choose(rows, uniform, numbers, sampling.greedy, sampling.top_k))


def possible(sampling, logits=LOGITS):
    """The tokens that may be drawn and their probabilities."""
    tokens, probabilities = kept(*map(ops.convert_to_tensor, (logits, sampling.numbers())), sampling.top_k)
    tokens, probabilities = np.asarray(tokens)[0], np.asarray(probabilities)[0]
    return dict(zip(tokens[probabilities > 0].tolist(), probabilities[probabilities > 0].tolist(), strict=True))


def test_the_whole_distribution():
    # The likeliest first, so the edges of the inverse CDF are 0.4, 0.65, 0.85, 0.95.
    assert possible(ALL) == pytest.approx({1: 0.4, 3: 0.25, 4: 0.2, 0: 0.1, 2: 0.05}, abs=1e-6)
    uniform = [0, 0.39, 0.41, 0.64, 0.66, 0.84, 0.86, 0.94, 0.96, 1 - 2**-24]
    assert draw(LOGITS, uniform, ALL).tolist() == [1, 1, 3, 3, 4, 4, 0, 0, 2, 2]


def test_greedy():
    for sampling in (Sampling(0), Sampling(0.0, 3, 0.5), Sampling(5.0, 1), Sampling(1e-60)):
        assert sampling.greedy
        assert draw(LOGITS, [0.0, 0.99], sampling).tolist() == [1, 1]


@pytest.mark.parametrize("temperature", [1e-38, 1e-6, 1e-3])
def test_a_temperature_near_0_is_greedy_too(temperature):
    uniform = np.linspace(0, 1 - 2**-24, 7)
    assert set(draw(30 * LOGITS, uniform, Sampling(temperature, None, 1.0)).tolist()) == {1}


def test_temperature_flattens():
    probabilities = np.asarray([0.1, 0.4, 0.05, 0.25, 0.2]) ** (1 / 2)
    probabilities /= probabilities.sum()
    found = possible(Sampling(2.0, None, 1.0))
    assert found == pytest.approx(dict(enumerate(probabilities)), abs=1e-6)
    assert draw(LOGITS, [0.5] * 2, Sampling(1e9, 2, 1.0)).tolist() == [3, 3]  # two halves


def test_top_k_keeps_the_likeliest():
    assert possible(Sampling(1.0, 2, 1.0)) == pytest.approx({1: 0.4 / 0.65, 3: 0.25 / 0.65}, abs=1e-6)
    assert possible(Sampling(1.0, 64, 1.0)) == possible(ALL)


def test_top_p_keeps_the_fewest_that_reach_it():
    for top_p, tokens in {
        0.01: {1},
        0.39: {1},
        0.41: {1, 3},
        0.66: {1, 3, 4},
        0.9: {1, 3, 4, 0},
        1.0: {*range(5)},
    }.items():
        assert set(possible(Sampling(1.0, None, top_p))) == tokens


def test_top_p_counts_what_top_k_left():
    # Of the two likeliest the first holds 0.615.
    assert set(possible(Sampling(1.0, 2, 0.6))) == {1}
    assert set(possible(Sampling(1.0, 2, 0.62))) == {1, 3}


def test_larger_settings_keep_more():
    logits = np.random.default_rng(0).standard_normal((1, 40)).astype("float32")
    for name, values in {"top_k": [1, 2, 5, 17, 40], "top_p": [0.1, 0.4, 0.8, 0.95, 1.0]}.items():
        sets = [set(possible(Sampling(**({"top_k": None, "top_p": 1.0} | {name: value})), logits)) for value in values]
        assert all(small < large for small, large in zip(sets[:-1], sets[1:], strict=True)), name


@pytest.mark.parametrize("sampling", [ALL, Sampling(0.7, 10, 0.9), Sampling(1.5, 64, 0.5)])
def test_the_inverse_cdf_of_numpy(sampling):
    rng = np.random.default_rng(0)
    logits = 3 * rng.standard_normal((1, 30))
    order = np.argsort(-logits[0])[: sampling.top_k]
    p = np.exp(logits[0, order] / sampling.temperature)
    p /= p.sum()
    p = p[: np.searchsorted(np.cumsum(p), sampling.top_p) + 1]
    cdf = np.cumsum(p / p.sum())
    uniform = rng.random(200)
    uniform = uniform[np.abs(uniform[:, None] - cdf).min(axis=1) > 1e-5]  # not on an edge
    expected = order[np.searchsorted(cdf, uniform, side="right")]
    assert draw(logits, uniform, sampling).tolist() == expected.tolist()


def test_the_histogram_of_many_draws():
    count, probabilities = 20_000, np.exp(LOGITS[0])
    drawn = draw(LOGITS, np.random.default_rng(7).random(count), ALL)
    expected = count * probabilities / probabilities.sum()
    chi_square = ((np.bincount(drawn, minlength=5) - expected) ** 2 / expected).sum()
    assert chi_square < 18.5  # 99.9 % for four degrees of freedom


def test_equal_logits_and_hidden_tokens():
    # Which two of four equal ones stay is the backend's choice.
    assert len(set(draw(np.zeros((1, 4)), np.linspace(0, 0.999, 50), Sampling(1.0, 2, 1.0)).tolist())) == 2
    hidden = np.asarray([[0.0, -1e30, 0.0, -np.inf]])
    assert set(draw(hidden, np.linspace(0, 1 - 2**-24, 50), ALL).tolist()) == {0, 2}


def test_every_row_has_its_own_draw():
    logits = np.log(np.asarray([[0.9, 0.1], [0.1, 0.9]], np.float32))
    arrays = (ops.convert_to_tensor(x) for x in (logits, np.asarray([0.95, 0.95], np.float32), ALL.numbers()))
    assert np.asarray(choose(*arrays, greedy=False, top_k=None)).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.01}, "top_p is 1.01"),
    ],
)
def test_settings_out_of_range(settings, message):
    with pytest.raises(InputError, match=message):
        Sampling(**settings)
