"""JAX, TensorFlow and PyTorch give the same numbers, in a process each."""

import os
import subprocess
import sys

import numpy as np
import pytest

BACKENDS = ("jax", "tensorflow", "torch")

pytestmark = [pytest.mark.backend, pytest.mark.slow]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each backend found, by its name."""
    directory, arrays = tmp_path_factory.mktemp("backends"), {}
    for backend in BACKENDS:
        path = directory / f"{backend}.npz"
        child = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", "-m", "tests.backends._run", str(path)],
            env=os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        assert child.returncode == 0, child.stderr[-3000:]
        with np.load(path, allow_pickle=False) as file:
            arrays[backend] = dict(file)
    return arrays


@pytest.fixture(scope="module", params=["tensorflow", "torch"])
def pair(request, found):
    """JAX's answers and another backend's."""
    return found["jax"], found[request.param]


def of(answers, *beginnings):
    return {name: x for name, x in answers.items() if name.startswith(beginnings)}


def test_every_backend_answers_everything(found):
    names = set(found["jax"])
    # XLA derives nothing whose shapes follow the data.
    assert all({name for name in found[each] if "by_banks/gradient" not in name} == names for each in BACKENDS)
    assert len(of(found["jax"], "mixture/reading/sites/")) > 20


@pytest.mark.parametrize("question", ["reading", "editing"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_float32_agrees_to_rounding(found, backend, question):
    """Each backend beside the median of the three: none of them is the truth that the others round."""
    far = {}
    for name, x in of(found[backend], f"mixture/{question}", f"sharing/{question}").items():
        middle = np.median([found[each][name] for each in BACKENDS], axis=0)
        if x.dtype.kind == "i":
            np.testing.assert_array_equal(x, middle, err_msg=name)
        elif (distance := np.abs(x - middle).max() / np.ptp(middle)) > 1e-5:
            far[name] = distance
    assert far == {}


def test_the_same_tokens_are_generated(pair):
    jax, other = (of(answers, "mixture/generation", "sharing/generation") for answers in pair)
    assert len(jax) == 4
    for name, ids in jax.items():
        np.testing.assert_array_equal(other[name], ids, err_msg=name)


def test_training_takes_the_same_steps(pair):
    jax, other = (answers["training/losses"] for answers in pair)
    np.testing.assert_allclose(other, jax, rtol=1e-4)
    assert jax[-1] < jax[0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_forms_of_the_experts_agree(found, backend):
    answers = of(found[backend], "experts/")
    compared = 0
    for name, x in answers.items():
        exact = answers["/".join([*name.split("/")[:2], "dense", name.split("/")[3]])]
        np.testing.assert_allclose(x, exact, atol=1e-5 * max(1, np.abs(exact).max()), err_msg=name)
        compared += 1
    assert compared == (4 if backend == "torch" else 3) * 2 * 5 + 5 * 5


@pytest.mark.parametrize("backend", BACKENDS)
def test_bfloat16_stays_near_float32(found, backend):
    answers = of(found[backend], "bfloat16/")
    assert all(np.isfinite(x).all() for x in answers.values())
    exact = found[backend]["mixture/reading/logits"]
    assert np.abs(answers["bfloat16/logits"] - exact).mean() < 0.1 * exact.std()
