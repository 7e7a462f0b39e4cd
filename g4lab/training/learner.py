"""The loss of a training step, as a Keras model around the network."""

from __future__ import annotations

import keras
from keras import ops

from g4lab.models.gemma4 import Gemma4
from g4lab.models.sites import Tap, watching
from g4lab.training.recipe import Recipe

_ROUTING = ("layers.*.router.probabilities", "layers.*.router.experts")


class Learner(keras.Model):
    """Predicts the next token, and charges for uneven use of the experts."""

    def __init__(self, network: Gemma4):
        super().__init__()
        self.network = network
        # A variable: another phase may weigh it otherwise, without compiling anew.
        self.balance = keras.Variable(0.0, trainable=False, dtype="float32", name="balance")
        self.built = True

    def call(self, inputs):
        """Shapes: tokens int [B,T], or what `Gemma4` takes -> logits [B,T,V] and the balance loss, a scalar."""
        tap = Tap(record=_ROUTING if self.network.text.experts else ())
        with watching(tap):
            logits = self.network(inputs)
        return {"logits": logits, "balance": balance_loss(tap.values)}

    def named_variables(self) -> dict[str, keras.Variable]:
        """What a state on disk holds of it."""
        return self.network.named_variables()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Mean cross-entropy, each token with its weight, plus the balance loss."""
        targets, weights = ops.convert_to_tensor(y), ops.convert_to_tensor(sample_weight)
        surprise = keras.losses.sparse_categorical_crossentropy(targets, y_pred["logits"], from_logits=True)
        return ops.sum(surprise * weights) / ops.sum(weights) + self.balance * y_pred["balance"]


def balance_loss(values: dict):
    """E * sum over experts of (share of the choices) * (mean probability), averaged over layers: 1 when even.

    Source: Fedus et al. 2021, Switch Transformers, eq. 4, with the shares of all C choices.
    """
    layers = [name.removesuffix(".probabilities") for name in values if name.endswith(".probabilities")]
    if not layers:
        return 0.0
    total = 0.0
    for layer in layers:
        probabilities, chosen = values[f"{layer}.probabilities"], values[f"{layer}.experts"]
        experts = probabilities.shape[-1]
        share = ops.mean(ops.one_hot(chosen, experts, dtype="float32"), axis=(0, 1, 2))
        total += experts * ops.sum(share * ops.mean(probabilities, axis=(0, 1)))
    return total / len(layers)


class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """Rise over the warm-up, stay, and fall to nothing over the last part; `again` begins a second one at that step."""

    def __init__(self, rate: float, warmup: int, decay: float, steps: int, again: int | None = None):
        self.rate = rate
        self.warmup = warmup
        self.decay = decay
        self.steps = steps
        self.again = again

    def __call__(self, step):
        step = ops.cast(step, "float32")
        first = self._share(step, self.again or self.steps)
        if self.again is None:
            return self.rate * first
        return self.rate * ops.where(step < self.again, first, self._share(step - self.again, self.steps - self.again))

    def _share(self, step, steps: int):
        rising = (step + 1) / self.warmup
        falling = (steps - step) / max(1.0, self.decay * steps)
        return ops.clip(ops.minimum(rising, falling), 0.0, 1.0)

    def get_config(self):
        return vars(self)


def learner(recipe: Recipe, steps: int, seed: int) -> Learner:
    """A fresh network with its optimizer, ready for `train_on_batch`."""
    keras.utils.set_random_seed(seed)
    network = Gemma4(recipe.config)
    for name, variable in network.named_variables().items():
        if name.endswith("attention.query_norm.scale"):
            variable.assign(ops.full(variable.shape, recipe.sharpness))
    for encoder in (network.vision, network.audio):
        if encoder is not None:
            encoder.trainable = False  # what an encoder says, it has learned to say before (`naming`)
    model = Learner(network)
    again = recipe.again if recipe.again and recipe.again < steps else None
    optimizer = keras.optimizers.AdamW(
        Trapezoid(recipe.rate, recipe.warmup, recipe.decay, steps, again),
        weight_decay=recipe.weight_decay,
        beta_2=0.95,
        global_clipnorm=1.0,
    )
    optimizer.exclude_from_weight_decay(var_names=["scale"])
    optimizer.build(model.trainable_variables)
    model.compile(optimizer=optimizer, loss=None)
    return model
