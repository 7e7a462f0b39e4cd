"""The model card: what the checkpoint is, how it was made, and its held-out scores against their goals."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from g4lab.config import TextConfig
from g4lab.models.plan import parameter_counts
from g4lab.training import state
from g4lab.training.evaluate import Score
from g4lab.training.export import LOG
from g4lab.training.recipes import Recipe

_CARD = """\
---
license: apache-2.0
library_name: keras
tags: [gemma4, mixture-of-experts, education]
---
# {name}

A mixture of experts shaped like Gemma 4 26B-A4B, {millions:.1f} million parameters, trained by g4lab from random
weights on text that g4lab generates. It is a real small model: what it shows is its own, not Gemma's. It knows a tiny
world (short stories, sums, small Python functions, everyday words in twelve languages, JSON and tool calls, facts to
recall, sequences to repeat) and nothing else.
{status}
## Shape

{layers} layers ({kinds}), width {width}, {heads} heads, {experts} experts of {expert_feedforward} features of which
{chosen} read a token, beside a dense MLP of {feedforward}; window {window}; keys and values of global layers share one
projection; vocabulary {vocab_size}; embeddings tied; soft cap {softcap:g}; bfloat16.

## Training

`g4lab train {name}` (seed {seed}): {steps:,} steps of {batch} x {length} tokens, {tokens:.1f} million tokens in all, in
{hours:.1f} hours on two shared CPU cores (float32, JAX). AdamW, peak rate {rate:g}, weight decay {weight_decay:g}; the
balance loss counts {balance:g}. `{log}` holds every step.

The recipe has {phases} phases because the run had. For 4,700 steps it named one of the facts at random; the later
phases were added, and in part cut short, when trials had shown why, and each goes on from the weights before it. The
trials: two layers, pairs of a name and a word, four to eight pairs a row, 2,048 tokens a step, one trial each.

* A soft start. Query norms' scales begin at {sharpness:g}: all pairs right after 0.31 million tokens. Begun at 1, still
  one pair at random after 0.5 million: with no division by sqrt(H) the scores of an untrained head spread so far that
  its softmax picks one key; presumably too little gradient reaches the others.
* A small alphabet first. With 16 names 0.31 million tokens, with 64 names 0.41 million, with 200 names not within 0.6
  million. In this run the share of held-out pairs told right was 21 % at step 4,800, soon after the names began
  again at 14 and grew slowly, 52 % at step 5,000, 70 % at 5,200 and 93 % at 5,600.
* The name right before its word. Facts with one to three tokens between them were learned by no trial from scratch.
  What was learned on bare pairs carried over to lists with other sentences in between within 100 steps.
* A global layer early. Local-global and local-global-local learned it in 150 steps, two local layers before the first
  global one (six layers) not within 250.

Building previous-token heads into the first weights, or starting queries equal to keys, helped none of the trials.

## Scores on held-out documents

Greedy answers; no operand pair, name, function or sequence of these documents occurs in training.

| what | score | goal | |
|---|---|---|---|
{scores}
{missed}
## Licence

Apache-2.0, weights and generated corpus. `datasets/tiny_world` describes the corpus.
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
        **{field: getattr(config, field) for field in _SHAPE},
        **{field: getattr(plan, field) for field in _TRAINING},
        "name": config.name,
        "log": LOG,
        "phases": len(plan.phases),
        "millions": sum(parameter_counts(config).values()) / 1e6,
        "kinds": _pattern(config),
        "status": status,
        "seed": about["seed"],
        "steps": steps,
        "tokens": steps * plan.batch * plan.length / 1e6,
        "hours": sum(entry["seconds"] for entry in log) / 3600,
        "scores": "\n".join(_line(score) for score in scores),
        "missed": f"\nGoals not reached: {'; '.join(missed)}.\n" if missed else "",
    }
    (directory / "README.md").write_text(_CARD.format(**values), encoding="utf-8")
    (directory / "scores.json").write_text(json.dumps(_record(steps, scores), indent=2) + "\n", encoding="utf-8")


_SHAPE = "layers width heads experts expert_feedforward chosen feedforward window vocab_size softcap".split()
_TRAINING = "batch length rate weight_decay balance sharpness".split()


def _pattern(config: TextConfig) -> str:
    return ", ".join(config.kinds)


def _line(score: Score) -> str:
    """One row of the table; shares in percent, ratios as they are."""
    ratio = score.goal is not None and (score.goal > 1 or "load" in score.name)
    show = (lambda value: f"{value:.2f}") if ratio else (lambda value: f"{value:.1%}")
    goal = "" if score.goal is None else f"{show(score.goal)} {'reached' if score.met else '**missed**'}"
    return f"| {score.name} | {show(score.value)} | {goal} | {score.note} |"


def _record(steps: int, scores: list[Score]) -> dict:
    return {"steps": steps, "scores": [asdict(score) | {"met": score.met} for score in scores]}
