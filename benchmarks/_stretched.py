"""The tiny models with room for 4,096 tokens, and a text of that length; beyond what they were trained for, they are
only as large and as slow as a model that was."""

from __future__ import annotations

from itertools import count

ROOM = 4096


def stretched(name: str):
    """An embedded model that accepts up to `ROOM` tokens."""
    import g4lab
    from g4lab.lab import Lab
    from g4lab.models.gemma4 import Gemma4

    trained = g4lab.load(name)
    network = Gemma4(trained.config.replace(max_positions=ROOM))
    network.set_weights(trained.network.get_weights())
    return Lab(network, trained.tokenizer, trained.name, trained.label)


def prompt(model, length: int) -> list[int]:
    """So many tokens of held-out documents of all domains, one after the other."""
    from g4lab.training.corpus import tiny_world

    ids = [model.tokenizer.bos_id]
    for place in count():
        for domain in tiny_world().DOMAINS:
            text = tiny_world().document(domain, 0, 3_000_000 + place, "held-out").text
            ids += model.tokenizer.encode(text, control=True)
            if len(ids) >= length:
                return ids[:length]
