"""Settings and sidecars of whatever somebody wrote: taken, or refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shownotes.errors import SettingsError, SidecarError
from shownotes.settings import Settings, Sidecar, load_settings, load_sidecar

SECTIONS = [name for name in Settings.model_fields if name != "root"]
VALUES = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(("auto", "demo", "en", "../../x", "javascript:alert(1)", "{{ 7 * 7 }}", "~")),
    st.lists(st.one_of(st.text(max_size=8), st.integers()), max_size=3),
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=2),
)
USUAL = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _toml(value: Any) -> str:
    """A value as TOML; JSON's strings, lists and numbers are TOML's."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    text = json.dumps(value)
    return text.replace("\x7f", "\\u007f") if isinstance(value, str) else text


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Sections that there are, with keys that there are, and values of all kinds."""
    lines = []
    for name in draw(st.lists(st.sampled_from(SECTIONS), max_size=3, unique=True)):
        section: Any = Settings.model_fields[name].annotation
        lines.append(f"[{name}]" if name != "show" else "[show.One]")
        fields = getattr(section, "model_fields", None) or {"title": None, "links": None}
        keys = draw(st.lists(st.sampled_from(sorted(fields)), max_size=4, unique=True))
        lines.extend(f"{key} = {_toml(draw(VALUES))}" for key in keys)
    return "\n".join(lines)


def _is_told(read: Callable[[], object], error: type[Exception], path: Path) -> None:
    told = None
    try:
        read()
    except error as refused:
        told = str(refused)
    assert told is None or (str(path) in told and "Traceback" not in told)


@USUAL
@given(tables())
def test_settings_are_taken_or_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "shownotes.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _is_told(lambda: load_settings(tmp_path), SettingsError, path)


@USUAL
@given(st.dictionaries(st.sampled_from(sorted(Sidecar.model_fields)), VALUES, max_size=5))
def test_sidecars_are_taken_or_refused_by_name(tmp_path: Path, told: dict[str, Any]) -> None:
    path = tmp_path / "one.toml"
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in told.items())
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _is_told(lambda: load_sidecar(path).metadata(), SidecarError, path)


@USUAL
@given(st.binary(max_size=200))
def test_bytes_that_are_no_settings_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shownotes.toml"
    path.write_bytes(content)
    _is_told(lambda: load_settings(tmp_path), SettingsError, path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_no_setting(tmp_path: Path, value: float) -> None:
    (tmp_path / "shownotes.toml").write_text(f"[drop]\nrest_s = {_toml(value)}\n", "utf-8")
    with pytest.raises(SettingsError):
        load_settings(tmp_path)
