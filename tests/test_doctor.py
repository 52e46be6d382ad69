"""Every check of the doctor, in its good state and in a bad one made for real."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from shownotes import doctor
from shownotes.adapters.hardware import has_nvidia_driver
from shownotes.doctor import Finding
from shownotes.settings import Settings, load_settings
from tests.local_server import Answer, Server, serve


@pytest.fixture
def settings(workspace: Path) -> Settings:
    return load_settings(workspace)


def says_what_to_do(finding: Finding) -> bool:
    return finding.state != "ok" and bool(finding.what) and bool(finding.do)


def test_this_python_is_one_of_ours() -> None:
    assert doctor.check_python().state == "ok"
    old = doctor.check_python("3.10.14")
    assert old.state == "problem"
    assert "3.10.14" in old.what
    assert says_what_to_do(old)


def test_the_packages_are_those_that_were_tested() -> None:
    assert doctor.check_packages().state == "ok"


@pytest.mark.parametrize(
    ("requirement", "said"),
    [("fastapi<0.1", "fastapi is 0."), ("no-such-package-at-all>=1", "is not installed")],
)
def test_another_version_and_a_missing_package_are_named(requirement: str, said: str) -> None:
    finding = doctor.check_packages(["pydantic>=2", requirement])
    assert finding.state == "problem"
    assert said in finding.what
    assert "pydantic" not in finding.what
    assert says_what_to_do(finding)


def test_packages_of_an_extra_or_another_system_are_not_missed() -> None:
    requirements = ["no-such-a>=1; extra == 'dev'", "no-such-b>=1; python_version < '3'"]
    assert doctor.check_packages(requirements).state == "ok"


def test_the_in_tray(settings: Settings) -> None:
    (settings.audio_folder / "one.mp3").write_bytes(b"x")
    found = doctor.check_audio_folder(settings)
    assert found.state == "ok"
    assert "1 file" in found.what
    (settings.audio_folder / "one.mp3").unlink()
    settings.audio_folder.rmdir()
    settings.audio_folder.write_text("a file where the folder should be")
    assert doctor.check_audio_folder(settings).state == "problem"
    assert says_what_to_do(doctor.check_audio_folder(settings))


def test_the_output_folder_is_really_written_to(settings: Settings, tmp_path: Path) -> None:
    assert doctor.check_output_folder(settings.output_folder).state == "ok"
    assert list(settings.output_folder.iterdir()) == []
    # Permissions do not stop root; a file in the folder's place stops everybody.
    file = tmp_path / "output"
    file.write_text("")
    finding = doctor.check_output_folder(file)
    assert finding.state == "problem"
    assert str(file) in finding.what
    assert says_what_to_do(finding)


def test_an_output_folder_still_to_be_made_is_judged_by_what_is_above_it(tmp_path: Path) -> None:
    assert doctor.check_output_folder(tmp_path / "new" / "output").state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_the_disk(tmp_path: Path) -> None:
    assert doctor.check_disk(tmp_path, comfortable_bytes=1, least_bytes=1).state == "ok"
    endless = 10**21
    low = doctor.check_disk(tmp_path, comfortable_bytes=endless, least_bytes=1)
    full = doctor.check_disk(tmp_path, comfortable_bytes=endless, least_bytes=endless)
    assert (low.state, full.state) == ("warning", "problem")
    assert says_what_to_do(low)
    assert says_what_to_do(full)


def test_the_processors_and_the_memory() -> None:
    assert int(doctor.check_processors().what.split()[0]) >= 1
    assert doctor.check_memory(comfortable_bytes=1).state == "ok"
    assert says_what_to_do(doctor.check_memory(comfortable_bytes=10**21))


def test_a_gpu_is_not_missed_where_none_was_asked_for() -> None:
    assert doctor.check_gpu("cpu").state == "ok"
    assert doctor.check_gpu("auto").what


@pytest.mark.skipif(has_nvidia_driver(), reason="this machine has a GPU; the check may succeed")
def test_a_gpu_that_was_asked_for_and_is_not_there() -> None:
    assert doctor.check_gpu("auto").state == "ok"
    finding = doctor.check_gpu("cuda")
    assert finding.state == "warning"
    assert says_what_to_do(finding)


@pytest.mark.parametrize(
    ("download", "state"), [("ask", "warning"), ("never", "problem"), ("always", "ok")]
)
def test_a_speech_model_that_is_not_here(
    settings: Settings,
    download: str,
    state: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    asked = {"speech.model": "base", "speech.download": download, "speech.device": "cpu"}
    finding = doctor.check_speech_model(settings.with_values(dict(asked)))
    assert finding.state == state
    assert "base" in finding.what
    if state != "ok":
        assert "shownotes models fetch base" in finding.do


def test_a_speech_model_that_is_a_broken_folder(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    changed = settings.with_values({"speech.model": str(tmp_path / "model")})
    finding = doctor.check_speech_model(changed)
    assert finding.state == "problem"
    assert "model.bin" in finding.what


def test_the_names_pipelines_are_really_loaded(settings: Settings, tmp_path: Path) -> None:
    assert doctor.check_names(settings) == Finding("Names", "ok", "en: names-en")
    absent = {"names.pipelines": {"xx": str(tmp_path / "no such pipeline")}}
    finding = doctor.check_names(settings.with_values(absent))
    assert finding.state == "problem"
    assert says_what_to_do(finding)


def test_the_templates(settings: Settings) -> None:
    assert doctor.check_templates(settings) == Finding("Templates", "ok", "the program's")
    own = settings.templates_folder / "notes"
    own.mkdir(parents=True)
    (own / "notes.md").write_text("# mine")
    assert doctor.check_templates(settings).what == "your own: notes.md"


def test_a_port_that_is_free_and_one_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        assert doctor.check_port(port).state == "ok"
        other.listen()
        taken = doctor.check_port(port)
    assert taken.state == "warning"
    assert "PREFECT_SERVER_API_PORT" in taken.do


def test_a_prefect_server_on_its_port_is_as_it_should_be() -> None:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"true")

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        finding = doctor.check_port(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert finding.state == "ok"
    assert "Prefect server" in finding.what


def test_everything_is_looked_at_and_nothing_raises(settings: Settings) -> None:
    findings = doctor.check(settings.with_values({"speech.device": "cpu"}))
    assert [finding.name for finding in findings] == [
        "Python",
        "Packages",
        "In-tray",
        "Output",
        "Disk",
        "Processors",
        "Memory",
        "GPU",
        "Speech model",
        "Names",
        "Templates",
        "Prefect",
        f"Port {doctor.PREFECT_PORT}",
        "Desk",
    ]
    assert all(finding.do for finding in findings if finding.state != "ok")


def prefect_finding(environment: dict[str, str]) -> str:
    """What `check_prefect` says in a process of its own, whose environment Prefect reads."""
    import os
    import subprocess

    script = (
        "from shownotes.doctor import check_prefect as c; f = c(); print(f.state, f.what, f.do)"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_API")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_prefect_without_a_server() -> None:
    assert prefect_finding({}).startswith("ok ")
    forbidden = prefect_finding({"PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false"})
    assert forbidden.startswith("problem ")
    assert "PREFECT_API_URL" in forbidden


def test_prefect_with_a_server_that_is_not_there() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{other.getsockname()[1]}/api"
        said = prefect_finding({"PREFECT_API_URL": url})
    assert said.startswith("problem ")
    assert url in said
    assert "--no-prefect" in said


def test_a_prefect_that_cannot_be_imported(tmp_path: Path) -> None:
    broken = tmp_path / "prefect"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise TypeError('unexpected keyword min_items')")
    said = prefect_finding({"PYTHONPATH": str(tmp_path)})
    assert said.startswith("problem ")
    assert "min_items" in said
    assert "requirements.lock" in said


def test_the_desk_s_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert doctor.check_desk_port(port).state == "ok"
    assert doctor.check_desk_port(0).state == "ok"
    with serve(lambda _request: Answer(200, b"<title>Shownotes</title>")) as desk:
        assert "a desk is open" in doctor.check_desk_port(port_of(desk)).what
    with serve(lambda _request: Answer(200, b"another program")) as other:
        found = doctor.check_desk_port(port_of(other))
        assert found.state == "warning"
        assert f"--port {port_of(other) + 1}" in found.do
        assert says_what_to_do(found)


def port_of(server: Server) -> int:
    return int(server.url.rpartition(":")[2])
