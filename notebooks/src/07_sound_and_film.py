# %% [markdown]
# # 7 · Sound and film
#
# **What does a second of speech cost?**
#
# | time | before this | memory | network |
# |---|---|---|---|
# | 40 minutes | 6 · pictures | 1 GB | none: everything here runs offline |
#
# A sound is a row of numbers, 16,000 for each second. Gemma 4 E2B and E4B hear it like this.
#
# 1. The sound is cut into **frames** of 20 ms, one every 10 ms, so that they overlap.
# 2. A Fourier transform says how much of each frequency is in a frame.
# 3. 128 **mel bins** add up neighbouring frequencies: narrow bins for low ones, wide bins for high ones, as ears do it.
#    Their **logarithm** is what the encoder reads.
# 4. The **audio encoder** halves the number of frames twice, and lets each read the few before it. What comes out are
#    soft tokens, as in chapter 6: one for four frames, 40 ms.
#
# A film is simpler: some of its frames, each read as a picture of its own, with its time before it as text. `tiny-e`
# has both, and learned to hear digits and to see where a shape moves.

# %%
import numpy as np
from PIL import Image, ImageSequence

import g4lab
from g4lab import widgets
from g4lab.course import bars, check, fits, hint, lesson, lines, measured, predict
from g4lab.media import expand, read_audio, read_video

MODEL = "tiny-e"
model = g4lab.load(MODEL)

# %% [markdown]
# ## Predict
#
# Somebody who speaks says two or three words in a second. Written down they are three or four tokens. How many soft
# tokens does a second of speech cost? And how many tokens does a film of one minute cost, of 16:9, with 24 pictures a
# second?

# %%
predict("soft tokens of a second of speech", None)

# %%
predict("tokens of a minute of film", None)

# %% [markdown]
# ## Run
#
# Five digits, spoken. No model is needed to make frames of them.

# %%
digits = lesson("five-digits.wav")
heard = read_audio(digits.path)
print(f"{heard.seconds:.2f} s, {len(heard.waveform):,} samples")
print(f"{heard.valid.sum()} frames of {heard.mel.shape[1]} bins, {heard.soft_tokens} soft tokens")
a_second = read_audio(heard.waveform[:16_000], 16_000)

# %%
measured("soft tokens of a second of speech", a_second.soft_tokens)

# %% [markdown]
# Of the film we need only its size here, so its pictures are black. `expand` writes out what stands in the prompt: for
# each frame its time, a mark, the soft tokens, a mark.


# %%
def film_tokens(seconds, fps=24):
    """Tokens of a film of 16:9 in the prompt: at most 32 frames, each of at most 70 soft tokens."""
    film = read_video(np.zeros((seconds * fps, 36, 64, 3), np.uint8), fps)
    return len(expand([model.tokenizer.control["<|video|>"]], [film], model.tokenizer))


measured("tokens of a minute of film", film_tokens(60))

# %%
seconds = [1, 2, 5, 10, 20, 30]
costs = {
    "sound": [read_audio(np.zeros(16_000 * length), 16_000).soft_tokens for length in seconds],
    "film": [film_tokens(length) for length in seconds],
}
lines(seconds, costs, "What sound and film cost", "tokens", of="seconds")

# %% [markdown]
# Sound costs by the second, up to 30 seconds, which are all that the model hears at once. A film costs by the frame,
# and it gets 32 frames whether it lasts two seconds or an hour. Of an hour, that is one for every 112 seconds.
#
# ## Look
#
# The spectrogram is what the encoder reads: time from left to right, low frequencies below. Between two thin lines lies
# one soft token, 40 ms. The bars below say what one word reads of each, and the dashed line what a word would read that
# reads everything alike. You can play the sound. As the answer the right one is given, so that for each digit there is
# a word to choose: the one *before* it, after which it is said.

# %%
atlas = widgets.SoftTokenAtlas(model, digits.messages(), answer=digits.answer)
atlas

# %% [markdown]
# Stay in the global layer, and choose the words that say the first digit, the second, the third. Does what they read
# move along the sound?
#
# ## Does it hear them there?
#
# Make the sound silent for a fifth of a second, and measure how much more surprised the model is by each digit of the
# right answer. Then the next fifth, and so on. If a digit is heard where it was spoken, each has its own place in the
# chart. In the first fifth nothing is spoken yet: that is the comparison.

# %%
said = digits.answer.split()
answer = {"role": "model", "content": digits.answer}
tokens = [token.text.strip() for token in model.trace([*digits.messages(), answer], sites=()).tokens]
places = [place for place, text in enumerate(tokens) if text in said][-len(said) :]


def surprise(sound):
    """How surprised the model is by each digit of the answer, in nats."""
    return model.surprisal([*digits.messages((sound, 16_000)), answer])[places]


# %%
STEP = 3_200
whole, starts = surprise(heard.waveform), range(0, len(heard.waveform), STEP)
lost = []
for start in starts:
    silenced = heard.waveform.copy()
    silenced[start : start + STEP] = 0
    lost.append(surprise(silenced) - whole)
by_digit = {f"surprise at {digit}": [step[i] for step in lost] for i, digit in enumerate(said)}
times = [f"{start / 16_000:.1f} s" for start in starts]
bars(times, by_digit, "A fifth of a second silenced", "nats")

# %% [markdown]
# All sounds of the lessons. `tiny-e` learned from many synthetic voices, but from none of these three recordings.

# %%
for name in ("one-digit", "three-digits", "five-digits"):
    asked = lesson(f"{name}.wav")
    written = model.generate(asked.messages(), max_new_tokens=12, temperature=0).strip()
    print(f"{asked.question:26s} right: {asked.answer:10s} the model: {written}")

# %% [markdown]
# ## Look: a film
#
# Six frames of a moving shape. Each is a picture with its own soft tokens and its time. The strip below the picture
# chooses the frame.

# %%
clip = lesson("moving.gif")
widgets.SoftTokenAtlas(model, clip.messages(), answer=4)

# %% [markdown]
# > **A myth.** *The model watches the film.* It sees a few still pictures. Nothing between them is seen, and nothing in
# > a soft token says that something moves: each frame is encoded alone. If the model knows about a movement, then
# > because a word, or a later frame's token, reads several frames.
#
# If that is so, the same frames backwards must give the opposite answer, and one frame again and again must leave the
# model with a guess. (It can be a good one. In the films that `tiny-e` learned from, a shape tends to begin on the side
# that it leaves: who guesses from the first frame alone is right 54 % of the time.)

# %%
frames = [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(Image.open(clip.path))]
fps = read_video(clip.path).fps
films = {"as it is": frames, "backwards": frames[::-1], "first frame only": frames[:1] * len(frames)}
WORDS = ("left", "right", "up", "down")
found = {}
for name, film in films.items():
    likely = np.exp(model.trace(clip.messages((film, fps)), sites=()).log_probabilities())
    found[name] = [float(likely[model.tokenizer.encode(word)[0]]) for word in WORDS]
bars(WORDS, found, clip.question, "probability", top=1)

# %% [markdown]
# ## Exercise 1: frames
#
# Put 160 zeros before the sound. Then a frame of 320 samples begins every 160 samples, as long as the frame *and one
# more sample* are there. (So a second has 99 frames, not 100.) Each frame is multiplied by a window that lets it begin
# and end softly: 0.5 - 0.5 cos(2 π n / 320), for n from 0 to 319.


# %% tags=["exercise"]
def framed(sound):
    """The windowed frames of a sound of 16,000 samples a second. [n] -> [frames, 320]"""
    ...


# %%
frames_pass = check(framed)
frames_pass

# %% [markdown]
# ## Exercise 2: mel bins
#
# 130 points lie evenly on the mel scale. Bin `m` is a triangle between three of them: it is 0 at point `m`, rises to 1
# at point `m + 1`, and falls to 0 at point `m + 2`.


# %%
def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


points = 700 * (10 ** (np.linspace(0, mel(8000), 130) / 2595) - 1)
even = np.linspace(0, 8000, 130)
lines(range(130), {"mel": points, "evenly": even}, "Where the points lie", "Hz", of="point")

# %% [markdown]
# The transform of a frame, filled up to 512 samples, has 257 frequencies: 0 to 8,000 Hz. Take its magnitudes (no
# squares), add them up with the triangles as weights, add 0.001, and take the natural logarithm.


# %% tags=["exercise"]
def log_mel(frames, points):
    """The log-mel bins of windowed frames.

    frames [frames, 320], points [M + 2] in Hz -> [frames, M]
    """
    ...


# %%
bins_pass = check(log_mel)
bins_pass

# %%
hint("log_mel", 2)

# %% [markdown]
# Your two functions against what the encoder reads:

# %%
if frames_pass and bins_pass:
    yours = log_mel(framed(heard.waveform), points)
    print("shape:", yours.shape)
    print("largest difference:", np.abs(yours - heard.mel[heard.valid]).max())
else:
    print("not yet: both checks have to pass")

# %% [markdown]
# ## Exercise 3: 40 ms a token
#
# How many soft tokens does a sound of so many samples become? Count its frames as in exercise 1. Four frames are one
# token, and what is left over is one too.


# %% tags=["exercise"]
def sound_tokens(samples):
    """Soft tokens of a sound of at least 161 samples."""
    ...


# %%
check(sound_tokens)

# %% [markdown]
# ## Exercise 4: which frames of a film?
#
# A film has `total` frames, `fps` a second. If there are more than `most`, frame `i * total // most` is looked at for
# i = 0, 1, 2 and so on up to `most - 1`; otherwise all are. The time of a frame is its number divided by `fps`, without
# the part of a second, as mm:ss.


# %% tags=["exercise"]
def looked_at(total, fps, most):
    """A list of pairs: the number of each frame that is looked at, and its time, such as "01:05"."""
    ...


# %%
check(looked_at)

# %% [markdown]
# ## Stretch
#
# * Silence is not the only way to take a digit away. Put another one over it (`heard.waveform[a:b]` of another place).
#   Does the model then hear what you put there?
# * Make a tone of 1,000 Hz with `np.sin`, and find its bin with your functions. Which tones share a bin with it?
# * Give a film's frames in a random order. What does the model say, and do the times before the frames matter?
#
# ## Take away
#
# **Sound costs by the second, 25 tokens each, and film by the frame. What lies between two frames does not exist for
# the model.**
#
# ## Now on the real one
#
# Set `MODEL = "e2b-it"` in the first cell, restart, and run all. (26B-A4B and 31B see, but do not hear.) Predict first:
# `tiny-e` knows digits only. What does a model write that knows all words, when a piece of a word is silent? Then give
# it a recording of yours: `digits.messages("recording.wav")`.

# %%
fits("e2b-it")
