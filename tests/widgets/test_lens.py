"""LogitLens on small random networks: a mixture, and one with PLE."""

import csv
import io

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.components import sites_of
from g4lab.tracing.trace import Trace
from g4lab.widgets.lens import LogitLens
from tests.tracing.traces import make_trace
from tests.widgets.test_routing_explorer import arrays_of, header_of, page_of

IDS = [2, 5, 9, 5, 7, 11]


def lab(config):
    from g4lab import runtime

    runtime.choose_backend()
    from g4lab.lab import Lab
    from tests.models.networks import network

    return Lab(network(config))


@pytest.fixture(scope="module")
def mixture():
    from tests.models.networks import MIXTURE

    return lab(MIXTURE)


@pytest.fixture(scope="module")
def shared(mixture):
    return LogitLens(mixture, IDS, token=42)


@pytest.fixture
def view(shared):
    shared.follow(42)
    return shared


def softmax(x):
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def test_the_last_row_is_the_model(view, mixture):
    probabilities = softmax(mixture.logits(IDS)[0].astype(np.float64))
    reading = view.reading
    assert [row["name"] for row in reading.rows] == ["embedding", "layer 0", "layer 1"]
    for position in range(len(IDS)):
        best = np.argsort(-probabilities[position])[:5]
        assert reading.top_ids[-1, position].tolist() == best.tolist()
        np.testing.assert_allclose(reading.top_probability[-1, position], probabilities[position, best], rtol=1e-4)
    true = reading.targets["true"]
    for position, following in enumerate(IDS[1:]):
        p = probabilities[position]
        assert true.ids[position] == following
        assert true.rank[-1, position] == 1 + (p > p[following]).sum()
        assert true.probability[-1, position] == pytest.approx(p[following], rel=1e-4)


def test_a_lower_row_is_read_with_the_models_own_norm_and_cap(view, mixture):
    weights = {name: value.numpy() for name, value in mixture.network.named_variables().items()}
    stream = view.trace["layers.0.residual"][3].astype(np.float64)
    normed = stream / np.sqrt((stream**2).mean() + mixture.config.norm_eps) * weights["final_norm.scale"]
    cap = mixture.config.softcap
    expected = softmax(cap * np.tanh(weights["embed.table"] @ normed / cap))
    assert view.reading.targets["chosen"].probability[1, 3] == pytest.approx(expected[42], rel=1e-4)
    assert view.reading.targets["chosen"].rank[1, 3] == 1 + (expected > expected[42]).sum()


def test_the_last_token_has_no_true_next_one(view):
    true = view.reading.targets["true"]
    assert true.ids[-1] == -1 and not true.rank[:, -1].any() and np.isnan(true.probability[:, -1]).all()
    predicted = view.reading.targets["predicted"]
    assert (predicted.rank[-1] == 1).all()


@pytest.mark.parametrize("target", ["true", "predicted", "chosen"])
def test_parts_and_rest_add_up_to_the_models_logit(view, mixture, target):
    found = view.attribution(2, target)
    logit, rest = found.pop("logit"), found.pop("rest")
    assert sum(found.values()) + rest == pytest.approx(logit, abs=1e-9)
    assert abs(rest) < 1e-4
    wanted = view.reading.targets[target].ids[2]
    cap = mixture.config.softcap
    assert cap * np.tanh(logit / cap) == pytest.approx(float(mixture.logits(IDS)[0, 2, wanted]), abs=1e-4)
    assert list(found)[:4] == ["embedding", "0.attention", "0.dense MLP", "0.experts"]


def test_ple_has_parts_of_its_own():
    from tests.parity.configs import LIKE_E2B

    view = LogitLens(lab(LIKE_E2B), IDS)
    found = view.attribution(-1)
    assert {"6.PLE", "6.dense MLP", "6.attention"} <= set(found) and "6.experts" not in found
    assert abs(found["rest"]) < 1e-4 and abs(found["6.PLE"]) > 1e-3


def test_only_the_last_positions_are_read_when_asked(mixture, view):
    few = LogitLens(mixture, IDS, positions=2)
    assert few.reading.start == 4 and few.content(True)[0]["columns"] == 2
    np.testing.assert_allclose(
        few.reading.targets["predicted"].probability, view.reading.targets["predicted"].probability[:, 4:], rtol=1e-5
    )
    assert few.attribution(5)["rest"] == pytest.approx(view.attribution(5)["rest"], abs=1e-6)
    with pytest.raises(InputError, match="does not read position 3"):
        few.attribution(3)


def test_a_trace_and_its_model(mixture, view):
    trace = mixture.trace(IDS, sites=sites_of(mixture.config))
    again = LogitLens(trace, mixture, token=42)
    for name, target in view.reading.targets.items():
        np.testing.assert_array_equal(again.reading.targets[name].rank, target.rank)
    bare = LogitLens(mixture.trace(IDS, sites=("embedding", "layers.*.residual")), mixture)
    assert bare.reading.components == [] and "no attribution" in bare.sentence()
    assert len(bare.to_png()) > 1000


def test_a_trace_that_carries_a_lens_is_shown_without_a_model(mixture, tmp_path):
    trace = mixture.trace(IDS, sites=sites_of(mixture.config))
    mixture.readout().carried_by(mixture.lens(trace).carried_by(trace)).save(tmp_path / "run.npz")
    view = LogitLens(Trace.load(tmp_path / "run.npz"))
    with_model = LogitLens(trace, mixture)
    assert list(view.reading.targets) == ["true"] and not view.content(True)[0]["can_follow"]
    np.testing.assert_array_equal(view.reading.targets["true"].rank, with_model.reading.targets["true"].rank)
    assert view.attribution(1, "true") == pytest.approx(with_model.attribution(1, "true"))
    for ask in (
        lambda: view.follow(3),
        lambda: view.run("x"),
        lambda: LogitLens(Trace.load(tmp_path / "run.npz"), token=1),
    ):
        with pytest.raises(InputError, match="no model to run"):
            ask()


def test_what_a_lens_cannot_read_says_what_to_do(mixture):
    with pytest.raises(InputError, match="carries no logit lens"):
        LogitLens(make_trace())
    with pytest.raises(InputError, match="not recorded with mixture"):
        LogitLens(make_trace(), mixture)
    with pytest.raises(InputError, match="holds no site"):
        LogitLens(mixture.trace(IDS, sites=("embedding",)), mixture)
    with pytest.raises(InputError, match="positions is 0"):
        LogitLens(mixture, IDS, positions=0)
    with pytest.raises(InputError, match="there is no target"):
        LogitLens(mixture, IDS).attribution(0, "chosen")


@pytest.mark.parametrize(
    "token, words", [(300, "no token 300"), (-1, "no token -1"), (True, "no token True"), (" a", "no tokenizer")]
)
def test_a_token_that_is_none(view, token, words):
    view.widget._answer({"kind": "token", "token": token})
    assert view.widget.status["state"] == "error" and words in view.widget.status["what"]
    assert view.chosen == 42


@pytest.mark.parametrize(
    "prompt, words", [("", "is empty"), ("x" * 100_000, "100,000 characters"), (None, "nothing to read")]
)
def test_a_bad_prompt_is_shown_in_the_widget(view, prompt, words):
    view.widget._answer({"kind": "run", "prompt": prompt})
    assert view.widget.status["state"] == "error" and words in view.widget.status["what"]
    assert len(view.trace) == len(IDS)


def test_following_another_token(view):
    view.follow(7)
    assert (view.reading.targets["chosen"].ids == 7).all()
    view.handle({"kind": "token", "token": None})
    assert "chosen" not in view.reading.targets
    with pytest.raises(InputError, match="something unknown"):
        view.handle({"kind": "melt"})


def test_the_prior_stands_beside_the_uniform_reading(mixture):
    counts = np.ones(300)
    counts[5], counts[9] = 99, 49
    view = LogitLens(mixture, IDS, prior=counts)
    priors = view.content(True)[0]["priors"]["true"]
    assert priors[0] == {"probability": 99 / 446, "rank": 1} and priors[1] == {"probability": 49 / 446, "rank": 2}
    assert priors[-1] is None
    for wrong in (np.ones(3), -counts, 0 * counts):
        with pytest.raises(InputError, match="no distribution"):
            LogitLens(mixture, IDS, prior=wrong)


def test_the_page_holds_the_exact_numbers(view):
    page = page_of(view.static())
    arrays, header = arrays_of(page), header_of(page)
    for name, target in view.reading.targets.items():
        np.testing.assert_array_equal(arrays[f"{name}.rank"], target.rank)
        np.testing.assert_array_equal(arrays[f"{name}.probability"], target.probability.astype(np.float32))
        np.testing.assert_array_equal(arrays[f"{name}.parts"], target.parts.astype(np.float32))
    assert header["vocabulary"] == 300 and header["null_first"] == view.reading.null_first.tolist()
    assert set(np.unique(arrays["top.ids"])) <= {int(id) for id in header["texts"]}


def test_csv_and_png(view):
    lines = list(csv.DictReader(io.StringIO(view.to_csv())))
    assert len(lines) == 3 * len(IDS)
    for line, (row, column) in zip(lines, np.ndindex(3, len(IDS)), strict=True):
        target = view.reading.targets["chosen"]
        assert int(line["chosen_rank"]) == target.rank[row, column]
        assert float(line["chosen_probability"]) == float(target.probability[row, column])
    assert lines[-1]["true_id"] == "" and lines[0]["true_id"] == "5"
    from PIL import Image

    assert Image.open(io.BytesIO(view.to_png())).width >= 560


def test_the_sentence_has_the_guess_and_the_rest(view):
    true = view.reading.targets["true"]
    first = int((true.rank[-1, :-1] == 1).sum())
    assert f"at layer 1, at {first}; a guess at random would be right at 0.017" in view.sentence()
