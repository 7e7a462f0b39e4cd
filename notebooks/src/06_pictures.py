# %% [markdown]
# # 6 · Pictures
#
# **How does a 3:1 photo become at most 280 tokens?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 40 minutes | 4 · attention | 1 GB | none: everything here runs offline |
#
# A language model reads vectors, one for each token. A picture is made of pixels. Four steps lead from one to the
# other.
#
# 1. The picture is **resized**, up or down, without a change of shape, so that it fits a *budget* of tokens.
# 2. It is cut into **patches** of 16 x 16 pixels.
# 3. The **vision encoder**, a transformer of its own, reads the patches. Each of them reads all others.
# 4. The mean over 3 x 3 patches is one **soft token**: a vector that stands where the embedding of a word would stand.
#    It has no id, and it need not be like any word.
#
# So a soft token is a square of 48 x 48 pixels. The budget of Gemma 4 is 280, or 70, 140, 560 or 1,120 where that is
# asked for. `tiny-e`, which this project trained, does the same with a budget of 25 and drawings of coloured shapes.

# %%
import numpy as np
from PIL import Image

import g4lab
from g4lab import widgets
from g4lab.course import bars, check, fits, hint, lesson, lines, measured, predict
from g4lab.media import BUDGETS, read_image
from g4lab.media.sizes import fitted

MODEL = "tiny-e"
model = g4lab.load(MODEL)

# %% [markdown]
# ## Predict
#
# A photo is 3,000 pixels wide and 1,000 high. Gemma 4 may spend 280 soft tokens on it. How many does it spend?

# %%
predict("soft tokens of a 3:1 photo", None)

# %% [markdown]
# ## Run
#
# Three drawings side by side are our photo. No model is needed to make patches of it.

# %%
drawings = [Image.open(lesson(name).path) for name in ("shapes.png", "number.png", "chart.png")]
photo = Image.fromarray(np.hstack([np.asarray(drawing) for drawing in drawings])).resize((3000, 1000))
seen = read_image(photo, budget=280)
print(f"height, width: {seen.original_size} becomes {seen.size} pixels")
print(f"{len(seen.pixels)} patches, {seen.grid[0]} x {seen.grid[1]} soft tokens: {seen.soft_tokens}")

# %%
measured("soft tokens of a 3:1 photo", seen.soft_tokens)

# %% [markdown]
# Rows and columns are whole numbers, and both are rounded *down*, so that the budget is never broken. That is why some
# of it is nearly always left, and why the shape changes a little: 28 : 9 is 3.11, not 3. Which shapes use their budget
# best?

# %%
SHAPES = {"1:1": (900, 900), "4:3": (900, 1200), "16:9": (900, 1600), "3:1": (900, 2700)}
SHAPES["10:1"] = 300, 3000


def used(height, width, budget):
    """The share of a budget that a picture uses, in percent."""
    high, wide = fitted(height, width, budget)
    return 100 * (high // 48) * (wide // 48) / budget


found = {f"budget {b}": [used(*shape, b) for shape in SHAPES.values()] for b in BUDGETS[::2]}
bars(SHAPES, found, "What a picture uses of its budget", "percent", top=100)

# %% [markdown]
# > **A myth.** *A larger photo shows the model more.* It does not. The budget decides how many pixels are seen. A
# > larger photo is made smaller, and a smaller one is made larger and costs as much. If something in a photo is too
# > small to be seen, cut it out, or raise the budget.

# %%
for side in (100, 1000, 4000):
    print(f"{side:5d} x {side:<5d} pixels become {fitted(side, side, 280)}")

# %% [markdown]
# ## Look
#
# A drawing, a question, and the answer of the model. Coarse lines are the borders of soft tokens, fine lines those of
# patches. The shade shows what one word reads of each soft token: at first the word after which the answer begins, in
# the last global layer. Choose another word, layer or head above the picture, and point at a soft token to see it
# enlarged.

# %%
shapes = lesson("shapes.png")
atlas = widgets.SoftTokenAtlas(model, shapes.messages(), answer=4)
atlas

# %% [markdown]
# Which soft tokens does that word read, and is the thing that was asked for in them? At the right, for comparison, is a
# word that reads everything alike.
#
# To look at a place is not yet to need it. So hide the three soft tokens that are read most, and hide three others for
# comparison. (In the view you can draw a box with the pointer and hide that.)

# %%
print(atlas.hide_attended(3).verdict())

# %% [markdown]
# ## Does it see?
#
# It might guess. Then it would say the same of a picture that shows the opposite. Here is a question about a side. The
# picture is given as it is, mirrored, and replaced by its mean colour. What should happen to the two words?


# %%
def chances(asked, medium, words):
    """The probability of each word (of its first token) as the answer."""
    likely = np.exp(model.trace(asked.messages(medium), sites=()).log_probabilities())
    return [float(likely[model.tokenizer.encode(word)[0]]) for word in words]


two = lesson("two-shapes.png")
pixels = np.asarray(Image.open(two.path))
blank = np.broadcast_to(pixels.mean((0, 1)).astype(np.uint8), pixels.shape)
pictures = {"as it is": pixels, "mirrored": pixels[:, ::-1], "its mean colour": blank}
found = {name: chances(two, picture, ["right", "left"]) for name, picture in pictures.items()}
bars(["right", "left"], found, two.question, "probability", top=1)

# %% [markdown]
# The same for all six drawings of the lessons. `tiny-e` learned from many drawings of this kind, but from none of these
# six.

# %%
for name in ("shapes", "two-shapes", "five-shapes", "number", "clock-number", "chart"):
    asked = lesson(f"{name}.png")
    said = model.generate(asked.messages(), max_new_tokens=12, temperature=0).strip()
    print(f"{asked.question:40s} right: {asked.answer:6s} the model: {said}")

# %% [markdown]
# ## How little is enough?
#
# Give the model fewer soft tokens of the same drawing. Predict first: which question needs the most of them, that for
# the colour, for the number, or for the tallest bar? (`tiny-e` was trained with one budget only, the largest here. What
# it loses below is what it cannot see, and also what it never learned to read.)

# %%
vision = model.config.vision
budgets = [max(1, vision.budget * part // 25) for part in (1, 4, 9, 16, 25)]


def at_budget(name, budget):
    """The probability of the right answer's first token."""
    asked = lesson(name)
    seen = read_image(asked.path, budget, pooling=vision.pooling, patch_size=vision.patch_size)
    return chances(asked, seen, [asked.answer])[0]


NAMES = ("shapes.png", "number.png", "chart.png")
found = {name: [at_budget(name, budget) for budget in budgets] for name in NAMES}
lines(budgets, found, "The right answer at smaller budgets", "probability", of="soft tokens allowed")

# %% [markdown]
# ## Exercise 1: resize to a budget
#
# Both sides are multiplied by one factor, so that the area is that of `budget` squares of 48 x 48 pixels. Then both are
# rounded down to whole soft tokens. A strip so thin that one side would be 0 gets one soft token there, and the whole
# budget along the other side.


# %% tags=["exercise"]
def resized(height, width, budget):
    """The (height, width) in pixels that a picture is resized to: multiples of 48."""
    ...


# %%
check(resized)

# %%
hint("resized")

# %% [markdown]
# ## Exercise 2: which patches make a soft token?
#
# Patches are counted from 0: `x` is the column, `y` the row. Soft tokens are numbered row by row, `columns` in a row.


# %% tags=["exercise"]
def soft_token_of(x, y, columns):
    """The number of the soft token that the patch in column x and row y belongs to.

    x, y: numbers, or arrays of them
    """
    ...


# %%
check(soft_token_of)

# %% [markdown]
# ## Exercise 3: the mean of nine patches
#
# Pictures of different sizes are read together. The smaller ones are filled up with patches that are none: their
# position is (-1, -1).


# %% tags=["exercise"]
def mean_pool(patches, positions):
    """The mean of each soft token's patches, in the order of their numbers; padding counts nowhere.

    patches [T,D]; positions [T,2], the (x, y) of each -> [U,D]
    """
    ...


# %%
pools = check(mean_pool)
pools

# %% [markdown]
# Your function against the encoder itself: what left its last layer goes in, what it pooled comes out (times the root
# of its width, as the embedding of a word is in chapter 2).

# %%
last = f"image.0.layers.{vision.layers - 1}.residual"
trace = model.trace(shapes.messages(), sites=[last, "image.0.pooled"])
positions = read_image(shapes.path, vision.budget, pooling=vision.pooling).positions
if pools:
    yours = mean_pool(trace[last], positions) * np.sqrt(vision.width)
    print("largest difference:", np.abs(yours - trace["image.0.pooled"]).max())
else:
    print("not yet: the check has to pass")

# %% [markdown]
# ## Exercise 4: a place for each soft token
#
# In the prompt a picture is one `<|image|>`. Before the model reads it, that is opened out: `<|image>`, then one
# `<|image|>` for each soft token, then `<image|>`. (Look where the bars stand: these are three different tokens.)


# %% tags=["exercise"]
def with_slots(pieces, counts):
    """The pieces of a prompt with each "<|image|>" opened out. A list of texts -> a list of texts.

    counts: how many soft tokens each picture has, in their order
    """
    ...


# %%
check(with_slots)

# %% [markdown]
# ## Stretch
#
# * Hide everything but the three soft tokens that are read most. Is that enough for the answer?
# * Which shape wastes most of the budget of 280? Draw `used` for pictures that are 1 to 20 times as wide as high.
# * What does a patch read inside the encoder? Trace the site `"image.0.layers.*.attention.weights"`: it has the weights
#   of each head, [T,N,T].
#
# ## Take away
#
# **A picture costs what its shape and the budget say, not what its file weighs. And it enters as vectors in a row,
# which the words read like any others.**
#
# ## Now on the real one
#
# Set `MODEL = "e2b-it"` in the first cell, restart, and run all: the same cells, with 280 soft tokens for a drawing.
# Predict first: at which budget does it still read the number? Then put a photo of your own in place of a drawing:
# `shapes.messages("photo.jpg")`.

# %%
fits("e2b-it")
