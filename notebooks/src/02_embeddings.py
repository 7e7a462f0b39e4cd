# %% [markdown]
# # 2 · Embeddings and PLE
#
# **What is in a 5.1 B model that acts like 2.3 B?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 40 minutes | 1 · tokens | 1 GB | none: everything here runs offline |
#
# Gemma 4 E2B is said to have 2.3 billion *effective* parameters, and its file holds 5.1 billion. Where are the
# others? Some 0.5 billion see pictures and hear sound. The rest of the answer is a kind of parameter that costs
# memory but hardly any arithmetic: tables that are looked up.
#
# * The **token embedding**: one row of D numbers for every token. It turns ids into vectors, and, the other way
#   round, vectors into scores for the next token. It is the same table both times (*tied*).
# * The **per-layer embeddings** (PLE): a second table, with a short row of P numbers for every token *and every
#   layer*. Only the E models have it.

# %%
from dataclasses import asdict

import numpy as np

from g4lab import widgets
from g4lab.config import preset
from g4lab.course import bars, check, fits, hint, load, measured, predict
from g4lab.models.plan import parameter_counts, plan

# %% [markdown]
# ## Predict
#
# Of all the parameters of E2B that read text, how many percent are in those two tables?

# %%
predict("percent of E2B in its tables", None)

# %% [markdown]
# ## Run
#
# No weights are needed to count: the numbers that define a model (its *config*) are enough.

# %%
counts = parameter_counts(preset("e2b"))
total = sum(counts.values())
for part, count in counts.items():
    print(f"{part:16s} {count:13,d}  {count / total:6.1%}")
print(f"{'all':16s} {total:13,d}")
tables = counts["token embedding"] + counts["PLE table"]
measured("percent of E2B in its tables", 100 * tables / total)

# %% [markdown]
# Take the PLE table away from the total and you have the "2.3 B". (Google has not published how exactly it counts;
# this comes to 2.28.) A token needs one row of the table: 35 layers times 256 numbers of two bytes, 18 KB. So the table
# may lie in slower memory, on the host or even on disk, and the graphics card holds the rest.
#
# All sizes side by side. Which part grows from E2B to E4B? What is nearly all of 26B-A4B?

# %%
SIZES = ("e2b", "e4b", "26b-a4b", "31b")
by_size = {name: parameter_counts(preset(name)) for name in SIZES}
PARTS = ("token embedding", "PLE table", "attention", "dense MLP", "experts")
series = {part: [by_size[name].get(part, 0) / 1e9 for name in SIZES] for part in PARTS}
bars(SIZES, series, "Where the parameters are", "billions", stacked=True)

# %% [markdown]
# ## Look
#
# Every layer of E2B from its config. Layers run upward. Local layers see a window, global ones everything; the upper
# twenty borrow their keys and values from below (that is chapter 4), and spend what they save on an MLP of twice the
# width. Click a part to see its formula.

# %%
widgets.ArchitectureMap("e2b")

# %% [markdown]
# Now PLE at work. What happens in each layer: the token's short vector for this layer is multiplied with a gate,
# which the layer computes from what it has so far; the product is widened to D and added to the stream.
#
# `tiny-e` has every part of E2B in the same order, small: seven layers, D = 128, P = 32. This project trained it, as
# it did `tiny-moe`, so what it shows is its own and not Gemma's.

# %%
E_MODEL = "tiny-e"
model = load(E_MODEL)
prompt = "Once there was a little dog called Hana, who loved the"
view = widgets.PerLayerEmbeddings(model, prompt)
view

# %% [markdown]
# Beside each number stands what the same tokens give in a random order. What stays the same when the order changes
# belongs to the token; what changes belongs to its place.
#
# ## Does it matter?
#
# Switch PLE off at one layer at a time, and then everywhere, and ask how far the prediction of the next token moves.
# The measure is the **total variation**: the share of probability that changed its place, from 0 to 1.


# %%
def moved(model, layers):
    """How far the next token's probabilities move without PLE at some layers, from 0 to 1."""
    edits = {f"layers.{layer}.ple.output": np.zeros((1, 1, 1), np.float32) for layer in layers}
    before = np.exp(model.trace(prompt, sites=()).log_probabilities())
    after = np.exp(model.trace(prompt, sites=(), edits=edits).log_probabilities())
    return 0.5 * np.abs(after - before).sum()


layers = range(model.config.layers)
change = [moved(model, [layer]) for layer in layers] + [moved(model, layers)]
bars([*layers, "all"], {"moved": change}, f"{E_MODEL} without PLE", "total variation", top=1)

# %% [markdown]
# A large number alone proves little: any network is moved when a part is torn out. So here is the baseline, **a
# network of `tiny-e`'s shape with random weights** that was never trained. Where the two differ, it is training that
# made the difference.

# %%
BASELINE_MODEL = "random-e"
untrained = load(BASELINE_MODEL)
layers = range(untrained.config.layers)
change = [moved(untrained, [layer]) for layer in layers] + [moved(untrained, layers)]
bars([*layers, "all"], {"moved": change}, f"{BASELINE_MODEL} without PLE", "total variation", top=1)

# %% [markdown]
# ## Look: the table read backwards
#
# The token table is used twice. At the end, the stream is normed and multiplied with *every* row, and the best
# fitting row is the next token. Nothing forbids to do that earlier. Read the stream out after each layer as if the
# network ended there: this is the **logit lens**.
#
# Each row below is a depth, with the embedding at the bottom; each column is a token, and a cell shows the token that
# would come next. The small number is the rank of the one that really does: 1 is the first choice. A long text goes on
# to the right: scroll, or press End. Before you run it: what will the lowest row say, where nothing has happened yet
# but the lookup?

# %%
lens = widgets.LogitLens(model, prompt)
lens

# %%
ids = [token.id for token in lens.trace.tokens]
best = lens.reading.top_ids[:, :-1, 0]  # each depth's first choice, after each token but the last
itself, following = (best == ids[:-1]).mean(1), (best == ids[1:]).mean(1)
depths = [row["name"].removeprefix("layer ") for row in lens.reading.rows]
chance = [1 / model.config.vocab_size] * len(depths)
series = {"the token itself": itself, "the next token": following, "chance": chance}
bars(depths, series, "Where the lens's first choice is", "share of the tokens")

# %% [markdown]
# At the embedding, a token's row nearly always fits itself best: what was put in is read out. That is what *tied*
# means. From layer to layer the stream stops saying what was read and begins to say what comes next. (Layers in between
# were not trained to be read this way. What the lens does not show may still be there.)
#
# Now choose "predicted token" as the **target**, and click the last token in the top row. The bars below the picture
# take the score of its first choice apart: so much came from the embedding, from each layer's attention, MLP and PLE.
# Find the longest bar of PLE, and compare with the chart above, where PLE was switched off. What was *added* directly
# and what is *missed* are two measurements: a layer's note also steers what later layers do.
#
# ## Exercise 1: the tables
#
# Count them yourself. A config has `vocab_size`, `width` (D), `ple_vocab_size`, `layers` and `ple_dim` (P, 0 in a
# model without PLE).


# %% tags=["exercise"]
def table_parameters(config):
    """Two numbers: the parameters of the token table, and of the per-layer table."""
    ...


# %%
check(table_parameters)

# %% [markdown]
# ## Exercise 2: a layer
#
# Attention projects the stream (D wide) to queries, keys and values, and back. Queries and the output have
# `layer.heads` heads of `layer.head_dim` numbers; keys and values have `layer.kv_heads`. A layer that `borrows` has
# no keys and values; where `key_is_value` is set, one projection serves both. The MLP has three matrices between D
# and `layer.feedforward`: gate, up, down.


# %% tags=["exercise"]
def layer_parameters(layer, width):
    """Parameters of one layer's attention and dense MLP. layer: a row of plan(config)."""
    ...


# %%
check(layer_parameters)

# %% [markdown]
# A row of the plan, to look at while you write:

# %%
for name, value in asdict(plan(preset("e2b"))[0]).items():
    print(f"{name:20s} {value}")

# %% [markdown]
# ## Exercise 3: tokens to vectors
#
# Rows are stored small, with a variance of about 1/D. The layers want about 1. What is the factor?


# %% tags=["exercise"]
def embed(table, ids):
    """The rows of some ids, scaled to a variance of about 1. table [V,D], ids [T] -> [T,D]"""
    ...


# %%
check(embed)

# %% [markdown]
# ## Exercise 4: two into one
#
# The short vector that a layer gets is made of two. `token` is the row of the table: the same wherever the token
# stands, stored with a variance of about 1/P. `context` was computed from the embedding and normed, to a variance
# of 1. Bring the token to the same variance, add both, and make the variance of the sum 1 again.


# %% tags=["exercise"]
def combine(token, context):
    """What each layer gets. token, context [T,L,P] -> [T,L,P]"""
    ...


# %%
check(combine)

# %%
hint("combine")

# %% [markdown]
# ## Stretch
#
# * How many bytes of the PLE table does a text of 1,000 tokens need at most, and how many does the table have?
# * Draw `widgets.ArchitectureMap` of "e4b" and of "31b". Which of E2B's savings are gone?
# * In the prompt above, put the same token twice. Which of PLE's two halves can tell the two apart?
#
# ## Take away
#
# **A parameter that is looked up costs memory and hardly any arithmetic. Half of E2B is one such table, from which
# each layer gets its own short note about each token.**
#
# ## Now on the real one
#
# Set `E_MODEL = "e2b-it"` above, restart, and run all: the same cells. Predict first: will PLE add most at the lowest
# layers, in the middle, or at the top?

# %%
fits("e2b-it")
