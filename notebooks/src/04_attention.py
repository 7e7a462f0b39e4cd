# %% [markdown]
# # 4 · Attention
#
# **Who may look at whom, and which layers own memory?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 55 minutes | 3 · positions | 1 GB | none: everything here runs offline |
#
# In attention a token reads from others: it takes a weighted mean of their *values*, where the weights say how well
# its *query* fits their *keys*. Two rules decide what it may read.
#
# * **No future.** A token reads itself and what came before.
# * **A window.** In a *local* layer it reads only the last W tokens. In a *global* layer it reads everything. Most
#   layers are local: in Gemma 4 four or five of them stand below each global one.
#
# What is read later must be kept. Keys and values of all tokens so far are the model's short-term memory, the **K/V
# cache**, and for long texts it outgrows everything else. So Gemma saves: a local layer keeps one window, and in the
# E models the upper layers own no keys and values at all. They **borrow** those of a layer below.

# %%
import numpy as np

import g4lab
from g4lab import widgets
from g4lab.config import preset
from g4lab.course import bars, check, fits, hint, load, measured, predict
from g4lab.tracing.memory import cache_by_layer

MODEL = "tiny-moe"
model = g4lab.load(MODEL)
for row in model.plan:
    print(row.index, row.kind, row.window or "")

# %% [markdown]
# ## Predict
#
# A text says three facts, then something else, and then asks for one of the facts. The fact stands further back than
# a local layer can see. Normally the model answers right. When what the **global** layers read is taken away, what is
# the probability that it still gives the right answer? (Three names were mentioned as answers.)

# %%
predict("probability of the fact without global layers", None)

# %% [markdown]
# ## Run

# %%
FACTS = {"Kirzul": " Pia", "Nultar": " Lena", "Durpun": " Ana"}
told = "".join(f"{name} knows{friend}.\n" for name, friend in FACTS.items())
between = (
    "Gus walked to the forest with a hen. There was a bell beside the tower. The goat sat near "
    "the tower. Milo walked to the bridge with a horse. Kai gave the coat to Eli.\n"
)
questions = {name: f"{told}{between}{name} knows" for name in FACTS}
print(questions["Nultar"])
count = len(model.tokenizer.encode(between))
print(f"{count} tokens stand between; a local layer sees {model.config.window}")


# %%
def without(model, kind):
    """Edits that put what all heads of one kind of layer read to 0."""
    layers = [row.index for row in model.plan if row.kind == kind]
    return {f"layers.{layer}.attention.heads": lambda x: x * 0 for layer in layers}


def chances(model, edits=None):
    """The probability of the right answer to each question."""
    traces = {name: model.trace(text, sites=(), edits=edits) for name, text in questions.items()}
    answers = {name: model.tokenizer.encode(friend)[0] for name, friend in FACTS.items()}
    return [float(np.exp(traces[name].log_probabilities()[answers[name]])) for name in FACTS]


# %%
found = {"all layers": chances(model)}
for kind in ("global", "local"):
    found[f"no {kind}"] = chances(model, without(model, kind))
found["one of three"] = [1 / len(FACTS)] * len(FACTS)
bars(FACTS, found, "A fact from beyond the window", "probability of the right answer")

# %%
measured("probability of the fact without global layers", np.mean(found["no global"]))

# %% [markdown]
# A fact from beyond the window can only come through the global layers: nothing else reaches that far. (Nearly
# nothing. Two local layers, one above the other, reach two windows, if the lower one passes something on.) To
# remember no more than the three names would give one right answer in three. Without the global layers the model is
# below even that: the names are out of sight. But see the third bar too: without the local layers the answer fails as
# well. Something must first notice that a name and a friend stand side by side, and that is work for neighbours.
#
# ## Look
#
# Every head of every layer for one of the questions. Rows are the tokens that read, columns the tokens that are read.
# Local layers show their band. Choose a head to see it in full; the finder ranks heads by what they do, each beside
# what a head that reads everything alike would score. **Cut** a head and see what happens to the next token.

# %%
explorer = widgets.AttentionExplorer(model, questions["Nultar"])
explorer

# %% [markdown]
# Find the head that answers: the row of the last token, and in it the column of the friend. Which layers have such
# heads? Cut the best one. Is one head enough to lose the answer?
#
# The same from Python, where it can be counted: cut every head alone, then all heads of a layer together. What is
# measured is the change in the log-probability of the right answer. -0.7 halves it, -2.3 leaves a tenth, and a cut
# that does nothing stands at 0.

# %%
from g4lab.models.cutting import edits as cut

answer = model.tokenizer.encode(FACTS["Nultar"])[0]
heads = range(model.config.heads)


def score(places=()):
    edits = cut(places, model.config.heads)
    return model.trace(questions["Nultar"], sites=(), edits=edits).log_probabilities()[answer]


whole = score()

# %%
places = [(row.index, head) for row in model.plan for head in heads]
alone = {place: score([place]) - whole for place in places}
layer, head = min(alone, key=alone.get)
print(f"the worst single cut: head {head} of layer {layer}, {alone[layer, head]:+.4f} nats")
together = [score([(row.index, head) for head in heads]) - whole for row in model.plan]
names = [f"{row.index} {row.kind}" for row in model.plan]
bars(names, {"change": together}, "All heads of one layer cut", "nats")

# %% [markdown]
# Compare the two. If no single head is needed but a layer is, then its heads can stand in for each other. And layers?
# See what the loss of *one* global layer does here, and what the loss of all of them did above. A head that looks at
# the right place has been *seen* to look; whether it is *needed* only a cut can tell.
#
# ## Exercise 1: no future
#
# If you wrote it in the setup, write it again from memory.


# %% tags=["exercise"]
def causal(length):
    """True where a query (row) may read a key (column). -> [length, length] bool"""
    ...


# %%
check(causal)

# %% [markdown]
# ## Exercise 2: a window


# %% tags=["exercise"]
def sliding(length, window):
    """As causal, but a token reads at most `window` keys: the last ones, itself among them."""
    ...


# %%
check(sliding)

# %% [markdown]
# ## Exercise 3: pictures look at themselves
#
# A picture enters as a row of soft tokens, and its parts have no before and after. In the local layers of 26B-A4B and
# 31B the tokens of one picture may read each other both ways. The window still holds.


# %% tags=["exercise"]
def with_pictures(length, window, pictures):
    """As sliding, and tokens of one picture also read the later ones of it.

    pictures: a list of (start, end), where `end` is the first token after the picture.
    """
    ...


# %%
check(with_pictures)

# %% [markdown]
# ## Exercise 4: who owns, who borrows
#
# In E2B the last 20 of 35 layers borrow. A borrower reads the keys and values of the *last* owner of its own kind
# (local and global heads differ in size).


# %% tags=["exercise"]
def owners(kinds, shared):
    """For each layer the layer whose keys and values it reads. The last `shared` layers borrow.

    kinds: a list such as ["local", "global", "local"] -> a list of layer numbers
    """
    ...


# %%
check(owners)

# %%
hint("owners")

# %% [markdown]
# ## Look: what memory costs
#
# The cache of E2B for a text of 131,072 tokens, layer by layer, beside what it would take if every layer kept all
# tokens for itself with the widest head.

# %%
rows = cache_by_layer(preset("e2b"), 131_072)
kept = sum(row.bytes for row in rows) / 1e9
uniform = sum(row.uniform_bytes for row in rows) / 1e9
own = sum(row.owner == row.index for row in rows)
print(f"{own} owners, {len(rows) - own} borrowers; {kept:.2f} GB")
print(f"if all {len(rows)} layers were global and owned theirs: {uniform:.2f} GB")
layers = [row.index for row in rows]
memory = {
    "as it is": [row.bytes / 1e6 for row in rows],
    "all global, owners": [row.uniform_bytes / 1e6 for row in rows],
}
bars(layers, memory, "K/V of E2B at 131,072 tokens", "MB")

# %% [markdown]
# Three global owners hold nearly all of it. The local owners keep 512 tokens each: hardly enough to see at this scale.
# The borrowers keep nothing.
#
# ## Is borrowing a trick of the cache?
#
# No. It is part of the model: a borrower reads the owner's keys and values whether or not anything is cached, also in
# training. So generating with a cache must give exactly what reading the whole text anew for every token gives.
# (Programs that treated it as a trick of the cache have computed nonsense as soon as the cache was off.)
#
# `tiny-e` has E2B's shape: four of its seven layers borrow. This project trained it. Its window is 16 tokens, so even
# more of the text lies beyond it.

# %%
E_MODEL = "tiny-e"
shared = load(E_MODEL)
print([f"{row.index} reads {row.owner}" for row in shared.plan if row.borrows])
start = [shared.tokenizer.bos_id, *shared.tokenizer.encode(questions["Nultar"])]
with_cache = shared.generate(start, max_new_tokens=40, temperature=0)
print(repr(with_cache))

# %%
ids = list(start)
while len(ids) < len(start) + 40:
    likeliest = int(shared.logits(ids)[0, -1].argmax())
    if likeliest in shared.stop_ids:
        break
    ids.append(likeliest)
anew = shared.tokenizer.decode(ids[len(start) :])
print(f"{len(ids) - len(start)} tokens written; the window is {shared.config.window}")
print("with the cache and anew, the same text:", with_cache == anew)

# %% [markdown]
# Does it, too, need its global layers for a fact from beyond the window? One of its two global layers borrows from the
# other: both read the same keys and values, with other queries.

# %%
found = {"all layers": chances(shared)}
for kind in ("global", "local"):
    found[f"no {kind}"] = chances(shared, without(shared, kind))
found["one of three"] = [1 / len(FACTS)] * len(FACTS)
bars(FACTS, found, f"{E_MODEL}: a fact from beyond the window", "probability of the right answer")

# %% [markdown]
# Is an owner that many layers read missed more? Put an owner's values to 0, and what it lends is gone as well. In
# `tiny-e` layer 2 is read by four layers, the global layer 1 by two. Predict which of them this question needs. The
# total variation says which share of the next token's probability moves.


# %%
def moved(site):
    before = np.exp(shared.trace(start, sites=()).log_probabilities())
    after = np.exp(shared.trace(start, sites=(), edits={site: lambda x: x * 0}).log_probabilities())
    return 0.5 * np.abs(after - before).sum()


own = [row for row in shared.plan if not row.borrows]
lent = {row.index: sum(other.owner == row.index for other in shared.plan) for row in own}
labels = [f"layer {row.index}, read by {lent[row.index]}" for row in own]
change = [moved(f"layers.{row.index}.attention.v") for row in own]
bars(labels, {"moved": change}, "Values of an owner gone", "total variation")

# %% [markdown]
# How many layers read an owner and how much it is missed are two measurements: did they agree?
#
# > **A myth.** In 26B-A4B and 31B, "K equals V" on the global layers. It is often said that this halves their cache.
# > It does not. Keys and values start from one *projection*, which saves parameters. Then the key is normed with a
# > learned scale and turned by its position; the value is normed without a scale and not turned. They are two
# > different vectors, and both are kept.
#
# `tiny-moe` has it as well. If keys and values were the same vector, their cosine would be 1 for every token. For two
# random directions it is 0, give or take the last number. Having one source, they are alike; they are not the same.

# %%
layer = next((row.index for row in model.plan if row.key_is_value), None)
if layer is None:
    print(f"{model.name} has no such layers")
else:
    sites = [f"layers.{layer}.attention.{part}" for part in "kv"]
    read = model.trace(questions["Nultar"], sites=sites)
    k, v = (read[site].astype(float) for site in sites)
    cosine = (k * v).sum(-1) / np.linalg.norm(k, axis=-1) / np.linalg.norm(v, axis=-1)
    print(f"layer {layer}: cosine of key and value {cosine.mean():.2f}")
    print(f"random directions: 0 ± {k.shape[-1] ** -0.5:.2f}")

# %% [markdown]
# ## Stretch
#
# * Make `between` shorter, until the facts are inside the window. Can the local layers alone answer now?
# * Which of E2B's 35 layers could not be local without losing sight of the beginning of the text?
# * In `widgets.ArchitectureMap("26b-a4b")`, find the cache of a global layer. How would it change if keys and values
#   really were the same?
#
# ## Take away
#
# **Local layers know the neighbours, global layers know the text. Memory belongs to the layers that own it, and that
# is decided by the model, not by the cache.**
#
# ## Now on the real one
#
# Set `E_MODEL = "e2b-it"` (or, for the first half, `MODEL = "26b-a4b-it"`) in the cells above, restart, and run all.
# Gemma 4's window is 512 or 1,024: make `between` longer, for example `between * 30`. Predict first: does the larger
# model need its global layers as much?

# %%
fits("e2b-it")
