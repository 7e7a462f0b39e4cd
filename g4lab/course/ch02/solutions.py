"""Chapter 2, one right answer to each exercise."""

import numpy as np


def table_parameters(config):
    """Parameters of the tables that are only looked up: the tokens' and the per-layer embeddings'."""
    tokens = config.vocab_size * config.width
    per_layer = config.ple_vocab_size * config.layers * config.ple_dim
    return tokens, per_layer


def layer_parameters(layer, width):
    """Parameters of one layer's attention and dense MLP."""
    projections = 0 if layer.borrows else 1 if layer.key_is_value else 2
    heads = 2 * layer.heads + projections * layer.kv_heads
    attention = width * layer.head_dim * heads
    return attention + 3 * width * layer.feedforward


def embed(table, ids):
    """Rows of the table, times the root of their width."""
    return table[ids] * np.sqrt(table.shape[1])


def combine(token, context):
    """What a token alone says and what its context says, for every layer, at equal weight."""
    return (context + token * np.sqrt(token.shape[-1])) / np.sqrt(2)
