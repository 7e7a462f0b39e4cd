"""What `g4lab.load` takes, and how it answers when there is no such thing or no network."""

import pytest

from g4lab.checkpoints import huggingface, kerashub_save, resolve
from g4lab.config import PRESETS
from g4lab.errors import CheckpointError, DownloadError, InputError, SetupError
from tests.checkpoints.models import network

KAGGLE = "kaggle://keras/gemma4/keras/gemma4_instruct_2b/2"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    directory = tmp_path_factory.mktemp("resolve")
    huggingface.save(network(), directory / "theirs", label="made for a test")
    kerashub_save.save(network(), directory / "preset")
    return directory


def test_every_released_size_has_a_repository():
    assert resolve.HUGGINGFACE_NAMES.keys() == PRESETS.keys()


def test_the_kind_of_a_directory_is_found_out(saved):
    assert resolve.open_source(saved / "theirs").kind == "huggingface"
    assert resolve.open_source(str(saved / "preset")).kind == "keras-hub"


def test_a_directory_of_ours_remembers_its_name(saved):
    source = resolve.open_source(saved / "theirs")
    assert (source.name, source.label) == ("small", "made for a test")
    assert resolve.open_source(saved / "theirs", name="other").name == "other"


def test_a_directory_of_theirs_is_called_by_its_own_name(saved, tmp_path):
    for file in (saved / "theirs").iterdir():
        if file.name != "g4lab.json":
            (tmp_path / file.name).symlink_to(file)
    source = resolve.open_source(tmp_path)
    assert source.name == source.label == tmp_path.name


@pytest.mark.parametrize("pickled", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_pickled_weights_are_refused(tmp_path, pickled):
    (tmp_path / pickled).write_bytes(b"\x80\x04.")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match=rf"pickled \({pickled}\)(.|\n)*use a checkpoint in safetensors"):
        resolve.open_source(tmp_path)


def test_a_directory_without_weights_says_what_it_holds(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="no weights here(.|\n)*it holds adapter_config.json"):
        resolve.open_source(tmp_path)


@pytest.mark.parametrize("spec", ["e3b", "/no/such/place", ""])
def test_a_name_that_means_nothing_lists_what_there_is(spec):
    with pytest.raises(InputError, match="e2b-it.*hf://owner/name"):
        resolve.open_source(spec)


def test_a_file_is_no_checkpoint(saved):
    with pytest.raises(InputError, match="is a file: a checkpoint is a directory"):
        resolve.open_source(saved / "theirs" / "config.json")


def test_a_name_wins_over_a_directory_of_that_name(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "e2b").symlink_to(saved / "theirs")
    assert resolve.open_source("./e2b").kind == "huggingface"
    with pytest.raises(DownloadError):
        resolve.open_source("e2b")


@pytest.mark.parametrize("spec", ["hf://gemma", "hf://a/b/c", "kaggle://keras/gemma4"])
def test_a_malformed_address_is_told_apart_from_a_failed_download(spec):
    with pytest.raises(InputError, match="write"):
        resolve.open_source(spec)


@pytest.mark.parametrize(
    ("spec", "site"), [("e2b-it", "Hugging Face"), ("hf://google/gemma-4-E2B@main", "Hugging Face"), (KAGGLE, "Kaggle")]
)
def test_without_a_network_the_alternatives_are_named(spec, site):
    with pytest.raises(DownloadError, match=f"fetching from {site} failed") as caught:
        resolve.open_source(spec)
    for alternative in ("hf://google/gemma-4-E2B-it", KAGGLE, "a directory", "tiny-moe"):
        assert alternative in caught.value.next


def test_only_safe_files_are_fetched(saved, monkeypatch):
    asked = {}

    def snapshot_download(repository, **options):
        asked.update(options, repository=repository)
        return str(saved / "theirs")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    source = resolve.open_source("hf://google/gemma-4-E2B-it@abc")
    assert (asked["repository"], asked["revision"]) == ("google/gemma-4-E2B-it", "abc")
    assert not any(pattern.endswith((".bin", ".pt", "*")) for pattern in asked["allow_patterns"])
    assert source.name == "gemma-4-E2B-it"
    assert resolve.open_source("26b-a4b").name == "26b-a4b"
    assert asked["repository"] == "google/gemma-4-26B-A4B" and asked["revision"] is None


def test_kaggle_presets_are_opened(saved, monkeypatch):
    monkeypatch.setattr("kagglehub.model_download", lambda handle: str(saved / "preset"))
    assert resolve.open_source(KAGGLE).name == "gemma4_instruct_2b"


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SetupError, match="kagglehub is not installed(.|\n)*pip install kagglehub"):
        resolve.open_source(KAGGLE)
