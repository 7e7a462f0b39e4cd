# %% [markdown]
# # 0 · The tour
#
# **Which experts read your words, and does it matter?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 10 minutes | nothing | 1 GB | none: everything here runs offline |
#
# In most language models every word passes through the same machinery. In a *mixture of experts* it does not.
# Each layer holds many small networks, the **experts**, and a **router** that sends each token to a few of
# them. Gemma 4 26B-A4B is such a model: 128 experts in each layer, of which 8 read any one token.
#
# Beside the experts, one ordinary (*dense*) network reads every token, so no token is ever lost.
#
# You will type a sentence, see which experts each token woke, switch one off, and measure what that did.
#
# The model here is `tiny-moe`. It has the same parts in the same order, but it is small enough for a laptop:
# six layers, 32 experts in each, two chosen for each token. It was trained by this project, on text that this
# project generated: little stories, sums, short Python functions, phrases in many languages. What you find in
# it is true of `tiny-moe`. It is not a finding about Gemma.

# %%
import numpy as np

import g4lab
from g4lab import widgets
from g4lab.tracing import balance, routing

MODEL = "tiny-moe"
model = g4lab.load(MODEL)
model

# %% [markdown]
# ## Predict
#
# The sentence below is cut into tokens (words or pieces of words). In each layer the router sends each token
# to two of 32 experts. When the model has read the whole sentence, **how many of the 32 experts of a layer
# have read nothing at all?**
#
# Write a number down before you go on. A wrong guess teaches more than no guess.

# %%
prompt = "Once there was a little dog called Hana, who loved the river. Hana was looking for a"
my_guess = None  # a number from 0 to 32

# %% [markdown]
# ## Run
#
# `trace` lets the model read the sentence and keeps what the routers did. Beside what was found stands what
# **pure chance** would leave: if every token drew its experts at random, an expert would be missed by all T
# tokens with probability $(1 - C/E)^T$, where C of E experts are chosen for a token. The range is what 99 of 100
# random routings keep to.
#
# (`<bos>`, the control token that opens every text, is left out of the count.)

# %%
trace = model.trace(prompt)
experts, chosen, tokens = model.config.experts, model.config.chosen, len(trace) - 1

print("tokens       ", tokens)
print("your guess   ", my_guess)
expected = experts * routing.chance_unused(tokens, experts, chosen)
at_random = balance.random_counts(tokens, experts, chosen, draws=10_000, seed=0)
low, high = np.quantile((at_random == 0).sum(1), [0.005, 0.995])
print(f"pure chance   {expected:.1f} ({low:.0f} to {high:.0f})")
for layer in trace.routed_layers:
    unused = routing.unused_share(trace.routing(layer).experts[1:], experts)
    print(f"layer {layer}      ", round(experts * unused), f"of {experts} experts read nothing")

# %% [markdown]
# Compare each layer with chance before you explain anything. A large part of "many experts never fire" is what
# chance gives for a short text; only a layer outside the range has something left to explain. A number needs
# its baseline beside it, and in this course it always has one.

# %% [markdown]
# ## Look
#
# Run the next cell. Layers run upward, as the data flows: your text enters at the bottom. A column is a
# *place*, the number of an expert; expert 5 of one layer has nothing to do with expert 5 of another. (The
# mark beside a layer is strong where it sees the whole text, pale where it sees a window of it: see chapter 4.)
#
# * **Point** at a token: its two experts light up in every layer, and the ticks under the tokens show their
#   places in the layer marked ▸. **Click** it to pin it. Point away and you see the mean over the whole text
#   again.
# * The bars at the right are the **load**: how many tokens each expert read. The dashed line is chance. The
#   grey band is where chance would keep *all* 32 experts in 99 of 100 random routings: a bar inside it is
#   nothing to explain.
# * **show**: `weight` is what an expert's output is multiplied by; `prob` is what the router thought of all
#   32, chosen or not; `entropy` tells how undecided it was: 0 bits is certain, 5 bits is no preference at
#   all.
# * **layer**: choose one to see all tokens of that layer, one below the other.
# * **Type** your own sentence into the box and press Enter. Try a sum, such as `24+28=`, or a line of Python.
#
# By keyboard: Tab enters the picture, arrows move, Enter pins, Esc lets go. The sentence at the bottom says
# in words what is selected.

# %%
explorer = widgets.RoutingExplorer(model, prompt)
explorer

# %% [markdown]
# ## Does it matter?
#
# A picture of routing shows where tokens went. It does not show that it made a difference. For that, take
# something away and see what changes.
#
# 1. In the picture above, find "next token": what the model expects to follow your text.
# 2. Pin the **last** token. Click one of its two experts, in any layer.
# 3. **Predict**: by how much will the log-probability of the favourite change when this expert is gone? A
#    change of −0.7 halves a probability, −2.3 leaves a tenth. Write it down.
# 4. Press **Switch off**. The model reads the text again; no token can reach that expert. Compare the
#    outlined bars (before) with the filled ones (after).
# 5. Press **Reset** and try the other expert, another layer, another token's expert. Then **Force** one, or
#    **Swap** two.
#
# Which was the largest change you could make with a single expert? Was it an expert with a large weight? In
# which layer?

# %% [markdown]
# The same from Python, where it can be repeated and counted: switch off the expert that the last token wants
# most, one layer at a time. Two texts, because one would be an anecdote: in the first, what comes next is open;
# in the second, the text itself has already said it.

# %%
for text in (prompt, prompt + " purple ball. But the"):
    explored = widgets.RoutingExplorer(model, text)
    before = explored.before
    favourite = before.next_token(1)[0]
    print(f"after {text[-20:]!r} the favourite is {favourite.text!r}", end=", ")
    print(f"probability {favourite.probability:.3f}")
    for layer in before.routed_layers:
        expert = int(before.routing(layer).experts[-1, 0])
        explored.reset()
        explored.switch_off(layer, expert)
        change = (explored.after.log_probabilities() - before.log_probabilities())[favourite.id]
        print(f"   without expert {expert:2d} of layer {layer}", end=" ")
        print(f"its log-probability changes by {change:+.3f}")

# %% [markdown]
# Do the two texts agree on how much a single expert matters? Where they differ, think about what else could carry
# the token through: the second chosen expert, the dense network, the layers that follow.

# %% [markdown]
# ## Take away
#
# **A router sends each token to a few experts. Where the tokens go is a question for a picture, with chance
# drawn beside it; whether it matters is a question for an experiment.**
#
# Keep what you found: `explorer.static()` is the picture as one self-contained HTML text (save it with
# `open("routing.html", "w").write(explorer.static())`; it opens in any browser, offline), `explorer.to_csv()`
# has its numbers, and `trace.save("run.npz")` keeps the run itself: `g4lab.Trace.load("run.npz")` opens it on
# a machine without any model.

# %% [markdown]
# ## Now on the real one
#
# Every cell above runs unchanged on Gemma 4 itself. Set `MODEL = "26b-a4b-it"` in the first cell, restart,
# and run all. It is downloaded once (about 50 GB) and needs as much memory; `g4lab doctor`, in a terminal,
# says what this machine can run. With 128 experts and 8 chosen for a token, what will pure chance leave
# unused? Predict first.
