"""Every view shows the same on three backends, and a trace made on one opens on another, and without any."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.backends.opened import views_of_traces
from tests.backends.packed import flat, load

BACKENDS = ("jax", "tensorflow", "torch")
NEAR = 2e-5
"""Floats agree to this: relative to the largest of their array; a number of a header by itself, from 1 on; what the
lens leaves unexplained, which is rounding and nothing else, absolutely. Found were 4e-6 at most."""
TIES = 0.02
"""Share of ranks and listed ids that may differ, each by one place: two tokens' scores can be equal up to rounding."""

pytestmark = [pytest.mark.backend, pytest.mark.slow]


def run(module, *arguments, backend):
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    chosen = {"KERAS_BACKEND": backend} if backend else {}
    if backend == "torch":
        chosen["OMP_NUM_THREADS"] = "1"  # small products: threads that wait for each other cost more than they save
    child = subprocess.run(
        [sys.executable, "-m", f"tests.backends.{module}", *map(str, arguments)],
        env=environment | chosen | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert child.returncode == 0, child.stderr[-3000:]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """What each backend made, in its folder; each but the first has opened the traces of the one before."""
    made, before = {}, []
    for backend in BACKENDS:
        made[backend] = tmp_path_factory.mktemp(backend)
        run("_views", made[backend], *before, backend=backend)
        before = [made[backend] / "traces"]
    return made


@pytest.fixture(scope="module")
def found(folders):
    return {backend: load(folder / "views.npz") for backend, folder in folders.items()}


@pytest.fixture(scope="module", params=["tensorflow", "torch"])
def pair(request, found):
    """JAX's views and another backend's."""
    return found["jax"], found[request.param]


def test_every_view_is_there_and_its_steps_did_something(found):
    steps = found["jax"]
    for view in ("TokenStrip", "AttentionExplorer", "LogitLens", "ArchitectureMap", "RopeDial"):
        assert {f"{model}/{view}/0 made" for model in ("tiny-moe", "tiny-e")} <= set(steps)
    assert {"tiny-moe/RoutingExplorer/0 made", "tiny-e/PerLayerEmbeddings/0 made"} <= set(steps)
    assert {"Microscope/2/PLE", "Microscope/3/Routing", "Microscope/1/Architecture"} <= set(steps)
    for name in (
        "tiny-moe/AttentionExplorer/3 cut",
        "tiny-e/AttentionExplorer/7 cut_global",
        "tiny-moe/RoutingExplorer/2 change",
        "tiny-moe/RoutingExplorer/4 change",
        "tiny-moe/RoutingExplorer/7 branch",
        "tiny-e/PerLayerEmbeddings/1 off",
    ):
        assert abs(steps[name][0]["next"]["change"]) > 1e-3, name
    assert "sent 0.0" in steps["tiny-moe/AttentionExplorer/1 head"][1]
    assert "sent 0.0" in steps["tiny-moe/RoutingExplorer/1 probabilities"][1]
    for name in [step for step in steps if step.endswith(" run")]:
        before = steps[f"{name.rsplit('/', 1)[0]}/0 made"]
        assert steps[name][0]["prompt"] != before[0]["prompt"]


def test_the_same_steps_with_the_same_shapes(pair):
    jax, other = pair
    assert list(jax) == list(other)
    for step, (_, arrays) in jax.items():
        kinds = {name: (x.dtype, x.shape) for name, x in arrays.items()}
        assert {name: (x.dtype, x.shape) for name, x in other[step][1].items()} == kinds, step


def test_headers_are_equal_and_their_numbers_to_rounding(pair):
    jax, other = pair
    far = {}
    for step, (header, _) in jax.items():
        ours, theirs = dict(flat(header)), dict(flat(other[step][0]))
        assert list(ours) == list(theirs), step
        for place, value in ours.items():
            if isinstance(value, float):
                if not np.isclose(theirs[place], value, rtol=NEAR, atol=NEAR, equal_nan=True):
                    far[step, place] = value, theirs[place]
            elif theirs[place] != value:
                far[step, place] = value, theirs[place]
    assert far == {}


def test_integers_are_equal_and_floats_to_rounding(pair):
    jax, other = pair
    far = {}
    for step, (_, arrays) in jax.items():
        for name, x in arrays.items():
            if (distance := difference(step, name, x, other[step][1][name])) is not None:
                far[step, name] = distance
    assert far == {}


def difference(step, name, x, y):
    """None where the two agree; else how far they are apart."""
    if x.dtype.kind == "f":
        same = np.isnan(x) == np.isnan(y)
        largest = 1 if name.endswith(".rest") else np.nanmax(np.abs(x), initial=1e-9)
        apart = np.nanmax(np.abs(x - y), initial=0) / largest
        return None if same.all() and apart <= NEAR else float(apart)
    apart = np.abs(x.astype(int) - y)
    if name == "thumbs":  # the root of a weight in 255 steps
        return None if apart.max() <= 1 else int(apart.max())
    if name.endswith(".rank"):
        return None if apart.max() <= 1 and (apart > 0).mean() <= TIES else int(apart.max())
    if name == "top.ids":
        return None if (apart > 0).mean() <= TIES else float((apart > 0).mean())
    return None if not apart.any() else int((apart > 0).sum())


def equal(one, two):
    """Two packings are the same to the last bit."""
    assert list(one) == list(two)
    for step, (header, arrays) in one.items():
        assert dict(flat(header)) == dict(flat(two[step][0])), step
        assert list(arrays) == list(two[step][1])
        for name, x in arrays.items():
            np.testing.assert_array_equal(two[step][1][name], x, err_msg=f"{step} {name}")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_trace_opens_without_a_backend_and_on_another(folders, tmp_path, backend):
    traces = folders[backend] / "traces"
    run("opened", traces, tmp_path / "without.npz", backend=None)
    without = load(tmp_path / "without.npz")
    assert {"tiny-moe/Routing", "tiny-moe/Lens", "tiny-moe/Attention", "tiny-moe/Tokens", "tiny-e/PLE"} <= set(without)
    place = BACKENDS.index(backend) + 1
    if place < len(BACKENDS):
        equal(without, load(folders[BACKENDS[place]] / "opened.npz"))
    else:  # this process runs on JAX
        equal(without, views_of_traces(traces))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_trace_has_what_the_views_of_the_model_showed(folders, found, backend):
    opened = views_of_traces(folders[backend] / "traces")
    for model, names in {"tiny-moe": ("Routing", "Attention", "Tokens"), "tiny-e": ("Attention", "PLE")}.items():
        for name in names:
            view = {"Routing": "RoutingExplorer", "Attention": "AttentionExplorer", "Tokens": "TokenStrip"}
            _, live = found[backend][f"{model}/{view.get(name, 'PerLayerEmbeddings')}/0 made"]
            _, recorded = opened[f"{model}/{name}"]
            assert recorded
            for field, x in recorded.items():
                np.testing.assert_allclose(x, live[field], rtol=1e-6, atol=1e-7, err_msg=f"{model} {name} {field}")
