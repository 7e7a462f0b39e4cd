# %% [markdown]
# # 3 · Positions
#
# **How does a head know distance, and why turn only a quarter?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 40 minutes | 2 · embeddings | 1 GB | none: everything here runs offline |
#
# Attention compares a **query** (what is this token looking for?) with every **key** (what does that token offer?)
# by a dot product. A dot product knows nothing of places: shuffle the keys and it is the same. So the place is
# written into both vectors before they are compared, by *turning* them. This is **RoPE**, rotary positions.
#
# Take the features of a head in pairs, each pair an arrow in a plane, the hand of a clock. At position p the hand has
# turned by p times its own speed. Turn both vectors, and their dot product depends only on the difference of their
# angles: on the distance. Fast hands tell neighbours apart; slow ones tell far from near.

# %%
import numpy as np

import g4lab
from g4lab import widgets
from g4lab.config import preset
from g4lab.course import bars, check, fits, hint, lines, measured, predict
from g4lab.models.frequencies import inverse_frequencies
from g4lab.models.plan import plan

MODEL = "tiny-moe"
model = g4lab.load(MODEL)
tokenizer = model.tokenizer

# %% [markdown]
# ## Predict
#
# In a local layer of Gemma 4 E2B a head has 256 features, 128 pairs. The fastest pair turns by 1 radian per token,
# the slowest by a ten-thousandth of that, nearly. After how many tokens has the *slowest* pair come round once?

# %%
predict("tokens for one turn of the slowest local pair", None)

# %% [markdown]
# ## Run

# %%
rows = {row.kind: row for row in plan(preset("e2b"))}


def speed_of(row):
    """Radians per position of each pair of a layer's heads; 0 for the pairs that stand still."""
    return inverse_frequencies(row.head_dim, row.theta, row.rotary_pairs)


speeds = {kind: speed_of(row) for kind, row in rows.items()}
for kind, speed in speeds.items():
    turns = 2 * np.pi / speed[speed > 0]
    print(f"{kind}: {len(speed)} pairs, of which {len(turns)} turn;", end=" ")
    print(f"one turn takes from {turns[0]:.1f} to {turns[-1]:,.0f} tokens")
measured("tokens for one turn of the slowest local pair", 2 * np.pi / speeds["local"][-1])

# %% [markdown]
# In a global layer only a quarter of the pairs turn, the fastest 64 of 256. This is **p-RoPE**. Why leave the others
# alone? Follow a query and a key that are *equal*, and so fit perfectly, as they move apart. What is left of their dot
# product?

# %%
distance = np.arange(0, 2049, 16)
pairs = rows["global"].head_dim // 2
kinds = {
    "local": speeds["local"],
    "global": speeds["global"],
    "global, if all turned": inverse_frequencies(2 * pairs, rows["global"].theta, pairs),
}
left = {name: np.cos(np.outer(distance, speed)).mean(1) for name, speed in kinds.items()}
lines(distance, left, "Equal query and key, moved apart", "share left", of="distance in tokens")

# %% [markdown]
# The pairs that stand still keep their share at any distance: there, a head can ask *what* without asking *where*. A
# global layer reads a hundred thousand tokens back, and should find the right one wherever it stands. The turning
# quarter tells it the rest.
#
# ## Look
#
# Each dial is a pair. Drag the position and watch: fast hands race, slow ones crawl, and in the global layers most do
# not move at all. Below is what is left of the dot product at the distance of the two hands.

# %%
widgets.RopeDial("e2b")

# %% [markdown]
# ## Does it matter?
#
# A picture of turning is no proof that the model uses it. So turn everything *back*: queries and keys as if every
# token stood at the same place, first in the local layers, then in the global ones, then in both. How surprised is
# the model by texts of the kinds that it learned from?
#
# Before you run it, write down which hurts more.

# %%
from keras import ops

from g4lab.models.rope import angles, rotate


def turned_back(row):
    """An edit: undo the turn of a layer's queries or keys, [B,T,N,H]."""
    return lambda x: rotate(x, *angles(-ops.arange(x.shape[1])[None], speed_of(row)))


# %%
def without_positions(*kinds):
    found = {}
    for row in (row for row in model.plan if row.kind in kinds):
        for part in "q" if row.borrows else "qk":
            found[f"layers.{row.index}.attention.{part}"] = turned_back(row)
    return found


# %%
TEXTS = {
    "sums": "37+50=87\n12+34=46\n21+45=66\n",
    "a story": "Once there was a little dog called Hana, who loved the river. Hana was looking",
    "facts": "Kirzul knows Pia.\nNultar knows Lena.\nDurpun knows Ana.\nNultar knows Lena.\n",
}


def surprisal(text):
    """The mean over the tokens of -log p, in nats."""
    ids = [tokenizer.bos_id, *tokenizer.encode(text)]
    scores = model.logits(ids)[0, :-1].astype(float)
    scores -= scores.max(-1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores).sum(-1)) - scores[range(len(ids) - 1), ids[1:]]))


# %%
found = {"as it is": [surprisal(text) for text in TEXTS.values()]}
for kinds in (("local",), ("global",), ("local", "global")):
    with model.edit(without_positions(*kinds)):
        found["none in " + " and ".join(kinds)] = [surprisal(text) for text in TEXTS.values()]
size = model.config.vocab_size
print(f"a guess among all {size:,} tokens alike: {np.log(size):.2f} nats")
bars(TEXTS, found, "Without positions", "nats per token")

# %% [markdown]
# Compare the bars with your guess. In the model that comes with the package, taking the turn from the global layers
# changes almost nothing, and taking it from the local ones ruins the sums. Does that fit with what you saw above: who
# has to know *where*, and who may ask for *what* alone? (It is true of this small model on these texts. It is not yet
# a law.)
#
# ## Exercise 1: how fast
#
# A head of H features has H/2 pairs. Pair i turns by theta to the power of -2i/H, in radians per position.


# %% tags=["exercise"]
def frequencies(head_dim, theta):
    """Radians per position of each pair, the fastest first. -> [H/2]"""
    ...


# %%
check(frequencies)

# %% [markdown]
# ## Exercise 2: RoPE
#
# Turn feature i together with feature i + H/2. A turn by an angle a takes (x, y) to (x cos a - y sin a, y cos a +
# x sin a).


# %% tags=["exercise"]
def rope(x, position, theta):
    """The features of one head at a position. x [H] -> [H]"""
    ...


# %%
check(rope)

# %% [markdown]
# ## Exercise 3: p-RoPE
#
# Now only the fastest `fraction` of the pairs. The others keep their place. Careful with the speeds: they stay those
# of the *whole* head.


# %% tags=["exercise"]
def p_rope(x, position, theta, fraction):
    """As rope, for the first `fraction` of the pairs; the others stay as they are. x [H] -> [H]"""
    ...


# %%
check(p_rope)

# %%
hint("rope")

# %% [markdown]
# ## Stretch
#
# * In `kinds` above, add local speeds with a theta of 1,000,000. What does a larger theta buy, and what does it cost?
# * `without_positions` took the turn from every layer of a kind. Which single layer hurts most? Change it to find out.
# * Why must *both* the query and the key be turned, and why is the value not?
#
# ## Take away
#
# **Position is an angle. The dot product of two turned vectors knows their distance and nothing else, and the pairs
# that stand still ask what, not where.**
#
# ## Now on the real one
#
# `RopeDial` above already shows Gemma 4's own speeds: they are part of its config. For the experiment, set
# `MODEL = "e2b-it"` in the first cell, restart, and run all. Predict first: will the global layers matter more there?

# %%
fits("e2b-it")
