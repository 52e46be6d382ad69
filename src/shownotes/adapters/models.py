"""Speech models: which one, where it lies, what it costs, and fetching it.

Models lie in the cache of huggingface-hub, where other programs look for them too, so that a model
is on a machine once. That library is not imported to look one up: it is done on every run, and
comes down to two small files.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shownotes.adapters import downloads, hardware
from shownotes.errors import ModelBrokenError, ModelDownloadError, ModelMissingError, SettingsError
from shownotes.model import Metadata
from shownotes.settings import Settings

DEMO = "demo"
AUTO = "auto"
# From this many free processors on, the large model keeps ahead of real time on a CPU.
MANY_CPUS = 8
LARGE, SMALL = "large-v3-turbo", "small"
# Without these a folder is not a model; without the tokenizer faster-whisper asks the network.
REQUIRED_FILES = ("model.bin", "config.json", "tokenizer.json")
WANTED_FILES = (*REQUIRED_FILES, "preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
# How much of a large file is hashed, at its start, middle and end, in bytes. Together with its
# size it tells two models apart in milliseconds.
SAMPLE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Size:
    """A published model.

    Attributes:
        megabytes: to download.
        speed: times real time on one core in int8 with beam 5; on a GPU `gpu_speed`.
    """

    repository: str
    megabytes: int
    speed: float
    gpu_speed: float


# Speeds of tiny, small and large-v3-turbo were measured on one core; the others are scaled from
# them by openai/whisper's table of relative speeds. GPU speeds are faster-whisper's own table's.
SIZES: dict[str, Size] = {
    "tiny": Size("Systran/faster-whisper-tiny", 78, 37.0, 90.0),
    "tiny.en": Size("Systran/faster-whisper-tiny.en", 78, 37.0, 90.0),
    "base": Size("Systran/faster-whisper-base", 148, 17.0, 70.0),
    "base.en": Size("Systran/faster-whisper-base.en", 148, 17.0, 70.0),
    "small": Size("Systran/faster-whisper-small", 486, 4.2, 40.0),
    "small.en": Size("Systran/faster-whisper-small.en", 486, 4.2, 40.0),
    "medium": Size("Systran/faster-whisper-medium", 1530, 1.5, 22.0),
    "medium.en": Size("Systran/faster-whisper-medium.en", 1530, 1.5, 22.0),
    "large-v2": Size("Systran/faster-whisper-large-v2", 3090, 0.8, 12.0),
    "large-v3": Size("Systran/faster-whisper-large-v3", 3090, 0.8, 12.0),
    "large-v3-turbo": Size("mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1620, 2.0, 35.0),
    "distil-small.en": Size("Systran/faster-distil-whisper-small.en", 336, 7.0, 60.0),
    "distil-large-v3": Size("Systran/faster-distil-whisper-large-v3", 1510, 2.0, 35.0),
}
ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}
# The demo model is 40 times faster than speech; a folder's model is taken for a small one.
_DEMO_SPEED = 40.0
# Two cores are not twice as fast as one: 8 threads were measured at 1.8 to 2.5 times one.
_THREADS_EXPONENT = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """The model for an episode.

    Attributes:
        name: a size, `demo`, or a folder's path as it was written.
        path: of the model's folder, `None` when it is not on this machine.
        reason: why this one and this device, for a person.
    """

    name: str
    path: Path | None
    device: str
    reason: str
    is_demo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of `shownotes models list`."""

    name: str
    path: Path | None
    size_mb: int


def choose(settings: Settings, metadata: Metadata) -> ModelChoice:
    """The model and device for an episode; the sidecar's model wins over the settings'."""
    asked = metadata.model or settings.speech.model
    if asked == DEMO:
        # Ten megabytes: a GPU takes longer to wake than the whole episode takes.
        return _choice(DEMO, hardware.Device("cpu"), settings, "asked for")
    device = hardware.pick_device(settings.speech.device)
    if asked != AUTO:
        return _choice(asked, device, settings, "asked for")
    cpus = hardware.free_cpus()
    if device.name == "cuda":
        return _choice(LARGE, device, settings, "there is a working GPU")
    if cpus >= MANY_CPUS:
        return _choice(LARGE, device, settings, f"{cpus} processors are free")
    return _choice(
        SMALL, device, settings, f"{cpus} processor{'s are' if cpus != 1 else ' is'} free"
    )


def _choice(name: str, device: hardware.Device, settings: Settings, why: str) -> ModelChoice:
    reason = f"{why}; {device.reason}" if device.reason else why
    return ModelChoice(
        name=name,
        path=locate(name, root=settings.root),
        device=device.name,
        reason=reason,
        is_demo=name == DEMO,
    )


def locate(name: str, *, root: Path = Path()) -> Path | None:
    """The model's folder on this machine, or `None`.

    Args:
        name: a size, `demo`, or a folder.
        root: what a relative folder is relative to.

    Raises:
        SettingsError: neither a size nor a folder.
        ModelBrokenError: the folder is there and is not a whole model.
    """
    if name == DEMO:
        return _whole(Path(__file__).parent.parent / "models" / "speech-demo", is_given=False)
    size = SIZES.get(ALIASES.get(name, name))
    if size is not None:
        snapshot = _snapshot(size.repository)
        return _whole(snapshot, is_given=False) if snapshot else None
    folder = root / Path(name).expanduser()
    if folder.is_dir():
        return _whole(folder, is_given=True)
    raise SettingsError(
        f"speech.model = {name!r} is neither a folder here nor one of: "
        f"auto, demo, {', '.join(SIZES)}."
    )


def require(choice: ModelChoice) -> Path:
    """The chosen model's folder.

    Raises:
        ModelMissingError: it is not on this machine; the message says how to get it.
    """
    if choice.path is not None:
        return choice.path
    if choice.is_demo:
        raise ModelMissingError(
            "The demo model is not in this installation. Install Shownotes again, or set "
            "speech.model to a Whisper size."
        )
    raise ModelMissingError(
        f"The speech model {choice.name!r} is not on this machine. Get it with: "
        f"shownotes models fetch {choice.name}   (about {megabytes(choice.name)} MB, once). "
        "Or copy a faster-whisper model's folder here and write its path in [speech] model, or "
        'name another size there, or set [speech] download = "always".',
        model=choice.name,
    )


def fingerprint(path: Path) -> str:
    """A short hash that differs between two models; cheap, and the same on every machine."""
    digest = hashlib.sha256()
    for name in REQUIRED_FILES:
        with (path / name).open("rb") as file:
            length = file.seek(0, os.SEEK_END)
            digest.update(f"{name} {length} ".encode())
            for start in {0, max(0, length // 2), max(0, length - SAMPLE_BYTES)}:
                file.seek(start)
                digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def megabytes(name: str) -> int:
    """What there is to download, about."""
    size = SIZES.get(ALIASES.get(name, name))
    return size.megabytes if size else 0


def estimate_minutes(choice: ModelChoice, duration: float, *, threads: int = 1) -> float:
    """How long `duration` seconds of audio will take, in minutes, from measured speeds."""
    size = SIZES.get(ALIASES.get(choice.name, choice.name), SIZES[SMALL])
    if choice.device == "cuda":
        speed = size.gpu_speed
    else:
        speed = _DEMO_SPEED if choice.is_demo else size.speed * threads**_THREADS_EXPONENT
    return duration / speed / 60


def catalogue() -> list[Entry]:
    """Every model that has a name, and where it lies."""
    bundled = Entry(name=DEMO, path=locate(DEMO), size_mb=0)
    return [
        bundled,
        *(Entry(name=n, path=locate(n), size_mb=size.megabytes) for n, size in SIZES.items()),
    ]


# --------------------------------------------------------------------------- the hub's cache


def cache_folder() -> Path:
    """Where huggingface-hub keeps what it fetched.

    Source: its documentation, "Environment variables".
    """
    if given := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(home).expanduser() / "hub"
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).expanduser() / "huggingface" / "hub"


def _snapshot(repository: str) -> Path | None:
    folder = cache_folder() / f"models--{repository.replace('/', '--')}"
    try:
        revision = (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return folder / "snapshots" / revision


def _whole(folder: Path, *, is_given: bool) -> Path | None:
    """The folder if it holds a whole model; a folder that a person named must."""
    missing = [n for n in REQUIRED_FILES if not _has_content(folder / n)]
    if not missing:
        return folder
    if is_given:
        raise ModelBrokenError(
            f"{folder} is not a whole faster-whisper model: {', '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing or empty. Copy the folder again."
        )
    return None


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


# --------------------------------------------------------------------------- fetching


def fetch(
    name: str,
    *,
    endpoint: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Path:
    """Download a model into the hub's cache; a broken download goes on where it stopped.

    Args:
        name: a size.
        endpoint: of the hub; by default `HF_ENDPOINT`, else the public one.
        progress: told bytes done and bytes in all.

    Returns:
        The model's folder.

    Raises:
        SettingsError: not a name of a model that can be fetched.
        ModelDownloadError: no network, no such model there, no room, or cut off on the way.
    """
    size = SIZES.get(ALIASES.get(name, name))
    if size is None:
        raise SettingsError(f"{name!r} cannot be fetched. Known models: {', '.join(SIZES)}.")
    with downloads.our_errors(name):
        downloads.download(
            size.repository,
            WANTED_FILES,
            cache=cache_folder(),
            endpoint=endpoint or os.environ.get("HF_ENDPOINT"),
            progress=progress,
        )
    found = locate(name)
    if found is None:
        raise ModelDownloadError(
            f"What was fetched for {name!r} is not a whole model: a file is missing on the hub. "
            "Try another size."
        )
    return found
