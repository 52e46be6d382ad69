"""What `shownotes doctor` looks at: whether this machine can do the work, and what to do if not.

Each check looks at the real thing (it writes a file, loads a pipeline, asks a server), because a
version number is no proof. None of them changes anything, and none of them raises.
"""

import json
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from shownotes.adapters import hardware, models
from shownotes.errors import ShowNotesError
from shownotes.model import Metadata
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare
from shownotes.workspace import shipped

# The working audio of a three-hour episode is 0.35 GB.
COMFORTABLE_DISK_BYTES = 3_000_000_000
LEAST_DISK_BYTES = 500_000_000
# Measured while transcribing: small 0.55 GB, large-v3-turbo 1.6 GB; Prefect's server 0.2 GB.
COMFORTABLE_MEMORY_BYTES = 2_000_000_000
# Where `prefect server start` listens unless told otherwise.
PREFECT_PORT = 4200
TEMPLATES = ("notes.md", "notes.html")
INSTALL_AGAIN = "Install again from the lock: pip install --require-hashes -r requirements.lock"

FindingState = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: what was looked at.
        what: what was found.
        do: what a person should do about it; empty when there is nothing to do.
    """

    name: str
    state: FindingState
    what: str
    do: str = ""


def check(settings: Settings) -> tuple[Finding, ...]:
    """Look at everything that the work needs, in the order a person would mend it."""
    checks: tuple[Callable[[], Finding], ...] = (
        check_python,
        check_packages,
        lambda: check_audio_folder(settings),
        lambda: check_output_folder(settings.output_folder),
        lambda: check_disk(settings.output_folder),
        check_processors,
        check_memory,
        lambda: check_gpu(settings.speech.device),
        lambda: check_speech_model(settings),
        lambda: check_names(settings),
        lambda: check_templates(settings),
        check_prefect,
        lambda: check_port(settings.prefect.port),
        lambda: check_desk_port(settings.desk.port),
    )
    return tuple(look() for look in checks)


def check_python(version: str | None = None) -> Finding:
    """Whether this Python is one that Shownotes is made for."""
    import platform

    found = version or platform.python_version()
    wanted = metadata.metadata("shownotes")["Requires-Python"]
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return Finding("Python", "ok", found)
    return Finding(
        "Python",
        "problem",
        f"{found}; Shownotes needs {wanted}",
        "Install Python 3.11, 3.12 or 3.13 and set Shownotes up with it.",
    )


def check_packages(requirements: Sequence[str] | None = None) -> Finding:
    """Whether the libraries are there in the versions that were tested."""
    texts = metadata.requires("shownotes") or [] if requirements is None else requirements
    wanted = [Requirement(text) for text in texts]
    wanted = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [fault for requirement in wanted if (fault := _fault(requirement))]
    if not wrong:
        return Finding("Packages", "ok", f"{len(wanted)} as tested")
    return Finding("Packages", "problem", "; ".join(wrong), INSTALL_AGAIN)


def _fault(requirement: Requirement) -> str | None:
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(found, prereleases=True):
        return None
    return f"{requirement.name} is {found}, tested was {requirement.specifier}"


def check_audio_folder(settings: Settings) -> Finding:
    """Whether there is an in-tray."""
    folder = settings.audio_folder
    if not folder.is_dir():
        return Finding(
            "In-tray",
            "problem",
            f"{folder} is not a folder",
            "Make it, or name another one in shownotes.toml: [paths] audio.",
        )
    try:
        count = len(prepare.find_audio(settings))
    except (ShowNotesError, OSError) as error:
        return Finding("In-tray", "problem", str(error), f"Look at {folder}.")
    episodes = "1 file" if count == 1 else f"{count} files"
    return Finding("In-tray", "ok", f"{folder}, {episodes} of sound or transcripts")


def check_output_folder(folder: Path) -> Finding:
    """Whether files can be written where the notes go (or where that folder would be made)."""
    place = _nearest(folder)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"shownotes")
    except OSError as error:
        return Finding(
            "Output",
            "problem",
            f"{place} cannot be written: {error.strerror or error}",
            "Give yourself the right to write there, or name another one: [paths] output.",
        )
    return Finding("Output", "ok", f"{folder} can be written")


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest thing above it that exists."""
    return next(path for path in (folder, *folder.resolve().parents) if path.exists())


def check_disk(
    folder: Path,
    *,
    comfortable_bytes: int = COMFORTABLE_DISK_BYTES,
    least_bytes: int = LEAST_DISK_BYTES,
) -> Finding:
    """Whether there is room for episodes."""
    free = shutil.disk_usage(_nearest(folder)).free
    what = f"{free / 1e9:.1f} GB free"
    if free >= comfortable_bytes:
        return Finding("Disk", "ok", what)
    state: FindingState = "problem" if free < least_bytes else "warning"
    return Finding(
        "Disk",
        state,
        f"{what}; an hour of audio needs about 0.12 GB while it is worked on",
        f"Free some space at {folder}; the work/ folders of finished episodes can be deleted.",
    )


def check_processors() -> Finding:
    """How many processors are really ours."""
    free = hardware.free_cpus()
    there = psutil.cpu_count() or free
    what = f"{free} of {there} can be used" if free < there else str(free)
    return Finding("Processors", "ok", what)


def check_memory(comfortable_bytes: int = COMFORTABLE_MEMORY_BYTES) -> Finding:
    """Whether a speech model fits into what is free."""
    free = psutil.virtual_memory().available
    what = f"{free / 1e9:.1f} GB free"
    if free >= comfortable_bytes:
        return Finding("Memory", "ok", what)
    return Finding(
        "Memory",
        "warning",
        f"{what}; the larger speech models need 2",
        'Close other programs, or use a smaller model: [speech] model = "base".',
    )


def check_gpu(asked: str) -> Finding:
    """Whether a GPU does the work, and whether it should."""
    if asked == "cpu":
        return Finding("GPU", "ok", 'not used: [speech] device = "cpu"')
    device = hardware.pick_device(asked)
    if device.name == "cuda":
        return Finding("GPU", "ok", "works")
    if asked == "auto" and not hardware.has_nvidia_driver():
        return Finding("GPU", "ok", f"{device.reason}; the processors do the work")
    return Finding(
        "GPU",
        "warning",
        f"{device.reason}; the processors do the work",
        'Install NVIDIA\'s driver, CUDA 12 and cuDNN 9, or set [speech] device = "cpu".',
    )


def check_speech_model(settings: Settings) -> Finding:
    """Whether the model that an episode would get is on this machine."""
    try:
        choice = models.choose(settings, Metadata())
    except ShowNotesError as error:
        return Finding("Speech model", "problem", str(error), "Correct [speech] model.")
    if choice.path is not None:
        return Finding("Speech model", "ok", f"{choice.name} ({choice.reason})")
    what = f"{choice.name} ({choice.reason}) is not on this machine"
    fetch = f"shownotes models fetch {choice.name}   (about {models.megabytes(choice.name)} MB)"
    if settings.speech.download == "always":
        return Finding("Speech model", "ok", f"{what}; it will be fetched when it is needed")
    state: FindingState = "problem" if settings.speech.download == "never" else "warning"
    return Finding("Speech model", state, what, f"{fetch}, or [speech] model = a folder.")


def check_names(settings: Settings) -> Finding:
    """Whether the pipelines that find names can be loaded."""
    from shownotes.adapters.names import load_pipeline
    from shownotes.steps.identify import sources

    loaded: list[str] = []
    for language in settings.names.pipelines:
        chosen = sources(settings, language)
        try:
            load_pipeline(*chosen)
        except ShowNotesError as error:
            return Finding("Names", "problem", str(error), "Correct [names] pipelines.")
        loaded.append(f"{language}: {' and '.join(chosen)}")
    return Finding("Names", "ok", ", ".join(loaded) or "not searched for")


def check_templates(settings: Settings) -> Finding:
    """Whether there is a template for each page, the working folder's own or the program's."""
    folders = (settings.templates_folder / "notes", shipped("templates") / "notes")
    missing = [
        name for name in TEMPLATES if not any((folder / name).is_file() for folder in folders)
    ]
    if missing:
        looked = " or ".join(str(folder) for folder in folders)
        return Finding(
            "Templates", "problem", f"{', '.join(missing)} not in {looked}", INSTALL_AGAIN
        )
    own = [name for name in TEMPLATES if (folders[0] / name).is_file()]
    return Finding("Templates", "ok", f"your own: {', '.join(own)}" if own else "the program's")


def check_prefect() -> Finding:
    """Whether a run would find a Prefect server, or could start one."""
    try:
        from flows.server import find_server

        url = find_server()
    except ShowNotesError as error:
        return Finding("Prefect", "problem", str(error), "--no-prefect works without.")
    except Exception as error:  # noqa: BLE001 - whatever a broken installation raises at import
        what = f"cannot be imported: {type(error).__name__}: {error}"
        return Finding("Prefect", "problem", what, f"{INSTALL_AGAIN}. --no-prefect works without.")
    if url is not None:
        return Finding("Prefect", "ok", f"the server at {url} answers")
    return Finding("Prefect", "ok", "each run starts a server of its own; PREFECT_API_URL is unset")


def check_port(port: int = PREFECT_PORT) -> Finding:
    """Whether `prefect server start` would find its port free."""
    name = f"Port {port}"
    with socket.socket() as probe:
        probe.settimeout(1.0)
        is_taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if not is_taken:
        return Finding(name, "ok", "free for `prefect server start`")
    if _is_prefect(port):
        return Finding(name, "ok", "a Prefect server answers there")
    return Finding(
        name,
        "warning",
        "taken by another program, so that `prefect server start` would fail",
        "Only if you want Prefect's pages: set PREFECT_SERVER_API_PORT to a free port, and "
        "PREFECT_SERVER_UI_API_URL and PREFECT_API_URL to http://127.0.0.1:<that port>/api.",
    )


def configured_api() -> str | None:
    """The address of the Prefect server that is configured, when there is one and it answers."""
    try:
        from flows.server import find_server

        return find_server()
    except Exception:  # noqa: BLE001 - `check_prefect` tells what is wrong
        return None


def check_desk_port(port: int) -> Finding:
    """Whether the desk would find its port free."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        is_taken = port != 0 and probe.connect_ex(("127.0.0.1", port)) == 0
    if not is_taken:
        return Finding("Desk", "ok", f"port {port} is free" if port else "takes any free port")
    if b"Shownotes" in (_ask(port, "/name") or b""):
        return Finding("Desk", "ok", f"a desk is open on port {port}")
    return Finding(
        "Desk",
        "warning",
        f"port {port} is taken by another program",
        f"Set [desk] port to another one, or: shownotes desk --port {port + 1}",
    )


def _is_prefect(port: int) -> bool:
    return (_ask(port, "/api/health") or b"").strip() == b"true"


def _ask(port: int, path: str) -> bytes | None:
    """What a server on this machine answers; `None` when it is none, or refuses."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def main() -> None:
    """Print what was found as JSON, for `shownotes up`."""
    findings = [asdict(finding) for finding in check(load_settings(Path(sys.argv[1])))]
    told = {"findings": findings, "prefect_api": configured_api()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
