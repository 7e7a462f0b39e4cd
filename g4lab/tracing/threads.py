"""Numpy's matrix products on one thread, where a backend's own threads share the processor.

The threads of PyTorch, TensorFlow and JAX keep spinning for a while after their work is done, and numpy's would
contend with them: patterns of 512 tokens took up to four times longer on two cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager:
    """A context in which numpy's products do not leave the calling thread."""
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    # Looking through the loaded libraries takes milliseconds, and numpy's is there by now.
    return ThreadpoolController()
