"""Chapter 2: wrong answers, each with the step that catches it and the misconception behind it."""

from __future__ import annotations

import numpy as np

from g4lab.course.ch02.checks import combine, embed, layer_parameters, table_parameters

TWICE = "twice the tokens cost twice as much, in the table that grows"
BORROWS = "a layer that borrows its keys and values has no parameters for them"
WIDER = "an MLP of twice the width adds three more matrices of the old size"
ONES = "a row of ones and a width of 4 becomes a row of twos"
VARIANCE = "a table's rows and a context of variance 1 give a result of variance 1"


@table_parameters.mutant(
    "equal to the model's own count for e2b",
    "this counts the per-layer table for one layer. Every layer has its own ple_dim numbers for every token.",
)
def one_layer(config):
    return config.vocab_size * config.width, config.ple_vocab_size * config.ple_dim


@table_parameters.mutant(
    "equal to the model's own count for e2b",
    "this counts the token table twice. It is tied: the same table reads tokens and scores them.",
)
def untied(config):
    return 2 * config.vocab_size * config.width, config.ple_vocab_size * config.layers * config.ple_dim


@table_parameters.mutant(
    TWICE, "this gives the per-layer table as many rows as there are tokens; it has ple_vocab_size rows of its own."
)
def same_rows(config):
    return config.vocab_size * config.width, config.vocab_size * config.layers * config.ple_dim


@table_parameters.mutant(
    "equal to the model's own count for e2b",
    "this makes the per-layer rows as wide as the model. They are narrow, ple_dim numbers a layer: that is the point.",
)
def full_width(config):
    wide = config.width if config.ple_dim else 0
    return config.vocab_size * config.width, config.ple_vocab_size * config.layers * wide


def _attention(layer, width, projections, kv_heads):
    return width * layer.head_dim * (2 * layer.heads + projections * kv_heads)


def _projections(layer):
    return 0 if layer.borrows else 1 if layer.key_is_value else 2


@layer_parameters.mutant(BORROWS, "this gives a borrowing layer keys and values of its own. It has queries only.")
def never_borrows(layer, width):
    return _attention(layer, width, 1 if layer.key_is_value else 2, layer.kv_heads) + 3 * width * layer.feedforward


@layer_parameters.mutant(WIDER, "this gives the MLP two matrices. Gemma's is gated: gate, up and down.")
def ungated(layer, width):
    return _attention(layer, width, _projections(layer), layer.kv_heads) + 2 * width * layer.feedforward


@layer_parameters.mutant(
    BORROWS, "this gives every query head its own keys and values. Query heads share them in groups: use kv_heads."
)
def ungrouped(layer, width):
    return _attention(layer, width, _projections(layer), layer.heads) + 3 * width * layer.feedforward


@layer_parameters.mutant(
    "over all layers, equal to the model's own count for 31b",
    "this counts two projections where keys and values share one (layer.key_is_value).",
)
def unshared_projection(layer, width):
    return _attention(layer, width, 0 if layer.borrows else 2, layer.kv_heads) + 3 * width * layer.feedforward


@layer_parameters.mutant(
    "over all layers, equal to the model's own count for e2b",
    "this leaves out the output projection, which brings all heads back to the width.",
)
def without_output(layer, width):
    heads = layer.heads + _projections(layer) * layer.kv_heads
    return width * layer.head_dim * heads + 3 * width * layer.feedforward


@embed.mutant(ONES, "the factor sqrt(D) is missing. Rows are stored with variance 1/D; the stream wants about 1.")
def unscaled(table, ids):
    return table[ids]


@embed.mutant(ONES, "this multiplies by D. The root of it is enough: variance grows with the square of a factor.")
def scaled_by_width(table, ids):
    return table[ids] * table.shape[1]


@embed.mutant(ONES, "this takes the root of the vocabulary's size. The width D is the other axis, table.shape[1].")
def scaled_by_vocabulary(table, ids):
    return table[ids] * np.sqrt(table.shape[0])


@combine.mutant(VARIANCE, "the table's rows are not scaled: times sqrt(P) is missing, so the context drowns them.")
def unscaled_token(token, context):
    return (context + token) / np.sqrt(2)


@combine.mutant(VARIANCE, "this is the plain sum, whose variance is 2. Dividing by sqrt(2) brings it back to 1.")
def plain_sum(token, context):
    return context + token * np.sqrt(token.shape[-1])


@combine.mutant(VARIANCE, "this is the mean of the two. The mean halves; keeping the variance wants sqrt(2).")
def mean(token, context):
    return (context + token * np.sqrt(token.shape[-1])) / 2


@combine.mutant(VARIANCE, "this takes the root of L, the number of layers. P is the last axis.")
def root_of_layers(token, context):
    return (context + token * np.sqrt(token.shape[1])) / np.sqrt(2)


@combine.mutant(
    "where both say nothing, nothing comes out, and either one alone gets through",
    "this multiplies the two. PLE adds them here; the product with a gate comes later, inside each layer.",
)
def product(token, context):
    return context * token * np.sqrt(token.shape[-1])
