"""The in-tray: which files are episodes, what lies beside them, what the producer said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from shownotes.adapters.placeholders import named_by_placeholder
from shownotes.core import episodes, tray_names
from shownotes.core.tray_names import ARCHIVE, AUDIO_ENDINGS, TRANSCRIPT_ENDINGS, stem_of
from shownotes.model import Metadata
from shownotes.settings import Settings, ShowSettings, Sidecar, load_sidecar
from shownotes.steps.links import check_link, leads_out
from shownotes.steps.track_folders import is_show, is_tracks_folder, may_become_tracks, tracks_in
from shownotes.steps.tray_paths import (
    Kind,
    is_archived,
    is_there,
    is_transcript,
    names_in,
    publishers_path,
    publishers_transcript,
    relative,
    sidecar_beside,
    transcript_beside,
)

__all__ = [
    "ARCHIVE",
    "AUDIO_ENDINGS",
    "TRANSCRIPT_ENDINGS",
    "is_archived",
    "is_there",
    "is_tracks_folder",
    "is_transcript",
    "publishers_path",
    "publishers_transcript",
    "relative",
    "sidecar_beside",
    "tracks_in",
    "transcript_beside",
]


@dataclass(slots=True)
class Dropped:
    """A file in the in-tray, a folder of tracks, or a transcript that lies alone.

    Attributes:
        name: in its folder.
        recorded: relative to the working folder, as `relative` has it.
        beside: names of its sidecar and its transcript, as far as they are there.
        is_foreign: it is a link that leads out of the working folder.
        copying: name of what a program that is still copying it keeps beside it.
        may_be_track: with the others of its folder it may come to be a folder of tracks.
    """

    folder: Path
    name: str
    recorded: str
    is_folder: bool = False
    is_foreign: bool = False
    beside: Sequence[str] = ()
    copying: str = ""
    may_be_track: bool = False

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / self.name

    @property
    def files(self) -> list[Path]:
        """Itself, or the tracks of a folder."""
        return tracks_in(self.path) if self.is_folder else [self.path]

    @property
    def files_beside(self) -> list[Path]:
        """Its sidecar and its transcript."""
        return [self.folder / name for name in self.beside]


@dataclass(slots=True)
class Tray:
    """What lies in the in-tray.

    Attributes:
        foreign: folders that are links that lead out of the working folder.
        in_cloud: files of which only a placeholder is here.
        problems: files in which we said what is wrong with another one.
        closed: folders that cannot be looked into.
    """

    dropped: list[Dropped] = field(default_factory=list)
    foreign: list[Path] = field(default_factory=list)
    in_cloud: list[Path] = field(default_factory=list)
    problems: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)


def find_audio(settings: Settings) -> list[Path]:
    """Audio files, and transcripts that lie alone, in the in-tray and its shows' folders.

    Hidden and unfinished files are left out. Sorted by path.
    """
    return sorted(found.path for found in list_tray(settings).dropped)


def list_tray(settings: Settings) -> Tray:
    """Look over the in-tray and its shows' folders. Each is read once: it may hold 10,000 files."""
    tray = Tray()
    top = settings.audio_folder
    for name in _list_folder(tray, top, settings, is_top=True):
        _list_folder(tray, top / name, settings, is_top=False)
    return tray


def _list_folder(tray: Tray, folder: Path, settings: Settings, *, is_top: bool) -> list[str]:
    """Note what lies in one folder.

    Returns:
        The folders in it that are none of tracks.
    """
    if not is_top and leads_out(folder, settings):
        tray.foreign.append(folder)
        return []
    try:
        names = names_in(folder)
    except FileNotFoundError:
        return []
    except OSError:
        tray.closed.append(folder)
        return []
    seen = [n for n in names if not tray_names.is_unfinished(n)]
    folders = [n for n in seen if names[n].is_folder]
    if is_top and not is_show(folder / ARCHIVE, settings):
        folders = [n for n in folders if n != ARCHIVE]
    tracks = {n for n in folders if is_tracks_folder(folder / n, settings)}
    prefix = relative(folder, settings) + "/"
    tray.dropped += [
        Dropped(folder, n, prefix + n, is_folder=True, beside=_beside_folder(folder / n))
        for n in tracks
    ]
    files = [n for n in seen if not names[n].is_folder]
    if tracks:
        files = [n for n in files if stem_of(n) not in tracks]
    for found in _files(folder, prefix, files, names):
        if names[found.name].is_link:
            found.is_foreign = leads_out(found.path, settings)
        tray.dropped.append(found)
    if not is_top and may_become_tracks(folder, files, settings):
        for found in tray.dropped:
            found.may_be_track |= found.folder == folder and not found.is_folder
    tray.problems += [folder / n for n in seen if n.endswith(tray_names.PROBLEM_ENDING)]
    clouds = filter(None, map(named_by_placeholder, names))
    tray.in_cloud += [folder / n for n in clouds if tray_names.is_audio(n)]
    return [n for n in folders if n not in tracks]


def _files(
    folder: Path, prefix: str, files: Sequence[str], names: Mapping[str, Kind]
) -> Iterator[Dropped]:
    audio = {n: stem_of(n) for n in files if tray_names.is_audio(n)}
    copies = tray_names.copies_under_way(names)
    copied_stems = {stem_of(n): name for n, name in copies.items() if tray_names.is_audio(n)}
    # Thousands of files have no need to be asked four times for what none of them has.
    endings = [e for e in TRANSCRIPT_ENDINGS if any(n.endswith(e) for n in names)]
    for name, stem in audio.items():
        beside = [n for e in endings if (n := stem + e) in names and names[n].is_file][:1]
        if (sidecar := f"{stem}.toml") in names and names[sidecar].is_file:
            beside.append(sidecar)
        copying = copies.get(name, "")
        yield Dropped(folder, name, prefix + name, beside=beside, copying=copying)
    for name in tray_names.lone_transcripts(files, frozenset(audio.values())):
        stem = stem_of(name)
        has_sidecar = (sidecar := f"{stem}.toml") in names and names[sidecar].is_file
        beside = [sidecar] if has_sidecar else []
        copying = copies.get(name) or copied_stems.get(stem, "")
        yield Dropped(folder, name, prefix + name, beside=beside, copying=copying)


def _beside_folder(folder: Path) -> list[str]:
    """The sidecar and the transcript of a folder of tracks, as seen from where it lies."""
    found = (sidecar_beside(folder), transcript_beside(folder))
    there = (path for path in found if path is not None and is_there(path))
    return [path.relative_to(folder.parent).as_posix() for path in there]


def merged_metadata(path: Path, settings: Settings, tags: Metadata) -> Metadata:
    """Tags, under the show, under the sidecar.

    Raises:
        SidecarError: the sidecar is wrong.
        ForeignLinkError: it is a link that leads elsewhere.
    """
    beside = sidecar_beside(path)
    check_link(beside, settings)
    sidecar = (load_sidecar(beside) if is_there(beside) else Sidecar()).metadata()
    name, show = _show(path, settings, given=sidecar.show, tagged=tags.show)
    from_show = Metadata(
        hosts=tuple(person.given() for person in show.hosts),
        language=show.language,
        glossary=show.glossary,
        sign_off=show.sign_off,
    )
    return replace(episodes.merge(tags, from_show, sidecar), show=name)


def _show(
    path: Path, settings: Settings, *, given: str | None, tagged: str | None
) -> tuple[str | None, ShowSettings]:
    """The show a file belongs to, by its sidecar, else its folder, else its tags."""
    folder = show_folder_of(path, settings)
    for candidate in (given,) if given else (folder, tagged):
        for name, show in settings.show.items():
            if candidate is not None and name.casefold() == candidate.casefold():
                return name, show
    return given or tagged or folder, ShowSettings()


def show_folder_of(path: Path, settings: Settings) -> str | None:
    """The name of the show's folder in which a file lies, in the in-tray or in its archive."""
    tray = relative(settings.audio_folder, settings)
    inside = path.parent.parent
    is_one = relative(inside, settings) == tray or _is_year(inside, settings)
    return path.parent.name if is_one and not _is_year(path.parent, settings) else None


def _is_year(folder: Path, settings: Settings) -> bool:
    """Whether a folder holds what the archive has of one year."""
    archive = relative(settings.audio_folder / ARCHIVE, settings)
    return relative(folder.parent, settings) == archive
