# %% [markdown]
# # 5 · Experts
#
# **Which experts wake, is it balanced, and does it matter?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 45 minutes | 4 · attention | 1 GB | none: everything here runs offline |
#
# Gemma 4 26B-A4B knows as much as 26 billion parameters hold, and computes with 4 billion of them for each token.
# In every layer 128 small networks, the **experts**, stand beside one ordinary (*dense*) network. A **router** looks
# at each token, gives every expert a probability, and sends the token to the eight likeliest. What they write is
# added up, weighted, beside what the dense network writes.
#
# `tiny-moe` has the same parts: 32 experts in each of six layers, two chosen for a token. In the tour you watched
# them. Now you count, build the router, and measure whether it matters.

# %%
import numpy as np

import g4lab
from g4lab import widgets
from g4lab.course import bars, check, fits, hint, measured, predict
from g4lab.tracing.balance import balance
from g4lab.tracing.routing import chance_unused, expert_counts, unused_share

MODEL = "tiny-moe"
model = g4lab.load(MODEL)
experts, chosen = model.config.experts, model.config.chosen

# %% [markdown]
# ## Predict
#
# Below is a sum, `37+50=87`: nine tokens with the mark that opens every text. Each token draws two of 32 experts. You
# may have heard that "a large part of the experts never fires". **How many percent of a layer's experts read nothing
# of this text?**

# %%
predict("percent of experts unused by a short sum", None)

# %% [markdown]
# ## Run

# %%
SUM = "37+50=87"
trace = model.trace(SUM)
ROUTED = trace.routed_layers
unused = [100 * unused_share(trace.routing(layer).experts, experts) for layer in ROUTED]
chance = [100 * chance_unused(len(trace), experts, chosen)] * len(ROUTED)
bars(ROUTED, {"found": unused, "chance": chance}, "Experts that read nothing", "percent")

# %%
measured("percent of experts unused by a short sum", np.mean(unused))

# %% [markdown]
# More than half are unused, and nearly all of that is chance: few tokens cannot wake many experts. A claim about
# routing needs enough tokens, and it needs chance beside it. With 20 tokens, 8 of 128: (1 - 8/128)^20 = 27.5 %. That is
# the famous "quarter of the experts that never fires", found in a model that draws its experts by lot.
#
# So take more text: six short documents of different kinds, each read by itself. How even is the load? Four measures
# say it. **CV** is the spread of the experts' loads over their mean. **MaxVio** is how far the busiest expert lies
# above an even share. **Load entropy** is 1 when all are asked alike and 0 when one is asked always; as **effective
# experts** it says how many experts, asked alike, would be as even. Beside each stands what random routing gives (in
# 99 of 100 draws).

# %%
TEXTS = {
    "story": "Once there was a little dog called Hana, who loved the river. Hana was looking",
    "sums": "37+50=87\n12+34=46\n21+45=66\n",
    "phrases": "French: red = rouge; house = maison; one = un; good morning = bonjour;",
    "facts": "Kirzul knows Pia.\nNultar knows Lena.\nDurpun knows Ana.\nNultar knows Lena.\n",
    "scene": "A purple box lay on the ground. Milo walked to the bridge with a horse.",
    "again": " ver bun ran dar nan lun bur" * 3,
}
traces = {name: model.trace(text) for name, text in TEXTS.items()}
LAYER = ROUTED[-1]
everything = np.concatenate([read.routing(LAYER).experts for read in traces.values()])

# %%
found = balance(everything, experts)
print(f"layer {LAYER}, {len(everything)} tokens; even is 0, 0, 1, {experts}")
for measure in (found.cv, found.max_violation, found.entropy, found.effective):
    null = measure.null
    print(f"  {measure.name:18s} {measure.value:6.3f}", end="   ")
    print(f"chance {null.expected:6.3f} ({null.low:.3f} to {null.high:.3f})")

# %% [markdown]
# Which of the four lie outside what random routing gives? That is more than chance, and not yet a preference of the
# router: a text repeats its words, and random routing draws anew for each of them. (Read the last text of the six.)
#
# ## Look
#
# The bars at the right are the load of each expert, the dashed line is chance, and the grey band holds all experts at
# once in 99 of 100 random routings. Point at a digit, then type a line of the story and point at a word: do they wake
# the same experts?

# %%
explorer = widgets.RoutingExplorer(model, TEXTS["sums"])
explorer

# %% [markdown]
# ## Does it matter?
#
# An expert with a high load is busy. Is it also needed? Switch off each of the experts of one layer, one by one, and
# measure how much more surprised the model is by each text. An expert that read nothing of a text must change nothing
# about it: that is the control.

# %%
from g4lab.models.rerouting import Reroute, edits


def surprisal(text, changes=()):
    """The mean over the tokens of -log p, in nats."""
    read = model.trace(text, sites=("logits",), edits=edits(changes, ROUTED, experts))
    scores, ids = read["logits"][:-1].astype(float), [token.id for token in read.tokens][1:]
    scores -= scores.max(-1, keepdims=True)
    return np.mean(np.log(np.exp(scores).sum(-1)) - scores[range(len(ids)), ids])


# %%
whole = {name: surprisal(text) for name, text in TEXTS.items()}
lost = {}
for name, text in TEXTS.items():
    without = [surprisal(text, [Reroute("off", LAYER, expert)]) for expert in range(experts)]
    lost[name] = np.array(without) - whole[name]
load = {name: expert_counts(read.routing(LAYER).experts, experts) for name, read in traces.items()}
control = max(np.abs(lost[name][load[name] == 0]).max(initial=0) for name in TEXTS)
print(f"the control: experts that read nothing change a text by at most {control:.6f}")

# %%
for name in TEXTS:
    worst, busiest = lost[name].argmax(), load[name].argmax()
    print(f"{name:8s} surprisal {whole[name]:.2f}", end="; ")
    print(f"without expert {worst:2d} {lost[name][worst]:+.3f} (the most)", end=", ")
    print(f"without the busiest, {busiest:2d}, {lost[name][busiest]:+.3f}")
several = {name: lost[name] for name in ("story", "sums", "phrases")}
bars(range(experts), several, f"One expert of layer {LAYER} switched off", "nats per token")

# %% [markdown]
# Some losses are below 0: each text is one short sample, part of which nobody could foresee (which number comes
# next?), and without an expert the next likeliest steps in. Is the busiest expert the one that is missed most? Is it
# the same one for every kind of text? What else could make an expert important, besides how often it is asked?
#
# ## Exercise 1: the router
#
# For each token: a softmax over *all* experts, the `chosen` likeliest of them, and their probabilities divided by
# their sum.


# %% tags=["exercise"]
def route(logits, chosen):
    """The experts of each token, the likeliest first, and their weights, which sum to 1.

    logits [T,E] -> experts [T,C] int, weights [T,C], with C = chosen
    """
    ...


# %%
routed = check(route)
routed

# %% [markdown]
# ## Exercise 2: a learned scale
#
# Each expert has one learned number. The weight of a chosen expert is multiplied by it, and that is the weight that
# counts. (So the effective weights need not sum to 1.)


# %% tags=["exercise"]
def scaled(experts, weights, expert_scale):
    """Each weight times its expert's scale. experts, weights [T,C], expert_scale [E] -> [T,C]"""
    ...


# %%
rescaled = check(scaled)
rescaled

# %% [markdown]
# Your two functions against the model itself: its logits in, its experts and weights out. When both checks have
# passed, the differences below are rounding.

# %%
from keras import ops

variables = model.network.named_variables()
expert_scale = ops.convert_to_numpy(variables[f"layers.{LAYER}.router.expert_scale"])
routing = traces["sums"].routing(LAYER)
if routed and rescaled:
    yours, weights = route(routing.logits.astype(float), chosen)
    weights = scaled(yours, weights, np.asarray(expert_scale, float))
    print("the same experts:", bool((yours == routing.experts).all()))
    print("largest difference of a weight:", np.abs(weights - routing.weights).max())
else:
    print("not yet: both checks have to pass")

# %% [markdown]
# ## Exercise 3: the sum
#
# Add the dense branch and the experts. (The real model computes only the chosen experts: that is the saving. The sum
# over all with weight 0 for the others would be the same, and the check holds you to it.)


# %% tags=["exercise"]
def feedforward(x, dense, expert, experts, weights):
    """dense(x), plus for every token the weighted sum of what its experts write.

    x [T,D]; dense(x) -> [T,D]; expert(e, x[t]) -> [D]; experts, weights [T,C] -> [T,D]
    """
    ...


# %%
check(feedforward)

# %% [markdown]
# ## Exercise 4: chance
#
# Which share of the experts is left unread when T tokens draw C different experts of E at random?


# %% tags=["exercise"]
def unused_by_chance(tokens, experts, chosen):
    """A share from 0 to 1."""
    ...


# %%
check(unused_by_chance)

# %%
hint("route")

# %% [markdown]
# ## Stretch
#
# * Repeat the experiment with another `LAYER`. Where does a single expert matter most?
# * Swap two experts instead: `Reroute("swap", LAYER, 3, 17)`. Is that worse than switching one of them off?
# * Take the dense branch away: `model.edit({"layers.*.dense.output": lambda x: x * 0})`. Then take the experts away:
#   `"layers.*.experts.output"`. Which does the text miss more?
#
# ## Take away
#
# **Load is where tokens go, importance is what is lost without: two measurements. And of both, chance comes first.**
#
# ## Now on the real one
#
# Set `MODEL = "26b-a4b-it"` in the first cell, restart, and run all: the same cells, 128 experts in each of 30 layers.
# Predict first: with eight chosen for each token, how much is lost without a single one?

# %%
fits("26b-a4b-it")
