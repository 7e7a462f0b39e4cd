"""What an encoder learns before anybody asks it: to say in the text model's words what each soft token covers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import ops

from g4lab.models.part import Part
from g4lab.models.projection import Projection
from g4lab.runtime import value_of
from g4lab.text.tokenizer import Tokenizer
from g4lab.training import state
from g4lab.training.cells import NO_DIGIT, PLACES
from g4lab.training.corpus import tiny_world
from g4lab.training.learner import Trapezoid
from g4lab.training.media_rows import MediaRows
from g4lab.training.named_rows import Named, NamedRows
from g4lab.training.recipe import Naming


class Heads(Part):
    """Linear readings of a soft token that are thrown away afterwards: where its thing is, and which digits of which
    place it holds. What a straight line finds in it the text model finds too."""

    def __init__(self, width: int, dtype=None):
        super().__init__(dtype=dtype)
        self.at = Projection("rd,da->ra", (width, 2), dtype)
        self.digits = Projection("rd,dk->rk", (width, PLACES * (NO_DIGIT + 1)), dtype)

    def call(self, x):
        """Shapes: [R,D] -> [R,2] and [R,PLACES,11]."""
        return self.at(x), ops.reshape(self.digits(x), (-1, PLACES, NO_DIGIT + 1))


def ids_of_words(tokenizer: Tokenizer) -> list[int]:
    """One token for each word that a cell may hold: the first of its tokens that no other word has."""
    pieces = [tokenizer.encode(word) for word in tiny_world().WORDS_OF_CELLS]
    return [next(id for id in ids if sum(id in others for others in pieces) == 1) for ids in pieces]


class Namer(keras.Model):
    """An encoder whose soft tokens are scored against the embeddings of words, which stay as they are."""

    def __init__(self, network, encoder: str, ids: list[int]):
        super().__init__()
        self.network = network
        self.encoder = encoder
        self.ids = ids
        self.heads = Heads(network.text.width)
        self.built = True

    def named_variables(self) -> dict[str, keras.Variable]:
        """What a state on disk holds of it: the encoder's variables and the heads'."""
        theirs = {n: v for n, v in self.network.named_variables().items() if n.split(".")[0] == self.encoder}
        return theirs | {"heads.at": self.heads.at.kernel, "heads.digits": self.heads.digits.kernel}

    def call(self, media):
        """Shapes: as `Gemma4.soft_tokens` takes them -> words [R,W], at [R,2], digits [R,PLACES,11]."""
        soft = self.network.soft_tokens(media)
        table = ops.take(value_of(self.network.embed.table), np.array(self.ids), axis=0)
        at, digits = self.heads(soft)
        return {"words": ops.einsum("rd,wd->rw", soft, ops.stop_gradient(table)), "at": at, "digits": digits}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy of words and digits, and the squared error of places in soft tokens.

        Most soft tokens cover nothing, and hold no digit: what does counts as much as all of those together.
        """
        y = {name: ops.convert_to_tensor(target) for name, target in y.items()}
        odd = -ops.sum(y["words"] * ops.log_softmax(y_pred["words"], axis=-1), axis=-1)
        known, nothing = ops.sum(y["words"], axis=-1), y["words"][:, 0]
        words = _mean(odd, known - nothing) + _mean(odd, nothing)
        far = ops.sum(ops.square(y_pred["at"] - y["at"]), axis=-1)
        misread = keras.losses.sparse_categorical_crossentropy(y["digits"], y_pred["digits"], from_logits=True)
        none = y["known"] * ops.cast(ops.equal(y["digits"], NO_DIGIT), "float32")
        digits = _mean(misread, y["known"] - none) + _mean(misread, none)
        places = _mean(far, y["placed"] * (known - nothing)) + _mean(far, y["placed"] * nothing)
        return words + digits + places


def _mean(values, weights):
    """The weighted mean, 0 where nothing counts."""
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), 1.0)


def teach(network, encoder: str, rows: MediaRows, out: Path) -> None:
    """Teach one encoder to name what its soft tokens cover; called again after a kill, it goes on.

    Its state and its log stand beside the run's.
    """
    trained = {part: part.trainable for part in network.layers}
    try:
        for part in network.layers:
            part.trainable = part is getattr(network, encoder)
        _teach(network, encoder, rows, out)
    finally:
        for part, before in trained.items():
            part.trainable = before


def _teach(network, encoder: str, rows: MediaRows, out: Path) -> None:
    plan = rows.recipe.naming[encoder]
    found, model = NamedRows(rows, plan), namer(network, encoder, plan, rows.tokenizer)
    where, written = f"naming-{encoder}.safetensors", f"naming-{encoder}.jsonl"
    done = state.restore(model, out, where)
    state.cut_log(out, done, written)
    for step in range(done, plan.steps):
        batch = found.training(step)
        model.reset_metrics()
        loss = float(model.train_on_batch(batch.media, batch.cells.targets))
        entry = {"step": step + 1, "train_loss": round(loss, 4)}
        last = step + 1 == plan.steps
        if last or (step + 1) % rows.recipe.probe_every == 0:
            entry["named"] = {kind: named(model, found.held_out(kind, plan.media)) for kind in plan.kinds}
        state.log(out, entry, written)
        if last or (step + 1) % rows.recipe.save_every == 0:
            state.save(model, out, where)


def namer(network, encoder: str, plan: Naming, tokenizer: Tokenizer) -> Namer:
    """An encoder with its heads and optimizer, ready for `train_on_batch`."""
    for name, variable in network.named_variables().items():
        if name.split(".")[0] == encoder and name.endswith("query_norm.scale"):
            variable.assign(ops.full(variable.shape, plan.sharpness))
    model = Namer(network, encoder, ids_of_words(tokenizer))
    rate = Trapezoid(plan.rate, min(100, plan.steps), 0.2, plan.steps)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01, beta_2=0.95, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["scale"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=None)
    return model


def named(model: Namer, batch: Named) -> dict[str, float]:
    """How well media are named: the share of the soft tokens on things whose best word is one of theirs, likewise of
    those on nothing, how far off things are put, in soft tokens, and the share of their digits in place."""
    said, cells = model.predict_on_batch(batch.media), batch.cells
    best = np.argmax(said["words"], axis=-1)
    right = np.take_along_axis(cells.words, best[:, None], axis=1)[:, 0] > 0
    known, nothing = cells.words.sum(axis=-1) > 0, cells.words[:, 0] > 0
    found = {"things": right[known & ~nothing], "nothing": right[nothing]}
    placed = (cells.placed > 0) & ~nothing
    found["far"] = np.linalg.norm(said["at"] - cells.at, axis=-1)[placed]
    spoken = cells.digits != NO_DIGIT
    found["digits"] = (np.argmax(said["digits"], axis=-1) == cells.digits)[spoken]
    return {name: round(float(values.mean()), 4) for name, values in found.items() if len(values)}
