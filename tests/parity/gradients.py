"""Gradients of one loss by each parameter, on any backend."""

from __future__ import annotations

import numpy as np
from keras import StatelessScope, ops

from g4lab import runtime
from g4lab.checkpoints.huggingface import TABLE
from g4lab.config import TextConfig
from g4lab.models.gemma4 import Gemma4
from tests.parity.workshop import cotangent, tokens


def gradients(network: Gemma4, config: TextConfig) -> dict[str, np.ndarray]:
    """The gradient of sum(cotangent * logits), under transformers' names and in its shapes."""
    parameters = {name: variable for name, variable in network.named_variables().items() if variable.trainable}
    ids, weights = ops.convert_to_tensor(tokens(config)), ops.convert_to_tensor(cotangent(config))

    def loss():
        return ops.sum(network(ids) * weights)

    by = {"jax": _jax, "torch": _torch, "tensorflow": _tensorflow}[runtime.backend()]
    found = dict(zip(parameters, by(loss, list(parameters.values())), strict=True))
    return {rule.theirs: rule.save(found) for rule in TABLE.under("model.").rules(found)}


def _jax(loss, variables):
    import jax

    def of(values):
        with StatelessScope(state_mapping=zip(variables, values, strict=True)):
            return loss()

    return [np.asarray(g) for g in jax.jit(jax.grad(of))([variable.value for variable in variables])]


def _torch(loss, variables):
    import torch

    found = torch.autograd.grad(loss(), [variable.value for variable in variables])
    return [gradient.numpy() for gradient in found]


def _tensorflow(loss, variables):
    import tensorflow as tf

    @tf.function
    def run():
        with tf.GradientTape() as tape:
            value = loss()
        return tape.gradient(value, [variable.value for variable in variables])

    return [tf.convert_to_tensor(gradient).numpy() for gradient in run()]
