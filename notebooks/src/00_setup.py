# %% [markdown]
# # 0 · Setup
#
# **Will this machine run the course, and how does a chapter work?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 5 minutes | Python | 1 GB | none: everything here runs offline |
#
# The course opens Gemma 4 and looks at what is inside. It needs no graphics card, no account and no network: two small
# models came with the package, `tiny-moe` (with experts) and `tiny-e` (without). They were trained by this project on
# text that this project generated, so what you find in them is theirs and not a finding about Gemma. Where you have
# the memory, every chapter also runs on Gemma 4 itself.

# %% [markdown]
# ## Does it run here?
#
# The doctor looks at this machine. Nothing leaves it. Of the packages, the course needs those that are for nothing in
# particular, those for `lab`, and one of `jax`, `torch` and `tensorflow`; the others may be missing. In the last table,
# "fits in" says which sizes of Gemma 4 have room here (this version loads the rows that say bf16); if it says "nothing
# here" everywhere, the course still runs.

# %%
from g4lab.commands.doctor import doctor

doctor()

# %% [markdown]
# Now the model reads a sum and writes on. If a number appears below, everything that the course needs works.

# %%
import g4lab

model = g4lab.load("tiny-moe")
model.generate("37+50=", max_new_tokens=2, temperature=0)

# %% [markdown]
# ## Predict
#
# Each chapter asks you for a number *before* you see one. A wrong guess is worth more than none, because it shows you
# what you believed. Your guesses are kept on this machine, in a small file in your home folder.
#
# How many parameters (numbers that were learned) does `tiny-moe` have, in millions? Put your guess in place of
# `None`.

# %%
from g4lab.course import check, hint, measured, predict

predict("millions of parameters", None)

# %%
from g4lab.models.plan import parameter_counts

measured("millions of parameters", sum(parameter_counts(model.config).values()) / 1e6)

# %% [markdown]
# ## Exercise and check
#
# Each chapter asks you to write two to four functions of a few lines. Where `...` stands, your code goes. Then
# `check` tells you one of three things: you have not started, something does not hold yet (and what the likely
# mistake is), or it passed. You cannot break anything, and there is no limit to the tries.
#
# This one is from chapter 4. Which tokens may a token read, when a model must not look into the future? Row `t` and
# column `s` of the result say whether token `t` may read token `s`. As a start, here is row minus column for five
# tokens: how far back each token lies.

# %%
import numpy as np

np.arange(5)[:, None] - np.arange(5)[None, :]

# %% [markdown]
# Now you:


# %% tags=["exercise"]
def causal(length):
    """True where a query (row) may read a key (column). -> [length, length] bool"""
    ...


# %%
check(causal)

# %% [markdown]
# Stuck? There are three hints to every exercise, the last of which is nearly the answer. (And `solution("causal")`
# is the answer. It is better the day after.)

# %%
hint("causal", 1)

# %% [markdown]
# ## Take away
#
# **Predict, run, look, write it yourself, check.** Go on with the tour (`00_tour`), which shows what there is to see,
# or with chapter 1.
#
# | chapter | question | minutes |
# |---|---|---|
# | 0 · tour | Which experts read your words, and does it matter? | 10 |
# | 1 · tokens | Why does one word cost one token and another six? | 35 |
# | 2 · embeddings | What is in a 5.1 B model that acts like 2.3 B? | 40 |
# | 3 · positions | How does a head know distance, and why turn only a quarter? | 40 |
# | 4 · attention | Who may look at whom, and which layers own memory? | 55 |
# | 5 · experts | Which experts wake, is it balanced, and does it matter? | 45 |
# | 6 · pictures | How does a 3:1 photo become at most 280 tokens? | 40 |
# | 7 · sound | What does a second of speech cost? | 40 |
#
# ## Now on the real one
#
# The same question for Gemma 4 E2B, the smallest released size. Nothing is downloaded by asking.

# %%
from g4lab.course import fits

fits("e2b-it")
