"""Files from the Hugging Face hub into its cache, going on where a broken download stopped.

Why huggingface-hub: faster-whisper's models are published there, and its cache's layout is its own
affair. Why not its `snapshot_download` alone: since 2.x every process begins a file anew under a
random name (for the sake of network disks whose locks do not hold), and 3 GB over a train's
network never arrive. So the bytes are fetched here and it files them.
"""

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from shownotes.adapters.folders import locked
from shownotes.errors import ModelDownloadError


def download(
    repository: str,
    wanted: Sequence[str],
    *,
    cache: Path,
    endpoint: str | None,
    progress: Callable[[int, int], None],
) -> None:
    """Bring those of the wanted files that the repository has into the cache.

    Args:
        repository: `owner/name`.
        wanted: file names.
        cache: huggingface-hub's.
        endpoint: of the hub, `None` for the public one.
        progress: told bytes done and bytes in all.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # Xet's protocol cannot go on with a broken download; plain HTTP can.
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    folder = cache / f"models--{repository.replace('/', '--')}"
    with locked(folder / ".shownotes.lock"):
        _download(repository, wanted, folder, endpoint=endpoint, progress=progress)


def _download(
    repository: str,
    wanted: Sequence[str],
    folder: Path,
    *,
    endpoint: str | None,
    progress: Callable[[int, int], None],
) -> None:
    """Bring them in, while nobody else on this machine does the same."""
    from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_download, hf_hub_url

    api = HfApi(endpoint=endpoint)
    there = set(api.list_repo_files(repository))
    names = [name for name in wanted if name in there]
    urls = {name: hf_hub_url(repository, name, endpoint=endpoint) for name in names}
    found = {name: get_hf_file_metadata(url, endpoint=endpoint) for name, url in urls.items()}
    blobs = folder / "blobs"
    total = sum(metadata.size or 0 for metadata in found.values())
    before = 0
    # The largest last: what is small shows at once whether there is a connection.
    for name in sorted(names, key=lambda name: found[name].size or 0):
        metadata = found[name]
        report = functools.partial(_report, progress, before, total)
        _fetch_blob(blobs, urls[name], metadata, report)
        # The hub's own function files it: it finds the blob there and makes the links.
        hf_hub_download(  # nosec B615
            repository, name, endpoint=endpoint, cache_dir=folder.parent, revision="main"
        )
        before += metadata.size or 0
        progress(before, total)


def _report(progress: Callable[[int, int], None], before: int, total: int, done: int) -> None:
    progress(before + done, total)


def _fetch_blob(blobs: Path, url: str, metadata: Any, report: Callable[[int], None]) -> None:
    """Bring one file into the cache's blobs, going on with what an earlier attempt left."""
    target = blobs / metadata.etag
    if target.exists():
        return
    blobs.mkdir(parents=True, exist_ok=True)
    partial = blobs / f"{metadata.etag}.shownotes-part"
    with partial.open("ab") as file:
        done = file.tell()
        if metadata.size is None or done > metadata.size:
            file.truncate(0)
            done = 0
        report(done)
        _receive(url, metadata, file, done, report)
    _check(partial, metadata)
    partial.replace(target)


def _receive(
    url: str, metadata: Any, file: BinaryIO, done: int, report: Callable[[int], None]
) -> None:
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    counted = _Counting(file, done, report)
    # It retries a few times by itself within this process, from where it stands.
    http_get(url, cast("BinaryIO", counted), resume_size=done, expected_size=metadata.size)


class _Counting:
    """A file that says how much of it has been written."""

    def __init__(self, file: BinaryIO, done: int, report: Callable[[int], None]) -> None:
        self._file, self._done, self._report = file, done, report

    def write(self, data: bytes) -> int:
        written = self._file.write(data)
        self._done += written
        self._report(self._done)
        return written

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        self._done = self._file.seek(position, whence)
        return self._done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _check(partial: Path, metadata: Any) -> None:
    """A large file's etag is its hash; a file that does not fit it is thrown away."""
    etag: str = metadata.etag
    if len(etag) != 64:
        return
    with partial.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != etag:
        partial.unlink()
        raise ModelDownloadError(
            "What arrived is not what the hub announced (its hash differs). Fetch it again."
        )


@contextlib.contextmanager
def our_errors(name: str) -> Iterator[None]:
    """Translate what the hub's client and the disk raise while a model is fetched."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except OfflineModeIsEnabled as error:
        raise ModelDownloadError(
            f"{name!r} cannot be fetched while HF_HUB_OFFLINE is set. Unset it and try again."
        ) from error
    except HfHubHTTPError as error:
        raise ModelDownloadError(
            f"The hub refused {name!r}: {str(error).splitlines()[0]}. Try again later."
        ) from error
    except (OSError, ValueError) as error:
        raise ModelDownloadError(_broken_off(name, error)) from error
    except Exception as error:
        # Its HTTP client's own errors (httpx, httpx2 by version) are not OSErrors.
        if "httpx" not in type(error).__module__:
            raise
        raise ModelDownloadError(_broken_off(name, error)) from error


def _broken_off(name: str, error: Exception) -> str:
    return (
        f"The download of {name!r} broke off: {str(error) or type(error).__name__}. "
        f"Run `shownotes models fetch {name}` again; it goes on where it stopped."
    )
