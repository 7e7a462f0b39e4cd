"""The training command: from nothing, or from where a killed run stopped, to the last step."""

from __future__ import annotations

import time
from pathlib import Path

from g4lab.runtime import choose_backend
from g4lab.text.tokenizer import Tokenizer
from g4lab.training import state
from g4lab.training.recipe import Recipe
from g4lab.training.recipes import recipe


def run(name: str, out: Path, steps: int | None = None, seed: int = 0) -> Path:
    """Train a tiny model in the folder `out`; called again after a kill, it goes on and ends at the same weights.

    `steps` replaces the recipe's number of steps. The folder holds the state, the tokenizer and the loss log.
    Raises: InputError for an unknown name or a folder of another run; SetupError without the corpus generator.
    """
    return train(recipe(name), Path(out), steps, seed)


def train(plan: Recipe, out: Path, steps: int | None = None, seed: int = 0) -> Path:
    """As `run`, with a recipe."""
    choose_backend()  # before anything below imports Keras
    from g4lab.training.batches import Batches
    from g4lab.training.learner import learner
    from g4lab.training.media_rows import MediaRows
    from g4lab.training.naming import teach
    from g4lab.training.probes import Probe

    steps = steps or plan.steps
    state.describe(out, {"model": plan.config.to_dict(), "seed": seed})
    batches = Batches(plan, tokenizer_of(plan, out), seed)
    media = MediaRows(plan, Tokenizer.from_directory(out), seed, out)
    model = learner(plan, steps, seed)
    done = state.restore(model, out)
    state.cut_log(out, done)
    probe = Probe(model.network, batches, media, plan.probe_rows)
    with progress(steps, done, plan.batch * plan.length) as tell:
        for step in range(done, steps):
            if step == plan.first_with_media:
                for encoder in plan.naming:
                    teach(model.network, encoder, media, out)
            started = time.perf_counter()
            sense = plan.sense(step, seed)
            batch = batches.training(step) if sense is None else media.training(sense, step)
            model.balance.assign(plan.phase(step).balance)
            model.reset_metrics()  # else Keras returns the mean over all steps so far
            loss = float(model.train_on_batch(batch.inputs, batch.targets, sample_weight=batch.weights))
            seconds = time.perf_counter() - started
            now = step + 1
            entry = {"step": now, "train_loss": round(loss, 4), "seconds": round(seconds, 3)}
            if now % plan.probe_every == 0 or now == steps:
                entry |= probe()
            state.log(out, entry)
            if now % plan.save_every == 0 or now == steps:
                state.save(model, out)
            tell(now, loss)
    return out


def tokenizer_of(plan: Recipe, out: Path):
    """The run's tokenizer: trained on the corpus at the first start, read back later."""
    from tokenizers import Tokenizer

    from g4lab.training.corpus import tiny_world
    from g4lab.training.vocabulary import train_tokenizer, write_tokenizer

    if not (out / "tokenizer.json").exists():
        world = tiny_world()
        texts = [
            document.text
            for domain in plan.domains
            for document in world.documents(domain, plan.seed_of_tokenizer, plan.documents_of_tokenizer)
        ]
        write_tokenizer(out, train_tokenizer(texts, plan.config.vocab_size))
    return Tokenizer.from_file(str(out / "tokenizer.json"))


def progress(steps: int, done: int, tokens_per_step: int):
    """A progress bar with the loss and the speed, as a context manager that gives `tell(step, loss)`."""
    from contextlib import contextmanager

    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    @contextmanager
    def bar():
        columns = (
            TextColumn("step"),
            MofNCompleteColumn(),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TextColumn("{task.fields[speed]:,.0f} tokens/s"),
            TimeRemainingColumn(),
        )
        with Progress(*columns) as shown:
            task = shown.add_task("train", total=steps, completed=done, loss=float("nan"), speed=0.0)
            began = time.perf_counter()

            def tell(step: int, loss: float) -> None:
                speed = (step - done) * tokens_per_step / (time.perf_counter() - began)
                shown.update(task, completed=step, loss=loss, speed=speed)

            yield tell

    return bar()
