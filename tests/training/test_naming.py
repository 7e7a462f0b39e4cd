"""An encoder learns to name what its soft tokens cover; the text model stays as it is, and a kill loses nothing."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

import g4lab
from g4lab.checkpoints.resolve import EMBEDDED
from g4lab.runtime import to_numpy
from g4lab.training import media_rows, naming, state
from g4lab.training.cells import NO_DIGIT, Cells
from g4lab.training.corpus import tiny_world
from g4lab.training.media_rows import MediaRows
from g4lab.training.named_rows import NamedRows
from g4lab.training.recipe import MediaShape, Naming, Phase
from g4lab.training.recipes import recipe
from g4lab.training.run import train
from g4lab.training.vocabulary import TOKENIZER_FILES

pytestmark = pytest.mark.slow

TOKENIZER = g4lab.load("tiny-e").tokenizer
SMALL = {"width": 16, "layers": 1, "heads": 2}
PLAN = replace(
    recipe("tiny-e"),
    config=recipe("tiny-e").config.replace(
        vision=replace(recipe("tiny-e").config.vision, **SMALL, head_dim=8, feedforward=16),
        audio=replace(recipe("tiny-e").config.audio, **SMALL, output_width=16),
    ),
    media=MediaShape(rows=2),
    save_every=2,
    probe_every=3,
    naming={
        "vision": Naming(6, 3, {"colour": 0.5, "number": 0.5}, films=3, rate=1e-2),
        "audio": Naming(3, 2, {"speech": 1.0}),
    },
)


def network():
    import keras

    from g4lab.models.gemma4 import Gemma4

    keras.utils.set_random_seed(1)
    return Gemma4(PLAN.config)


def weights(network):
    return {name: to_numpy(variable) for name, variable in network.named_variables().items()}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media_rows, "SPOKEN", {"train": 4, "held-out": 2})
        found = MediaRows(PLAN, TOKENIZER, 0, tmp_path_factory.mktemp("spoken"))
        found.record("speech", 0, "train"), found.record("speech", 0, "held-out")  # spoken while few are wanted
        yield found


def test_words_of_cells_have_a_token_each():
    words, ids = tiny_world().WORDS_OF_CELLS, naming.ids_of_words(TOKENIZER)
    assert len(set(ids)) == len(ids) == len(words)
    assert all(id in TOKENIZER.encode(word) for word, id in zip(words, ids, strict=True))


def test_targets_are_what_the_cells_hold():
    world = tiny_world()
    two = world.Cell(("3", "7"), (0.25, 0.5), ((0, "3"), (1, "7")))
    cells = Cells.of([two, world.Cell(at=(0.1, 0.9)), world.Cell(()), None])
    index = {word: place for place, word in enumerate(world.WORDS_OF_CELLS)}
    assert cells.words[0, index["3"]] == cells.words[0, index["7"]] == 0.5 and cells.words[1, index["-"]] == 1
    assert not cells.words[2:].any() and not cells.known[2:].any() and not cells.placed[2:].any()
    np.testing.assert_allclose(cells.at[:2], [[0.25, 0.5], [0.1, 0.9]])
    assert cells.digits[0].tolist() == [3, 7, *[NO_DIGIT] * 3] and (cells.digits[1:] == NO_DIGIT).all()


@pytest.mark.parametrize(("encoder", "step", "kind", "count"), [("vision", 0, "image", 75), ("vision", 2, "video", 54)])
def test_every_soft_token_has_its_cell(rows, encoder, step, kind, count):
    batch = NamedRows(rows, PLAN.naming[encoder]).training(step)
    assert set(batch.media) == {kind} and len(batch.cells.words) == count
    columns, rows_ = (batch.media[kind]["positions"].max(axis=1) + 1).T // 3  # three patches each way to a soft token
    filled = np.arange(count // len(columns)) < (columns * rows_)[:, None]
    np.testing.assert_array_equal(batch.cells.words.sum(axis=1) > 0, filled.reshape(-1))
    again = NamedRows(rows, PLAN.naming[encoder]).training(step)
    np.testing.assert_array_equal(batch.cells.words, again.cells.words)


def test_a_killed_naming_goes_on_to_the_same_weights(rows, tmp_path, monkeypatch):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir(), killed.mkdir()
    first = network()
    before = weights(first)
    naming.teach(first, "vision", rows, whole)
    after = weights(first)
    changed = {name.split(".")[0] for name in after if not np.array_equal(before[name], after[name])}
    assert changed == {"vision"} and all(part.trainable for part in first.layers)

    trained = naming.Namer.train_on_batch

    def kill(self, *args, **kwargs):
        if int(to_numpy(self.optimizer.iterations)) == 3:
            raise KeyboardInterrupt
        return trained(self, *args, **kwargs)

    monkeypatch.setattr(naming.Namer, "train_on_batch", kill)
    with pytest.raises(KeyboardInterrupt):
        naming.teach(network(), "vision", rows, killed)
    monkeypatch.undo()
    again = network()
    naming.teach(again, "vision", rows, killed)
    for name, value in weights(again).items():
        np.testing.assert_array_equal(value, after[name], err_msg=name)
    logs = [(folder / "naming-vision.jsonl").read_text() for folder in (whole, killed)]
    assert logs[0] == logs[1] and [json.loads(line)["step"] for line in logs[0].splitlines()] == [*range(1, 7)]
    assert set(json.loads(logs[0].splitlines()[-1])["named"]["number"]) == {"things", "nothing", "far", "digits"}
    assert (whole / "naming-vision.safetensors").exists() and not (whole / state.STATE).exists()


def test_naming_is_learned(rows):
    fresh = network()
    for part in fresh.layers:
        part.trainable = part is fresh.vision
    model = naming.namer(fresh, "vision", replace(PLAN.naming["vision"], steps=60), TOKENIZER)
    batch = NamedRows(rows, PLAN.naming["vision"]).training(0)
    losses = [float(model.train_on_batch(batch.media, batch.cells.targets)) for _ in range(40)]
    assert losses[-1] < 0.6 * losses[0]


def test_an_encoder_of_sounds_learns_as_well(rows, tmp_path):
    before = network()
    start = weights(before)
    naming.teach(before, "audio", rows, tmp_path)
    end = weights(before)
    changed = {name.split(".")[0] for name in end if not np.array_equal(start[name], end[name])}
    assert changed == {"audio"}


def test_a_run_teaches_before_the_first_step_with_media_and_leaves_the_encoders_alone(tmp_path, monkeypatch):
    for name in TOKENIZER_FILES:
        shutil.copyfile(EMBEDDED / "tiny-e" / name, tmp_path / name)
    asked = Phase(1, {"pairs": 1.0}, media={"pictures": 1.0}, senses={"pictures": {"colour": 1.0}})
    small = {"steps": 2, "batch": 1, "length": 48, "again": None, "probe_rows": 1, "media": MediaShape(rows=1)}
    plan = replace(PLAN, phases=(Phase(0, {"pairs": 1.0}), asked), **small)
    taught, first = [], {}

    def note(network, encoder, rows, out):
        taught.append((encoder, len((out / state.LOG).read_text().splitlines())))
        first.update(weights(network))

    monkeypatch.setattr(naming, "teach", note)
    train(plan, tmp_path)
    assert taught == [("vision", 1), ("audio", 1)]
    _, stored = state.read(tmp_path)
    changed = {name.split(".")[0] for name in first if not np.array_equal(first[name], stored[name].read(slice(None)))}
    assert "layers" in changed and not changed & {"vision", "audio"}
