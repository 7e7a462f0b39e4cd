"""Chapter 2: counts that must equal the models', and two vectors that must be weighed alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from g4lab.config import preset
from g4lab.course.ch02 import solutions
from g4lab.course.exercise import Exercise, expect, shown
from g4lab.models.plan import parameter_counts, plan

SIZES = ("e2b", "e4b", "31b")


def counted(name: str, *parts: str) -> int:
    """What the model itself counts for some parts."""
    counts = parameter_counts(preset(name))
    return sum(counts.get(part, 0) for part in parts)


table_parameters = Exercise(
    name="table_parameters",
    call="table_parameters(config)",
    solution=solutions.table_parameters,
    probes=[(preset(name),) for name in SIZES] + [(preset("e2b").replace(vocab_size=1000, ple_vocab_size=500),)],
    hints=[
        "The tokens' table has one row for each of config.vocab_size tokens, config.width numbers long.",
        "The per-layer table has config.ple_vocab_size rows, and in each row config.ple_dim numbers for every layer.",
        "return config.vocab_size * config.width, config.ple_vocab_size * config.layers * config.ple_dim",
    ],
)


@table_parameters.invariant("it gives two numbers, and a model without PLE has 0 for the second")
def _(answer):
    got = answer(preset("31b"))
    expect(isinstance(got, tuple | list) and len(got) == 2, f"for 31b you gave {shown(got)}: give two numbers")
    expect(got[1] == 0, f"31b has no PLE (its ple_dim is 0), and you count {shown(got[1])}")


@table_parameters.invariant("twice the tokens cost twice as much, in the table that grows")
def _(answer):
    small = preset("e2b")
    one, two = answer(small), answer(small.replace(vocab_size=2 * small.vocab_size))
    expect(two[0] == 2 * one[0], f"with twice the vocabulary the token table went from {one[0]:,} to {two[0]:,}")
    two = answer(small.replace(ple_vocab_size=2 * small.ple_vocab_size))
    expect(two[1] == 2 * one[1], f"with twice the rows the per-layer table went from {one[1]:,} to {two[1]:,}")


for _size in SIZES:

    @table_parameters.value(f"equal to the model's own count for {_size}")
    def _(answer, size=_size):
        got, wanted = answer(preset(size)), (counted(size, "token embedding"), counted(size, "PLE table"))
        expect(
            tuple(got) == wanted, f"you count {got[0]:,} and {got[1]:,}; the model has {wanted[0]:,} and {wanted[1]:,}"
        )


layer_parameters = Exercise(
    name="layer_parameters",
    call="layer_parameters(layer, width)",
    solution=solutions.layer_parameters,
    probes=[(row, preset(name).width) for name in SIZES for row in (plan(preset(name))[0], plan(preset(name))[-1])],
    hints=[
        "A projection from width to N heads of size H has width * N * H parameters. One is for the queries, one for "
        "the output, with layer.heads each.",
        "Keys and values have layer.kv_heads each: none of them where layer.borrows, one projection for both where "
        "layer.key_is_value, two otherwise.",
        "The MLP has three matrices: gate and up, width x layer.feedforward, and down the other way.",
    ],
)


@layer_parameters.invariant("a layer that borrows its keys and values has no parameters for them")
def _(answer):
    config = preset("e2b")
    owner = plan(config)[0]
    borrower = replace(owner, index=1, owner=0)
    saved = answer(owner, config.width) - answer(borrower, config.width)
    keys = 2 * config.width * owner.kv_heads * owner.head_dim
    expect(saved == keys, f"borrowing should save {keys:,} parameters here; by your count it saves {saved:,}")


@layer_parameters.invariant("an MLP of twice the width adds three more matrices of the old size")
def _(answer):
    config = preset("e2b")
    row = plan(config)[0]
    added = answer(replace(row, feedforward=2 * row.feedforward), config.width) - answer(row, config.width)
    wanted = 3 * config.width * row.feedforward
    expect(added == wanted, f"it should add {wanted:,} parameters; by your count it adds {added:,}")


for _size in SIZES:

    @layer_parameters.value(f"over all layers, equal to the model's own count for {_size}")
    def _(answer, size=_size):
        config = preset(size)
        got = sum(answer(row, config.width) for row in plan(config))
        wanted = counted(size, "attention", "dense MLP")
        expect(got == wanted, f"you count {got:,} parameters of attention and MLP; the model has {wanted:,}")


_table = np.random.default_rng(0).normal(size=(11, 6)) / 6**0.5

embed = Exercise(
    name="embed",
    call="embed(table, ids)",
    solution=solutions.embed,
    probes=[(_table, np.array([3, 3, 0])), (_table[:, :4], np.array([10])), (np.eye(9), np.array([1, 8]))],
    hints=[
        "table[ids] takes a row for each id.",
        "Rows are stored small: their numbers have a variance of about 1/D. What makes it 1?",
        "table[ids] * np.sqrt(table.shape[1])",
    ],
)


@embed.invariant("equal ids give equal rows, one for each id")
def _(answer):
    got = np.asarray(answer(_table, np.array([3, 3, 0])))
    expect(got.shape == (3, 6), f"three ids and a width of 6 should give shape (3, 6); you gave {got.shape}")
    expect(np.allclose(got[0], got[1]), f"id 3 twice gave {shown(got[0])} and {shown(got[1])}")


@embed.value("a row of ones and a width of 4 becomes a row of twos")
def _(answer):
    got = np.asarray(answer(np.ones((2, 4)), np.array([1])))
    expect(np.allclose(got, 2), f"you gave {shown(got)}")


_draw = np.random.default_rng(1)

combine = Exercise(
    name="combine",
    call="combine(token, context)",
    solution=solutions.combine,
    probes=[
        (_draw.normal(size=(3, 5, 4)) / 2, _draw.normal(size=(3, 5, 4))),
        (_draw.normal(size=(1, 2, 9)) / 3, _draw.normal(size=(1, 2, 9))),
    ],
    hints=[
        "`token` is stored small, as the token table is: multiply it by the square root of P, its last axis.",
        "Two independent vectors of variance 1 have a sum of variance 2. Divide so that it is 1 again.",
        "(context + token * np.sqrt(token.shape[-1])) / np.sqrt(2)",
    ],
)


@combine.invariant("the shape stays [T,L,P]")
def _(answer):
    token, context = combine.probes[0]
    got = np.asarray(answer(token, context))
    expect(got.shape == token.shape, f"for [3,5,4] you gave shape {got.shape}")


@combine.invariant("where both say nothing, nothing comes out, and either one alone gets through")
def _(answer):
    one, nothing = np.ones((1, 1, 4)), np.zeros((1, 1, 4))
    expect(np.allclose(answer(nothing, nothing), 0), "two zero vectors should give zeros")
    for token, context, which in ((one, nothing, "the token's"), (nothing, one, "the context's")):
        expect(not np.allclose(answer(token, context), 0), f"with {which} vector alone you gave zeros")


@combine.invariant("a table's rows and a context of variance 1 give a result of variance 1")
def _(answer):
    draw = np.random.default_rng(2)
    token, context = draw.normal(size=(200, 5, 16)) / 4, draw.normal(size=(200, 5, 16))
    got = float(np.var(answer(token, context)))
    expect(abs(got - 1) < 0.05, f"rows of variance 1/16 and a context of variance 1 gave a variance of {got:.3f}")


@combine.value("token (1, 1, 1, 1) and context (0, 0, 0, 0) give root 2, four times")
def _(answer):
    got = np.asarray(answer(np.ones((1, 1, 4)), np.zeros((1, 1, 4))))
    expect(np.allclose(got, 2**0.5), f"you gave {shown(got)}")
