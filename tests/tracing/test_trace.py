import json
import subprocess
import sys

import numpy as np
import pytest

from g4lab.errors import InputError
from g4lab.tracing.trace import Segment, Token, Trace
from tests.tracing.traces import make_trace


def same(a: Trace, b: Trace) -> bool:
    fields = [getattr(a, f) == getattr(b, f) for f in ("tokens", "segments", "model", "pieces")]
    return all(fields) and a.sites.keys() == b.sites.keys() and all(np.array_equal(a[s], b[s]) for s in a.sites)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "run.npz"
    make_trace().save(path)
    return path


def rewrite(path, **changes):
    """Save the archive again with some entries replaced, or dropped where the value is None."""
    with np.load(path) as archive:
        entries = {name: archive[name] for name in archive.files}
    entries.update(changes)
    with open(path, "wb") as file:
        np.savez(file, **{name: value for name, value in entries.items() if value is not None})


def header_of(path) -> dict:
    with np.load(path) as archive:
        return json.loads(archive["header"].tobytes())


def as_bytes(header: dict) -> np.ndarray:
    return np.frombuffer(json.dumps(header).encode(), np.uint8)


def test_round_trip(tmp_path):
    trace = make_trace(["<bos>", "naïve 🙂", "\n", '"<img src=x>"'])
    trace = Trace(trace.tokens, trace.model, trace.sites, (Segment("user", 1, 4),), trace.pieces)
    trace.save(tmp_path / "run.npz")
    assert same(Trace.load(tmp_path / "run.npz"), trace)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_dtypes_survive_and_bfloat16_becomes_float32(tmp_path):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    sites = {
        "half": np.ones(3, np.float16),
        "ids": np.arange(3, dtype=np.int16),
        "b": np.full(3, 1.5, bfloat16),
    }
    Trace((), {"name": "n", "label": "l", "plan": []}, sites).save(tmp_path / "x.npz")
    loaded = Trace.load(tmp_path / "x.npz")
    assert [loaded[s].dtype.name for s in ("half", "ids", "b")] == ["float16", "int16", "float32"]
    assert loaded["b"].tolist() == [1.5] * 3


def test_a_failed_save_leaves_the_old_file(saved, monkeypatch):
    before = saved.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half a file")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space"):
        make_trace(seed=1).save(saved)
    assert saved.read_bytes() == before
    assert len(list(saved.parent.iterdir())) == 1


def test_next_token_by_hand():
    logits = np.log(np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.2, 0.5]])) + 7
    trace = Trace((Token(1, "a"), Token(2, " b")), {"plan": []}, {"logits": logits}, pieces={3: " c"})
    best = trace.next_token(3)
    assert [(c.id, c.text) for c in best] == [(3, " c"), (1, "a"), (2, " b")]
    assert best[0].probability == pytest.approx(0.5)
    assert trace.text_of(0) == "#0"


def test_a_missing_site_says_how_to_get_it():
    with pytest.raises(InputError, match=r"model\.trace\(x, sites=\[\"layers\.0\.residual\"\]\)"):
        make_trace()["layers.0.residual"]


def test_missing_foreign_and_truncated_files(tmp_path, saved):
    with pytest.raises(InputError, match="no such trace file"):
        Trace.load(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match="not a trace file"):
        Trace.load(tmp_path / "text.npz")
    saved.write_bytes(saved.read_bytes()[:-200])
    with pytest.raises(InputError, match="cut short"):
        Trace.load(saved)


def test_any_flipped_byte_of_the_arrays_is_found(saved):
    raw = bytearray(saved.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    saved.write_bytes(raw)
    with pytest.raises(InputError, match="damaged"):
        Trace.load(saved)


def test_an_archive_of_something_else(tmp_path):
    np.savez(tmp_path / "other.npz", weights=np.ones(3))
    with pytest.raises(InputError, match="no g4lab header"):
        Trace.load(tmp_path / "other.npz")


def test_a_pickle_inside_is_never_opened(saved):
    rewrite(saved, logits=np.array([print], dtype=object))
    with pytest.raises(InputError, match="damaged"):
        Trace.load(saved)


def test_a_newer_version_and_a_changed_header(saved):
    header = header_of(saved)
    rewrite(saved, header=as_bytes({**header, "version": 99}))
    with pytest.raises(InputError, match="version 99"):
        Trace.load(saved)
    rewrite(saved, header=as_bytes({k: v for k, v in header.items() if k != "tokens"}))
    with pytest.raises(InputError, match="lacks tokens"):
        Trace.load(saved)
    rewrite(saved, header=np.frombuffer(b"{not json", np.uint8))
    with pytest.raises(InputError, match="header is damaged"):
        Trace.load(saved)


def test_arrays_changed_by_hand(saved):
    rewrite(saved, logits=np.zeros((2, 2), np.float32))
    with pytest.raises(InputError, match='site "logits"'):
        Trace.load(saved)
    rewrite(saved, logits=None)
    with pytest.raises(InputError, match="missing"):
        Trace.load(saved)


def test_reading_a_trace_needs_no_backend(saved):
    code = (
        "import sys; from g4lab.tracing.trace import Trace; "
        f"t = Trace.load({str(saved)!r}); t.attention(0, 0); t.routing(0); t.next_token(); "
        "print([m for m in ('keras', 'jax', 'torch', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda header: header.update(tokens="a"), "tokens are not a list"),
        (lambda header: header["tokens"].__setitem__(1, [1, "a", "smell"]), "token 1 is"),
        (lambda header: header["tokens"].pop(), "tokens"),
        (lambda header: header.update(segments=[["user", 3, 99]]), "lies nowhere in 12 tokens"),
        (lambda header: header.update(pieces={"x": "y"}), "pieces are not texts by id"),
        (lambda header: header.update(model={}), "no plan"),
        (lambda header: header["model"].pop("label"), "no label"),
        (lambda header: header["model"]["plan"][0].update(owner=7), "row 0 of the plan"),
        (lambda header: header["model"]["plan"][1].update(heads=3), "row 1 of the plan"),
        (lambda header: header["model"]["plan"].pop(), "is of no layer"),
        (lambda header: header["model"]["plan"][0].update(experts=5), "router.logits"),
        (lambda header: header.update(sites=3), "does not say which sites"),
    ],
)
def test_a_header_that_does_not_fit_together(saved, change, words):
    header = header_of(saved)
    change(header)
    rewrite(saved, header=as_bytes(header))
    with pytest.raises(InputError, match=words) as error:
        Trace.load(saved)
    assert str(saved) == error.value.where and error.value.next


def test_an_expert_that_does_not_exist(saved):
    with np.load(saved) as archive:
        experts = archive["layers.0.router.experts"].copy()
    experts[2, 1] = 8
    rewrite(saved, **{"layers.0.router.experts": experts})
    with pytest.raises(InputError, match="an expert that layer 0 lacks"):
        Trace.load(saved)
