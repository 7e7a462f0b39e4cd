"""PerLayerEmbeddings: hand-made norms, and a small random network in E2B's shape."""

import csv
import io

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.trace import Token, Trace
from g4lab.widgets import per_layer_content as content
from g4lab.widgets.per_layer import PerLayerEmbeddings
from tests.tracing.traces import make_trace, plan, tokens
from tests.widgets.models import FakeModel
from tests.widgets.test_routing_explorer import arrays_of, header_of, page_of

IDS = [2, 5, 9, 5, 7]


def handmade() -> Trace:
    """One layer, two tokens, D=2: PLE adds [3,4] to [6,8] and [0,2] to [0,1]."""
    rows = plan(layers=1, experts=0)
    rows[0]["ple_dim"] = 4
    sites = {
        "embedding": [[1, 2], [0, 0]],
        "layers.0.attention.output": [[2, 3], [0, 3]],
        "layers.0.feedforward.output": [[3, 3], [0, -2]],
        "layers.0.ple.output": [[3, 4], [0, 2]],
        "layers.0.residual": [[9, 12], [0, 3]],
        "next.logits": [0, 1, 2],
    }
    model = {"name": "by hand", "label": "made up", "plan": rows, "experts": 0, "chosen": 0}
    arrays = {name: np.array(value, np.float32) for name, value in sites.items()}
    return Trace(tokens(["<bos>", "the"]), model, arrays)


@pytest.fixture(scope="module")
def model():
    from g4lab import runtime

    runtime.choose_backend()
    from g4lab.lab import Lab
    from tests.models.networks import network
    from tests.parity.configs import LIKE_E2B

    return Lab(network(LIKE_E2B))


@pytest.fixture(scope="module")
def shared(model):
    return PerLayerEmbeddings(model, IDS, shuffles=2)


@pytest.fixture
def view(shared):
    if shared.off:
        shared.reset()
    return shared


def test_norms_by_hand():
    norms = content.norms(handmade())
    assert norms["added"].tolist() == [[5, 2]]
    assert norms["stream"].tolist() == [[10, 1]]
    assert norms["ratio"].tolist() == [[0.5, 2]]


def test_a_null_goes_back_to_its_tokens():
    ratios = [np.array([[1.0, 2, 3]]), np.array([[5.0, 6, 7]])]
    null = content.null(ratios, [np.array([0, 2, 1]), np.array([0, 1, 2])])
    assert null["null_mean"].tolist() == [[3, 4.5, 4.5]]
    assert null["null_low"].tolist() == [[1, 3, 2]] and null["null_high"].tolist() == [[5, 6, 7]]


def test_shuffling_keeps_control_tokens_and_all_others():
    trace = make_trace()
    for order in content.orders(trace, 3):
        assert order[0] == 0 and sorted(order) == list(range(len(trace)))
    assert not np.array_equal(*content.orders(trace, 2))


def test_arrays_are_what_the_network_did(view):
    trace = view.before
    assert view.arrays["ratio"].shape == (7, len(IDS)) == view.arrays["null_mean"].shape
    layer = 3
    added = np.linalg.norm(trace[f"layers.{layer}.ple.output"], axis=-1)
    np.testing.assert_allclose(view.arrays["added"][layer], added, rtol=1e-6)
    # another way to the stream before PLE: undo the layer's scalar, take PLE away
    scalar = view.model.network.named_variables()[f"layers.{layer}.layer_scalar"]
    before = trace[f"layers.{layer}.residual"] / np.asarray(scalar) - trace[f"layers.{layer}.ple.output"]
    np.testing.assert_allclose(view.arrays["stream"][layer], np.linalg.norm(before, axis=-1), rtol=1e-4)
    assert (view.arrays["null_low"] <= view.arrays["null_high"]).all()


def test_the_null_is_that_of_one_run_after_another(model, view):
    """The runs go side by side; what they give is what one after another gives, to the last bit."""
    drawn = content.orders(view.before, 2)
    ratios = [content.norms(model.trace(np.array(IDS)[order], sites=content.SITES))["ratio"] for order in drawn]
    for name, expected in content.null(ratios, drawn).items():
        np.testing.assert_array_equal(view.arrays[name], expected)


def test_the_null_is_of_the_edited_model(model):
    with model.edit({"layers.2.ple.output": np.zeros((1, 1, 1), np.float32)}):
        edited = PerLayerEmbeddings(model, IDS, shuffles=2)
    assert not edited.arrays["null_high"][2].any() and edited.arrays["null_low"][1].all()


def test_the_first_layers_null_is_the_tokens_own():
    """A network in which nothing depends on the order has a null that equals the measure."""

    class Unordered(FakeModel):
        def __init__(self):
            super().__init__()
            self.config.ple_dim = 4

        def trace(self, x, sites=None, layers=None, edits=None):
            made = handmade()
            ids = [2, 3, 4] if isinstance(x, str) else list(x)
            rows = np.float32([[i, i + 1] for i in ids])
            sites = {name: rows if "layers" in name or name == "embedding" else v for name, v in made.sites.items()}
            return Trace(tuple(Token(int(i), "w") for i in ids), made.model, sites)

    view = PerLayerEmbeddings(Unordered(), "a b c")
    np.testing.assert_allclose(view.arrays["null_mean"], view.arrays["ratio"], rtol=1e-6)
    assert view.arrays["ratio"][0].tolist() == pytest.approx([1 / 3] * 3)


def test_switching_ple_off_reaches_the_network(view):
    view.switch_off(6)
    change = view.content(True)[0]["next"]["change"]
    expected = view.after.log_probabilities() - view.before.log_probabilities()
    assert change == pytest.approx(expected[view.before.next_token(1)[0].id]) and change != 0
    view.switch_off(2)
    assert view.off == [2, 6]
    view.switch_on(6)
    assert view.off == [2]
    view.reset()
    assert view.after is None


@pytest.mark.parametrize("layer", [7, -1, "2", None, True])
def test_a_layer_that_does_not_exist(view, layer):
    with pytest.raises(InputError, match="no layer"):
        view.handle({"kind": "off", "layer": layer, "off": True})
    assert view.off == []


@pytest.mark.parametrize(
    "prompt, words",
    [
        ("", "prompt is empty"),
        (" \n", "prompt is empty"),
        ("x" * 100_000, "100,000 characters"),
        (None, "nothing to read"),
    ],
)
def test_a_bad_prompt_is_shown_in_the_widget(view, prompt, words):
    before = view.before
    view.widget._answer({"kind": "run", "prompt": prompt})
    assert view.widget.status["state"] == "error" and words in view.widget.status["what"]
    assert view.before is before


def test_models_and_traces_without_ple_say_so():
    with pytest.raises(InputError, match="no per-layer embeddings"):
        fake = FakeModel()
        fake.config.ple_dim = 0
        PerLayerEmbeddings(fake, "hello")
    with pytest.raises(InputError, match="no per-layer embeddings"):
        PerLayerEmbeddings(make_trace())
    trace = handmade()
    bare = Trace(trace.tokens, trace.model, {"next.logits": np.zeros(3)})
    with pytest.raises(InputError, match=r'holds no "embedding"'):
        PerLayerEmbeddings(bare)
    with pytest.raises(InputError, match="shuffles is -1"):
        PerLayerEmbeddings(trace, shuffles=-1)


def test_a_recorded_trace_has_no_null_and_says_so(tmp_path):
    handmade().save(tmp_path / "run.npz")
    view = PerLayerEmbeddings(Trace.load(tmp_path / "run.npz"))
    header, arrays = view.content(True)
    assert not header["editable"] and "null_mean" not in arrays and "null" in header["no_null"]
    for ask in (lambda: view.switch_off(0), lambda: view.run("x")):
        with pytest.raises(InputError, match="no model to run"):
            ask()
    assert "0.5" not in view.sentence() or "2 times, at layer 0" in view.sentence()


def test_the_page_holds_the_exact_numbers(view):
    page = page_of(view.static())
    np.testing.assert_array_equal(arrays_of(page)["ratio"], view.arrays["ratio"])
    assert header_of(page)["live"] is False and header_of(page)["link"] == view.selection().key


def test_csv_and_png(view):
    lines = list(csv.DictReader(io.StringIO(view.to_csv())))
    assert len(lines) == 7 * len(IDS)
    for line in lines[:: len(IDS) + 1]:
        place = int(line["layer"]), int(line["position"])
        assert np.float32(line["ratio"]) == view.arrays["ratio"][place]
        assert np.float32(line["null_mean"]) == np.float32(view.arrays["null_mean"][place])
    from PIL import Image

    assert Image.open(io.BytesIO(view.to_png())).width > 300


def test_the_sentence_names_the_largest(view):
    ratio = view.arrays["ratio"]
    row, position = np.unravel_index(ratio.argmax(), ratio.shape)
    assert f"{ratio.max():.3g} times, at layer {row} for token {position}" in view.sentence()
    assert "shuffled" in view.sentence()
