from pathlib import Path

import pytest

from shownotes.errors import SettingsError, SidecarError
from shownotes.settings import Settings, find_root, load_settings, load_sidecar, seconds

ROOT = Path(__file__).parents[1]


def write(folder: Path, text: str, name: str = "shownotes.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_names_every_key_with_its_default() -> None:
    shipped = (ROOT / "shownotes.toml").read_text(encoding="utf-8")
    defaults = Settings()
    loaded = load_settings(ROOT)
    for section, field in Settings.model_fields.items():
        if section in {"root", "show"}:
            continue
        for key in type(getattr(defaults, section)).model_fields:
            assert f"\n{key} = " in shipped or f"\n# {key} = " in shipped, f"{section}.{key}"
        assert getattr(loaded, section) == getattr(defaults, section), field


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "[speech]\nmodel = 'small'\nbeam_size = 3\n")
    monkeypatch.setenv("SHOWNOTES_SPEECH__MODEL", "tiny")
    settings = load_settings(tmp_path)
    assert (settings.speech.model, settings.speech.beam_size) == ("tiny", 3)


def test_arguments_win_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOWNOTES_SPEECH__MODEL", "tiny")
    changed = load_settings(tmp_path).with_values({"speech.model": "demo", "speech.beam_size": "2"})
    assert (changed.speech.model, changed.speech.beam_size) == ("demo", 2)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[speech]\nmodell = 'x'\n", "Did you mean `model`?"),
        ("[speach]\nmodel = 'x'\n", "Did you mean `speech`?"),
        ("[show.Ledger]\nsignoff = 'x'\n", "Did you mean `sign_off`?"),
        ("[speech]\nbeam_size = 'many'\n", "speech.beam_size"),
        ("[speech\n", "not valid TOML"),
        ('[paths]\naudio = "a\\u0000b"\n', "is not the name of a folder"),
        ('[show.Ledger]\nsite_url = "javascript:alert(1)"\n', "write a whole address"),
        ('[show.Ledger]\naudio_url = "cdn.example.org/{file}"\n', "write a whole address"),
        ('[show.Ledger.links]\nSite = "javascript://x/%0aalert(1)"\n', "write a whole address"),
        ('[show.Ledger]\nhosts = [{name = "A", link = "data:text/html,x"}]\n', "whole address"),
    ],
)
def test_a_wrong_file_says_what_and_where(tmp_path: Path, text: str, hint: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert hint in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_argument_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="beam_size"):
        load_settings(tmp_path).with_values({"speech.beamsize": 2})


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "shownotes.toml").write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(tmp_path)


def test_the_root_is_the_nearest_folder_above(tmp_path: Path) -> None:
    write(tmp_path, "")
    inner = tmp_path / "audio" / "show"
    inner.mkdir(parents=True)
    assert find_root(inner) == tmp_path.resolve()


SIDECAR = """
title = "The River"
show = "Ledger"
number = 2
date = 2026-09-30
hosts = ["Ann Lee"]
guests = [{name = "Bo Ek", title = "hydrologist", organization = "Delta Trust"}]
glossary = ["Tessaly"]
chapters = [{start = 0, title = "Cold open"}, {start = "1:02:03.5", title = "Late"}]
model = "demo"
"""


def test_a_sidecar_becomes_metadata(tmp_path: Path) -> None:
    metadata = load_sidecar(write(tmp_path, SIDECAR, "a.toml")).metadata()
    assert metadata.date == "2026-09-30"
    assert metadata.hosts[0].name == "Ann Lee"
    assert metadata.guests[0].organization == "Delta Trust"
    assert [chapter.start for chapter in metadata.chapters] == [0.0, 3723.5]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("titel = 'x'", "Did you mean `title`?"),
        ("guests = [{nmae = 'x'}]", "Did you mean `name`?"),
        ("guests = [{name = 'x', link = 'javascript:alert(1)'}]", "write a whole address"),
        ("date = 'soon'", "date"),
        ("chapters = [{start = 'x', title = 'y'}]", "12:34"),
        ("chapters = [{start = 1}]", "exactly"),
        ("number = -1", "number"),
    ],
)
def test_a_wrong_sidecar_says_what_and_where(tmp_path: Path, text: str, hint: str) -> None:
    path = write(tmp_path, text, "a.toml")
    with pytest.raises(SidecarError) as caught:
        load_sidecar(path)
    assert hint in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"), [("37", 37.0), ("12:34", 754.0), ("1:02:03.5", 3723.5), (5, 5.0)]
)
def test_seconds(text: str | float, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "a", "1:2:3:4", "-5", "1:-2", -3])
def test_not_seconds(text: str | float) -> None:
    with pytest.raises(ValueError, match="time"):
        seconds(text)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 10**400, "9" * 400, "1000:00:00", "²", -1, "nan"]
)
def test_what_is_no_time_is_refused(value: float | str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        seconds(value)


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "9" * 5000])
def test_toml_that_python_gives_up_on_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shownotes.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(tmp_path)
    path.rename(tmp_path / "a.toml")
    with pytest.raises(SidecarError, match="not valid TOML"):
        load_sidecar(tmp_path / "a.toml")
