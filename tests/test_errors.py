"""What a user reads when something is wrong."""

import pickle

import pytest

from g4lab import G4LabError, errors

KINDS = [
    errors.CheckpointError,
    errors.ConfigError,
    errors.InputError,
    errors.SetupError,
    errors.DownloadError,
]


def test_an_error_says_what_where_and_what_next():
    error = G4LabError("the file ends early", "model.safetensors", "download it again")
    assert str(error) == "the file ends early\n  where: model.safetensors\n  next: download it again"


def test_the_parts_that_are_not_known_are_left_out():
    assert str(G4LabError("no backend")) == "no backend"
    assert str(G4LabError("no backend", next="install one")) == "no backend\n  next: install one"


def test_where_may_be_any_object(tmp_path):
    assert G4LabError("missing", where=tmp_path).where == str(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_caught_as_one_of_ours(kind):
    with pytest.raises(G4LabError, match="what"):
        raise kind("what", "where", "next")


def test_an_error_crosses_processes_whole():
    error = errors.InputError("what", where="where", next="next")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (errors.InputError, str(error))
