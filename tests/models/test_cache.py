"""With a cache as without: token by token, in chunks, past the window, in batches of unequal lengths."""

import numpy as np
import pytest

from g4lab import runtime
from g4lab.generation.loop import pad_left
from g4lab.models import cache as caches
from g4lab.models.cache import Cache
from g4lab.models.masks import EMPTY
from g4lab.models.memory import CallMemory
from g4lab.models.plan import cache_bytes, plan
from tests.models.networks import MIXTURE, SHARING, forward, network, tokens
from tests.parity.configs import EVERYTHING, LIKE_26B, LIKE_E2B

LENGTH, CAPACITY = 14, 16
CHUNKS = {"token by token": [1] * LENGTH, "in chunks": [3, 1, 3, 3, 1, 3], "all at once": [LENGTH]}


class Cached:
    """A network that reads through a cache, compiled once for each size of chunk."""

    def __init__(self, net):
        self.net = net
        self.step = runtime.compile(self._step, net)
        self.read = runtime.compile(self._read, net)

    def _step(self, state, ids, positions):
        memory = Cache(state, positions)
        logits = self.net.logits(self.net.hidden(ids, positions, memory))
        return logits, memory.state

    def _read(self, ids, positions):
        memory = CallMemory(positions)
        logits = self.net.logits(self.net.hidden(ids, positions, memory))
        return logits, caches.after_prompt(self.net.text, memory, positions, CAPACITY)

    def through(self, ids, positions, chunks, state=None):
        state = caches.empty(self.net.text, len(ids), CAPACITY, "float32") if state is None else state
        found, start = [], 0
        for size in chunks:
            part = slice(start, start + size)
            logits, state = self.step(state, ids[:, part], positions[:, part])
            found.append(runtime.to_numpy(logits))
            start += size
        return np.concatenate(found, axis=1), state


@pytest.fixture(scope="module", params=[SHARING, MIXTURE], ids=lambda config: config.name)
def cached(request):
    return Cached(network(request.param))


@pytest.fixture(scope="module")
def ids():
    return tokens(2, LENGTH)


@pytest.fixture(scope="module")
def positions():
    return np.tile(np.arange(LENGTH, dtype=np.int32), (2, 1))


@pytest.fixture(scope="module")
def full(cached, ids):
    return forward(cached.net, ids)


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_the_logits_are_those_without_a_cache(cached, ids, positions, full, chunks):
    assert LENGTH > 2 * cached.net.text.window
    np.testing.assert_allclose(cached.through(ids, positions, chunks)[0], full, atol=2e-5)


@pytest.mark.parametrize("prompt", [3, 11], ids=["within the window", "past the window"])
def test_a_prompt_and_then_token_by_token(cached, ids, positions, full, prompt):
    first, state = cached.read(ids[:, :prompt], positions[:, :prompt])
    np.testing.assert_allclose(runtime.to_numpy(first), full[:, :prompt], atol=2e-5)
    rest, _ = cached.through(ids[:, prompt:], positions[:, prompt:], [1] * (LENGTH - prompt), state)
    np.testing.assert_allclose(rest, full[:, prompt:], atol=2e-5)


def test_unequal_lengths_are_read_as_one_by_one(cached, ids, full):
    lengths = [11, 7]
    padded, positions = pad_left([list(row[:n]) for row, n in zip(ids, lengths, strict=True)], 11, pad_id=0)
    logits, state = cached.read(padded, positions)
    for b, n in enumerate(lengths):
        np.testing.assert_allclose(runtime.to_numpy(logits)[b, 11 - n :], full[b, :n], atol=2e-5)
    rest = np.stack([row[n : n + 3] for row, n in zip(ids, lengths, strict=True)])
    following = np.stack([np.arange(n, n + 3, dtype=np.int32) for n in lengths])
    logits, _ = cached.through(rest, following, [1, 1, 1], state)
    for b, n in enumerate(lengths):
        np.testing.assert_allclose(logits[b], full[b, n : n + 3], atol=2e-5)


def test_the_ring_holds_the_last_window(cached, ids, positions):
    _, state = cached.through(ids, positions, CHUNKS["token by token"])
    window = cached.net.text.window
    assert sorted(np.asarray(state["positions.local"])[0]) == list(range(LENGTH - window, LENGTH))
    held = np.asarray(state["positions.global"])[0]
    assert list(held) == [*range(LENGTH), *[EMPTY] * (CAPACITY - LENGTH)]


@pytest.mark.parametrize("config", [LIKE_E2B, LIKE_26B, EVERYTHING], ids=lambda config: config.name)
@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("bfloat16", 2)])
@pytest.mark.parametrize("capacity", [2, 40])
def test_the_bytes_are_those_of_the_plan(config, dtype, size, capacity):
    state = caches.empty(config, 3, capacity, dtype)
    arrays = [array for name, array in state.items() if name.startswith(("keys.", "values."))]
    assert sum(np.prod(array.shape) for array in arrays) * size == 3 * cache_bytes(config, capacity, size)
    assert all(dtype in str(array.dtype) for array in arrays)
    owners = {row.index for row in plan(config) if not row.borrows}
    assert {int(name.removeprefix("keys.")) for name in state if name.startswith("keys.")} == owners


def test_the_state_after_a_prompt_is_laid_out_like_an_empty_one(cached, ids, positions):
    _, state = cached.read(ids, positions)
    blank = caches.empty(cached.net.text, 2, CAPACITY, "float32")
    assert {name: tuple(array.shape) for name, array in state.items()} == {
        name: tuple(array.shape) for name, array in blank.items()
    }
    assert {name: str(array.dtype) for name, array in state.items()} == {
        name: str(array.dtype) for name, array in blank.items()
    }
