"""A recorded trace opened in RoutingExplorer: what is wrong with a file is said in the widget, and the kernel lives."""

import json
import pickle

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing import store
from g4lab.tracing.trace import Trace
from g4lab.widgets import RoutingExplorer
from tests.tracing.traces import make_trace
from tests.widgets.models import FakeModel


@pytest.fixture
def explorer():
    return RoutingExplorer(FakeModel(), "The red ball is in the box")


@pytest.fixture
def file(tmp_path):
    make_trace().save(tmp_path / "run.npz")
    return tmp_path / "run.npz"


def rewritten(path, header=lambda h: h, sites=lambda s: s):
    """The file as a careful hand leaves it: changed, and consistent with what it says of itself."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    said = json.loads(arrays.pop(store.HEADER).tobytes())
    arrays = sites(arrays)
    said = header(said | {"sites": {name: [str(a.dtype), list(a.shape)] for name, a in arrays.items()}})
    np.savez(path, **{store.HEADER: np.frombuffer(json.dumps(said).encode(), np.uint8)}, **arrays)


def truncated(path):
    path.write_bytes(path.read_bytes()[:-400])


def pickled(path):
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}

    class Bomb:
        def __reduce__(self):
            return (open, (str(path.parent / "executed"), "w"))

    np.savez(path, **arrays | {"layers.0.router.logits": np.array([Bomb()], dtype=object)}, allow_pickle=True)


def only_a_pickle(path):
    path.write_bytes(pickle.dumps({"a": 1}))


def wrong_token(path):
    rewritten(path, header=lambda h: h | {"tokens": [["one", 2], *h["tokens"][1:]]})


def fewer_experts(path):
    def changed(header):
        header["model"]["experts"] = 3
        return header

    rewritten(path, header=changed)


def no_such_expert(path):
    def changed(sites):
        sites["layers.1.router.experts"][2, 0] = 99
        return sites

    rewritten(path, sites=changed)


def shorter_site(path):
    rewritten(path, sites=lambda s: s | {"layers.1.experts.weights": s["layers.1.experts.weights"][:-1]})


def not_numbers(path):
    rewritten(path, sites=lambda s: s | {"layers.2.router.probabilities": s["layers.2.router.probabilities"] * np.nan})


def flipped_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


DAMAGES = [
    truncated,
    flipped_byte,
    pickled,
    only_a_pickle,
    wrong_token,
    fewer_experts,
    no_such_expert,
    shorter_site,
    not_numbers,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_broken_file_is_said_in_the_widget_and_nothing_changes(explorer, file, damage):
    damage(file)
    before = explorer.before
    explorer.widget._answer({"kind": "open", "path": f" {file} "})
    status = explorer.widget.status
    assert status["state"] == "error" and status["what"] and status["next"], status
    assert "fault in g4lab" not in status["next"]
    assert explorer.before is before and explorer.model is not None
    assert not (file.parent / "executed").exists()
    explorer.widget._answer({"kind": "run", "prompt": "It rolls"})
    assert explorer.widget.status["state"] == "ready"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_broken_file_makes_no_view(file, damage):
    damage(file)
    with pytest.raises(InputError):
        RoutingExplorer(Trace.load(file))


def test_a_sound_file_is_shown_and_the_model_comes_back(explorer, file):
    explorer.switch_off(1, 2)
    explorer.compare("a red box")
    explorer.widget._answer({"kind": "open", "path": str(file)})
    assert explorer.widget.status["state"] == "ready"
    header, arrays = explorer.content(live=True)
    assert header["runnable"] and not header["editable"] and header["prompt"] is None
    assert header["model"]["experts"] == 8 and len(header["layers"]) == 4 and header["other"] is None
    np.testing.assert_array_equal(arrays["before.experts"][1], make_trace().routing(1).experts)
    explorer.widget._answer({"kind": "change", "action": "off", "layer": 0, "expert": 0})
    assert "no model to run" in explorer.widget.status["what"]
    explorer.run("It rolls")
    header, _ = explorer.content(live=True)
    assert header["editable"] and header["model"]["experts"] == 32 and header["changes"] == []


def test_a_recording_can_open_another(file):
    explorer = RoutingExplorer(make_trace(layers=2))
    explorer.handle({"kind": "open", "path": str(file)})
    assert len(explorer.before.routed_layers) == 4 and not explorer.content(True)[0]["runnable"]
