"""The model card: what the checkpoint is, how it was made, and its held-out scores against their goals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from g4lab.config import TextConfig
from g4lab.models.encoder_plan import encoder_counts
from g4lab.models.plan import parameter_counts
from g4lab.training import state
from g4lab.training.corpus import tiny_world
from g4lab.training.evaluate import Score
from g4lab.training.export import LOG
from g4lab.training.recipe import Phase, Recipe

_CARD = """\
---
license: apache-2.0
library_name: keras
tags: [gemma4, {tag}, education]
---
# {name}

{about}, {millions:.1f} million parameters, trained by g4lab from random
weights on {read} that g4lab generates. It is a real small model: what it shows is its own, not Gemma's. It knows a tiny
world (short stories, sums, small Python functions, everyday words in twelve languages, JSON and tool calls, facts to
recall, sequences to repeat{senses}) and nothing else.
{status}
## Shape

{shape}

## Training

`g4lab train {name}` (seed {seed}): {steps:,} steps of {batch} x {length} tokens{media},
{tokens:.1f} million tokens in all, in
{hours:.1f} hours on two shared CPU cores (float32, JAX). AdamW, peak rate {rate:g}, weight decay
{weight_decay:g}{balances}.
`{log}` holds every step.

{lessons}

## Scores on held-out documents

Greedy answers; no operand pair, name, function or sequence of these documents occurs in training{unseen}.

| what | score | goal | |
|---|---|---|---|
{scores}
{missed}
## Licence

Apache-2.0, weights and generated corpus. `datasets/tiny_world` describes the corpus.
"""

_LESSONS = """\
The recipe has {phases} phases. Recall by name decides them, since earlier runs settled on naming one of the facts at
random, and stayed there. What opened the way, in trials of two layers on pairs of a name and a word (three to eight
pairs a row, one trial each) and then in this run:

* Pairs alone first, the name right before its word, {first} names. Right after 350 steps of 2,048 tokens; not within
  800 steps where pairs were four rows of ten and the alphabet grew from the first step on. Lists with other sentences
  in between, a tenth of the rows from then on, were right within 500 steps more; facts in sentences followed.
* More names slowly: the alphabet grows over {ramp:,} steps, after {easy} easy ones.
* A soft start. Query norms' scales begin at {sharpness:g}. With no division by sqrt(H), scores of an untrained head at
  scale 1 spread so far that its softmax picks one key; presumably too little gradient reaches the others. Pairs right
  after 350 steps, one trial each: 92 % begun at 0.1, 24 % at 0.4; begun at 0.2, 96 % with separate keys and values in
  the global layer, 48 % with a dense feedforward instead of experts, 24 % at twice the learning rate.
* A global layer second. With two local layers before the first global one, pairs were not learned within 250 steps.
* Sums last. After {again:,} steps every goal was reached but bare sums, of which 15 % were right: too few
  had been read. The learning rate rises once more and sums take four rows of ten.

The length, the weights of the balance loss from step 6,000 on and the second rise were chosen while the run went on,
each before the step at which it acts. The recipe has not been run again from its first step in one go.
"""


def write_card(directory: Path, run: Path, plan: Recipe, scores: list[Score], steps_planned: int | None = None) -> None:
    """Write README.md beside the checkpoint, from its log and the scores.

    `steps_planned` marks the checkpoint as an intermediate one of a run that is still going.
    """
    log = [json.loads(line) for line in (directory / LOG).read_text(encoding="utf-8").splitlines()]
    steps, config = log[-1]["step"], plan.config
    about = json.loads((run / state.ABOUT).read_text(encoding="utf-8"))
    missed = [score.name for score in scores if not score.met]
    status = ""
    if steps_planned:
        done = f"after {steps:,} of {steps_planned:,} steps"
        status = f"\n**An intermediate checkpoint**, {done}: the scores are not final.\n"
    values = {
        **{field: getattr(plan, field) for field in _TRAINING},
        "name": config.name,
        "log": LOG,
        "balances": _balances(plan) if config.experts else "",
        "lessons": _lessons(plan),
        "millions": (sum(parameter_counts(config).values()) + sum(encoder_counts(config).values())) / 1e6,
        "tag": "mixture-of-experts" if config.experts else "per-layer-embeddings",
        "shape": _shape(config),
        "status": status,
        "seed": about["seed"],
        "steps": steps,
        **_senses(plan, about["seed"], steps),
        "hours": sum(entry["seconds"] for entry in log) / 3600,
        "scores": "\n".join(_line(score) for score in scores),
        "missed": f"\nGoals not reached: {'; '.join(missed)}.\n" if missed else "",
    }
    (directory / "README.md").write_text(_CARD.format(**values), encoding="utf-8")
    (directory / "scores.json").write_text(json.dumps(_record(steps, scores), indent=2) + "\n", encoding="utf-8")


def _senses(plan: Recipe, seed: int, steps: int) -> dict:
    """What the card says of pictures, films and sounds, and how many tokens were read in all, in millions."""
    media, rows = sum(plan.sense(step, seed) is not None for step in range(steps)), plan.media
    tokens = ((steps - media) * plan.batch * plan.length + media * rows.rows * rows.length) / 1e6
    if not media:
        return {"read": "text", "senses": "", "media": "", "unseen": "", "tokens": tokens}
    return {
        "read": "text, pictures, clips and speech",
        "senses": ";\nplain shapes, printed numbers, bar charts, clips of a shape that moves, spoken digits",
        "media": f" ({media:,} of them about media, of {rows.rows} x {rows.length})",
        "unseen": ",\nnor do the combinations of shapes, the numbers, charts and settings of voices that are asked for",
        "tokens": tokens,
    }


_TRAINING = "about batch length rate weight_decay".split()


def _shape(config: TextConfig) -> str:
    """One line a part: what the layers are made of."""
    lines = [
        f"{config.layers} layers: {', '.join(config.kinds)}; width {config.width}; window {config.window}",
        f"{config.heads} query heads; {config.kv_heads} key/value heads in local layers, "
        f"{config.kv_heads_of('global')} in global ones",
        f"a dense MLP of {config.feedforward}",
    ]
    if config.experts:
        lines[-1] += (
            f" and {config.experts} experts of {config.expert_feedforward}, of which {config.chosen} read a token"
        )
    if config.shared_layers:
        wide = ", with an MLP of twice that width" if config.double_wide else ""
        lines.append(f"the last {config.shared_layers} layers borrow keys and values{wide}")
    if config.key_is_value:
        lines.append("keys and values of global layers share one projection")
    if config.ple_dim:
        lines.append(f"per-layer embeddings of {config.ple_dim}")
    if seeing := config.vision:
        lines.append(
            f"a vision encoder of {seeing.layers} layers, width {seeing.width}: patches of {seeing.patch_size} x "
            f"{seeing.patch_size} pixels, {seeing.pooling} x {seeing.pooling} of them a soft token, "
            f"{seeing.budget} soft tokens a picture, {seeing.frame_budget} a frame"
        )
    if hearing := config.audio:
        lines.append(
            f"an audio encoder of {hearing.layers} layers, width {hearing.width}: a soft token each 40 ms, which reads "
            f"{hearing.span}"
        )
    lines.append(f"vocabulary {config.vocab_size:,}; embeddings tied; soft cap {config.softcap:g}; bfloat16")
    return "\n".join(f"* {line}" for line in lines)


def _lessons(plan: Recipe) -> str:
    """How the recipe was found, in the card of the model that it was found on."""
    if not plan.config.experts:
        return (
            "The recipe begins as that of `tiny-moe`, whose card tells how it was found; its length and what follows "
            "step 2,500\nwere chosen at step 1,400. It has not been run again from its first step in one go."
        ) + _naming(plan)
    fields = {field: getattr(plan, field) for field in ("sharpness", "easy", "ramp", "again")}
    return _LESSONS.format(**fields, phases=len(plan.phases), first=tiny_world().FIRST).rstrip()


def _naming(plan: Recipe) -> str:
    """How the encoders learned, where the recipe has them learn alone."""
    if not plan.naming:
        return ""
    alone = " and ".join(
        f"{naming.steps:,} steps of {naming.media} {'sounds' if encoder == 'audio' else 'pictures'}"
        for encoder, naming in plan.naming.items()
    )
    return f"""

Its encoders learned alone, {alone}, before step {plan.first_with_media:,}: to say, in the text
model's own word embeddings, what each soft token covers, and for two linear heads that were thrown away where it is and
which digit of a number it holds. From there on they stay as they are, and the text model learns to be asked about them.
Asking alone was tried before: after 2,000 steps, swapping the pictures of a batch hardly changed an answer. The form of
that loss, the lengths and what follows step 8,000 were chosen while it went on, the last phases after these scores had
been looked at. The text began at step 5,600 from rounded weights (bfloat16) and a fresh optimizer; the vision encoder
from 1,000 steps of an earlier form of its loss. The encoders' own steps ran on PyTorch and are not in the hours
above."""


def _balances(plan: Recipe) -> str:
    weights = ", ".join(f"{phase.balance:g} from step {phase.start:,}" for phase in _rebalanced(plan))
    return f"; the balance loss counts {weights}"


def _rebalanced(plan: Recipe) -> list[Phase]:
    """Phases that weigh the balance loss otherwise than the phase before."""
    before = [None, *plan.phases]
    return [
        phase for last, phase in zip(before, plan.phases, strict=False) if last is None or phase.balance != last.balance
    ]


def _line(score: Score) -> str:
    """One row of the table; shares in percent, ratios as they are."""
    ratio = score.goal is not None and (score.goal > 1 or "load" in score.name)
    show = (lambda value: f"{value:.2f}") if ratio else (lambda value: f"{value:.1%}")
    goal = "" if score.goal is None else f"{show(score.goal)} {'reached' if score.met else '**missed**'}"
    return f"| {score.name} | {show(score.value)} | {goal} | {score.note} |"


def _record(steps: int, scores: list[Score]) -> dict:
    return {"steps": steps, "scores": [asdict(score) | {"met": score.met} for score in scores]}
