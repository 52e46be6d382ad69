import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dummy_whisper import make_model
from shownotes.adapters import models
from shownotes.adapters.hardware import free_cpus
from shownotes.errors import (
    ModelBrokenError,
    ModelDownloadError,
    ModelMissingError,
    SettingsError,
)
from shownotes.model import Metadata
from shownotes.settings import Settings, SpeechSettings
from tests.adapters.hub_server import COMMIT, Hub, serve

REPOSITORY = models.SIZES["tiny"].repository


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    return make_model(folder / "micro", says="the river.", is_multilingual=False)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    with serve(model, REPOSITORY) as hub:
        yield hub


def _settings(**speech: object) -> Settings:
    return Settings(speech=SpeechSettings(device="cpu", **speech))  # type: ignore[arg-type]


def test_a_size_that_was_never_fetched_is_not_here() -> None:
    assert models.locate("small") is None


def test_a_missing_model_names_the_command_that_gets_it() -> None:
    choice = models.choose(_settings(model="medium"), Metadata())
    with pytest.raises(ModelMissingError) as caught:
        models.require(choice)
    assert "shownotes models fetch medium" in str(caught.value)
    assert "1530 MB" in str(caught.value)


def test_the_sidecar_wins_over_the_settings() -> None:
    choice = models.choose(_settings(model="medium"), Metadata(model="demo"))
    assert (choice.name, choice.is_demo, choice.device) == ("demo", True, "cpu")


def test_auto_is_never_the_demo_model() -> None:
    choice = models.choose(_settings(model="auto"), Metadata())
    expected = "large-v3-turbo" if free_cpus() >= models.MANY_CPUS else "small"
    assert choice.name == expected
    assert str(free_cpus()) in choice.reason


def test_a_folder_is_relative_to_the_working_folder(model: Path) -> None:
    assert models.locate("micro", root=model.parent) == model


def test_what_is_neither_a_size_nor_a_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="smal"):
        models.locate("smal", root=tmp_path)


def test_a_folder_that_lacks_a_file_says_which(tmp_path: Path, model: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "model.bin").write_bytes(b"x")
    with pytest.raises(ModelBrokenError, match=r"config\.json, tokenizer\.json are missing"):
        models.locate("half", root=tmp_path)


def test_fingerprints_tell_two_models_of_one_size_apart(tmp_path: Path, model: Path) -> None:
    other = make_model(tmp_path / "other", says="the river.", is_multilingual=False, seed=1)
    assert (other / "model.bin").stat().st_size == (model / "model.bin").stat().st_size
    assert models.fingerprint(other) != models.fingerprint(model)
    assert models.fingerprint(model) == models.fingerprint(model)


def test_a_fetched_model_is_found_in_the_cache(hub: Hub, cache: Path) -> None:
    reports: list[tuple[int, int]] = []
    path = models.fetch("tiny", endpoint=hub.endpoint, progress=lambda *r: reports.append(r))
    assert path == cache / f"models--{REPOSITORY.replace('/', '--')}" / "snapshots" / COMMIT
    assert models.locate("tiny") == path
    assert (path / "model.bin").read_bytes() == hub.files["model.bin"]
    total = sum(len(data) for data in hub.files.values())
    assert reports[-1] == (total, total)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub) -> None:
    # The hub's client hands out 10 MB at a time.
    size = 24_000_000
    hub.files["model.bin"] = os.urandom(size)
    hub.break_after = size // 2
    assert _fetch_in_another_process(hub) == "ModelDownloadError"
    assert models.locate("tiny") is None
    sent_before, hub.sent = hub.sent, 0
    hub.break_after, hub.is_broken = -1, False
    hub.ranges.clear()
    path = models.fetch("tiny", endpoint=hub.endpoint)
    assert hub.ranges == ["model.bin bytes=10485760-"]
    assert sent_before > size // 2
    assert hub.sent == size - 10_485_760
    assert (path / "model.bin").read_bytes() == hub.files["model.bin"]


def _fetch_in_another_process(hub: Hub) -> str:
    """Fetch as `shownotes models fetch` does; returns the name of the error."""
    script = (
        "import sys\n"
        "from shownotes.adapters import models\n"
        "from shownotes.errors import ShowNotesError\n"
        "try:\n"
        "    models.fetch('tiny', endpoint=sys.argv[1])\n"
        "except ShowNotesError as error:\n"
        "    print(type(error).__name__)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, hub.endpoint], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_bytes_that_do_not_fit_their_hash_are_thrown_away(hub: Hub) -> None:
    hub.corrupts = True
    with pytest.raises(ModelDownloadError, match="hash differs"):
        models.fetch("tiny", endpoint=hub.endpoint)
    assert models.locate("tiny") is None
    hub.corrupts = False
    # Nothing of it was kept.
    assert models.fetch("tiny", endpoint=hub.endpoint) == models.locate("tiny")


def test_a_repository_that_is_not_there(hub: Hub) -> None:
    with pytest.raises(ModelDownloadError, match="base"):
        models.fetch("base", endpoint=hub.endpoint)


def test_only_known_names_can_be_fetched() -> None:
    with pytest.raises(SettingsError, match="tiny"):
        models.fetch("gigantic")


def test_the_catalogue_lists_what_is_here(hub: Hub) -> None:
    models.fetch("tiny", endpoint=hub.endpoint)
    here = {entry.name for entry in models.catalogue() if entry.path}
    assert "tiny" in here
    assert "large-v3" not in here


def test_a_smaller_model_takes_less_time() -> None:
    minutes = [
        models.estimate_minutes(models.choose(_settings(model=name), Metadata()), 3600.0)
        for name in ("tiny", "small", "large-v3")
    ]
    assert minutes == sorted(minutes)
    assert minutes[0] < minutes[2] / 10


def test_more_threads_take_less_time() -> None:
    choice = models.choose(_settings(model="small"), Metadata())
    assert models.estimate_minutes(choice, 3600.0, threads=8) < models.estimate_minutes(
        choice, 3600.0, threads=1
    )
