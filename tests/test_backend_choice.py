"""Which backend is used: the first of JAX, PyTorch and TensorFlow that is installed, unless KERAS_BACKEND names one."""

import os
import subprocess
import sys

import pytest

from g4lab import runtime
from g4lab.errors import SetupError


def backend_after(statement: str, **environment: str) -> str:
    """The backend of Keras in a fresh Python that has run one statement."""
    inherited = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    child = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport keras; print(keras.config.backend())"],
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return child.stdout.strip()


@pytest.mark.backend
@pytest.mark.parametrize("statement", ["import g4lab; g4lab.load", "from g4lab.models.gemma4 import Gemma4"])
def test_the_first_one_installed_is_the_default(statement):
    assert backend_after(statement) == "jax"


@pytest.mark.backend
def test_the_environment_decides():
    assert backend_after("import g4lab; g4lab.load", KERAS_BACKEND="torch") == "torch"


@pytest.mark.parametrize("installed", [["torch", "tensorflow"], ["tensorflow"]])
def test_the_order_of_preference(monkeypatch, installed):
    monkeypatch.setattr(runtime, "installed_backends", lambda: installed)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert runtime.choose_backend() == os.environ["KERAS_BACKEND"] == installed[0]


def test_no_backend_is_an_error_that_says_how_to_get_one(monkeypatch):
    monkeypatch.setattr(runtime, "installed_backends", lambda: [])
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "")
    with pytest.raises(SetupError, match=r'pip install "g4lab\[jax\]"'):
        runtime.choose_backend()


def test_an_unknown_backend_is_refused(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    with pytest.raises(SetupError, match="'theano' is not supported"):
        runtime.choose_backend()
