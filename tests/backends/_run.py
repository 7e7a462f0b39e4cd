"""Everything that three backends must agree on: `KERAS_BACKEND=... python -m tests.backends._run FILE.npz`.

Weights, tokens and seeds come from numpy; what each backend makes of them is kept under "question/what/...".
"""

from __future__ import annotations

import sys

import numpy as np

from g4lab import runtime

BACKEND = runtime.choose_backend()

import keras  # noqa: E402  (Keras looks at KERAS_BACKEND once)
from keras import ops  # noqa: E402

from g4lab.generation.loop import generate  # noqa: E402
from g4lab.generation.sampling import Sampling  # noqa: E402
from g4lab.lab import Lab  # noqa: E402
from g4lab.models.experts import dense, one_by_one  # noqa: E402
from g4lab.models.rerouting import Reroute, edits  # noqa: E402
from g4lab.models.sites import Edit, add  # noqa: E402
from g4lab.models.watched import Watched  # noqa: E402
from tests.backends.gradients import gradients  # noqa: E402
from tests.models.networks import MIXTURE, SHARING, forward, network, tokens  # noqa: E402
from tests.models.routings import ROUTINGS, by_banks, by_blocks, by_loads  # noqa: E402

CONFIGS = (MIXTURE, SHARING)
PROMPTS = [tokens(1, length, seed=length)[0].tolist() for length in (1, 4, 10, 14)]
SAMPLINGS = {"greedy": Sampling(0), "sampled": Sampling(1.2, 30, 0.9)}


def reading(net) -> dict[str, np.ndarray]:
    """Logits and every site, of two rows and of a single token."""
    found = {"logits": forward(net, tokens(2, 11)), "one token": forward(net, tokens(1, 1))}
    _, sites = Watched(net).run("sites", net, tokens(1, 11), record=["*"])
    return found | {f"sites/{name}": runtime.to_numpy(value) for name, value in sites.items()}


def generation(net) -> dict[str, np.ndarray]:
    """New tokens for a batch of unequal lengths."""
    watched = Watched(net)
    return {
        name: np.concatenate(list(generate(watched, PROMPTS, 12, sampling, stop_ids=[7], seed=3, steps=8)), axis=1)
        for name, sampling in SAMPLINGS.items()
    }


def editing(net) -> dict[str, np.ndarray]:
    """What a router or a residual stream that is edited leads to."""
    lab, row = Lab(net), PROMPTS[2]
    changes = {
        "number": {"layers.0.residual": Edit(add, 0.5)},
        "float64": {"embedding": Edit(add, np.linspace(-1, 1, net.text.width))},
        "function": {"layers.*.attention.heads": lambda x: ops.flip(x, axis=-1)},
        "value": {"layers.1.residual": np.ones((len(row), net.text.width))},
    }
    if net.text.experts:
        moves = Reroute("off", 0, 2), Reroute("force", 1, 3), Reroute("swap", 0, 1, 4)
        changes["reroute"] = edits(moves, range(net.text.layers), net.text.experts)
    return {name: lab.trace(row, sites=[], edits=change)["next.logits"] for name, change in changes.items()}


def experts() -> dict[str, np.ndarray]:
    """The forms of the experts and their gradients; `dense` is what they are compared with."""
    found = {}
    for name, routing in ROUTINGS.items():
        upstream = np.random.default_rng(2).standard_normal(routing.tokens.shape).astype("float32")
        upstream, chosen = ops.convert_to_tensor(upstream), ops.convert_to_tensor(routing.experts)
        compiled = runtime.compile(by_loads, network(MIXTURE))
        found[f"{name}/by_loads/value"] = runtime.to_numpy(compiled(*map(ops.convert_to_tensor, routing)))
        for form in (dense, one_by_one, by_blocks, by_banks):

            def loss(x, weights, *banks, form=form, chosen=chosen, upstream=upstream):
                return ops.sum(form(x, chosen, weights, *banks) * upstream)

            found[f"{name}/{form.__name__}/value"] = runtime.to_numpy(form(*map(ops.convert_to_tensor, routing)))
            derived = form is not by_banks or runtime.shapes_may_follow_data()
            if derived and name in ("some more popular than others", "one token"):
                by = gradients(loss, [routing.tokens, routing.weights, *routing[3:]])
                found |= {f"{name}/{form.__name__}/gradient {i}": gradient for i, gradient in enumerate(by)}
    return found


def training() -> dict[str, np.ndarray]:
    """Losses of a few steps; the last batch is smaller, so TensorFlow leaves the batch size open."""
    net = network(MIXTURE)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss)
    ids = tokens(3, 13)
    history = net.fit(ids[:, :-1], ids[:, 1:], batch_size=2, epochs=3, shuffle=False, verbose=0)
    return {"losses": np.asarray(history.history["loss"])}


def bfloat16() -> dict[str, np.ndarray]:
    """Logits, edits and tokens in bfloat16."""
    net = network(MIXTURE, "bfloat16")
    return {"logits": forward(net, tokens(2, 11))} | editing(net) | generation(net)


def main(path: str) -> None:
    found = {"experts": experts(), "training": training(), "bfloat16": bfloat16()}
    for config in CONFIGS:
        net = network(config)
        for question in (reading, generation, editing):
            found[f"{config.name}/{question.__name__}"] = question(net)
    np.savez(path, **{f"{question}/{name}": x for question, answers in found.items() for name, x in answers.items()})


if __name__ == "__main__":
    main(sys.argv[1])
