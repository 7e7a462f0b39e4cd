"""Gradients on whichever backend runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from g4lab import runtime


def gradients(loss: Callable, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The gradients of the scalar loss(*arrays) by each of the arrays, compiled where the backend compiles."""
    by = {"jax": _jax, "torch": _torch, "tensorflow": _tensorflow}[runtime.backend()]
    return by(loss, [ops.convert_to_tensor(array) for array in arrays])


def _jax(loss, arrays):
    import jax

    return [np.asarray(g) for g in jax.jit(jax.grad(loss, argnums=tuple(range(len(arrays)))))(*arrays)]


def _torch(loss, arrays):
    import torch

    arrays = [array.requires_grad_() for array in arrays]
    return [g.numpy() for g in torch.autograd.grad(loss(*arrays), arrays)]


def _tensorflow(loss, arrays):
    import tensorflow as tf

    @tf.function
    def run(*arrays):
        with tf.GradientTape() as tape:
            tape.watch(arrays)
            value = loss(*arrays)
        return [tf.convert_to_tensor(g) for g in tape.gradient(value, arrays)]

    return [g.numpy() for g in run(*arrays)]
