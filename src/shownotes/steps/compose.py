"""compose: the machine's notes -> draft.json."""

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from shownotes.adapters.languages import load_wording, wordings_sha256
from shownotes.adapters.store import (
    EpisodeFolder,
    content_sha256,
    episode_folders,
    file_sha256,
)
from shownotes.core import draft, drafting, salience, transcripts
from shownotes.core.clutter import capitalized
from shownotes.core.earlier import LAST_SENTENCES, Archived
from shownotes.core.known_voices import Suggestion
from shownotes.core.sentences import split
from shownotes.core.transcript_differences import Comparison, compare
from shownotes.errors import DraftingError, StoreError, TranscriptFileError
from shownotes.model import (
    Episode,
    Link,
    Metadata,
    Names,
    Notice,
    ShowNotes,
    Topics,
    Transcript,
)
from shownotes.settings import ShowSettings
from shownotes.steps.attribute import read_turns, spoken
from shownotes.steps.intray import publishers_transcript
from shownotes.steps.known_voices import suggest_voices
from shownotes.steps.links import leads_out
from shownotes.steps.step import Step, Walk

# The check by which a draft remembers that it spoke of an episode which was not found.
UNRESOLVED = "unresolved_link"
# Endings of so many other episodes of the show are compared to find the standing sign-off.
COMPARED_EPISODES = 3


def _show(walk: Walk, metadata: Metadata) -> ShowSettings:
    return walk.settings.show.get(metadata.show or "", ShowSettings())


def _inputs(walk: Walk) -> Mapping[str, str]:
    episode = walk.folder.read("episode.json", Episode)
    metadata = episode.metadata
    show = _show(walk, metadata)
    told = [repr(metadata), show.sign_off, show.links, show.credits]
    archive = _archive_sha256(walk) if _speaks_of_others(walk.folder) else ""
    publishers = _publishers(walk, episode)
    return {
        "metadata": content_sha256(told),
        "language_files": wordings_sha256(),
        "archive": archive,
        # Where there is none, drafts from before there could be one stay as they are.
        **({"publishers": file_sha256(publishers)} if publishers else {}),
    }


def _publishers(walk: Walk, episode: Episode) -> Path | None:
    """The publisher's transcript that ours is compared with."""
    if episode.audio is None:
        return None
    path = publishers_transcript(walk.settings.root / episode.audio.path)
    return None if path is None or leads_out(path, walk.settings) else path


def _compare(
    walk: Walk, episode: Episode, transcript: Transcript
) -> tuple[Comparison | None, tuple[Notice, ...]]:
    path = _publishers(walk, episode)
    if path is None:
        return None, ()
    try:
        text = transcripts.decode(path.read_bytes(), name=path.name)
        told = transcripts.parse(text, name=path.name, duration=episode.duration)
    except (TranscriptFileError, OSError) as error:
        message = f"The publisher's transcript was not compared. {error}"
        return None, (Notice(code="publishers_unread", message=message),)
    return compare(transcript, told.segments), ()


def _speaks_of_others(folder: EpisodeFolder) -> bool:
    """Whether the draft as it stands needs the archive.

    Most do not, and a new episode of the show is then no reason to compose them again.
    """
    if not folder.has(STEP.box):
        return False
    try:
        notes = folder.read(STEP.box, ShowNotes)
    except StoreError:
        return False
    return bool(notes.earlier_episodes) or any(c.code == UNRESOLVED for c in notes.checks)


def _archive_sha256(walk: Walk) -> str:
    return content_sha256([[e.title, e.show, e.number, e.folder, e.date] for e in _archive(walk)])


def _archive(walk: Walk) -> list[Archived]:
    """Every other episode that has a title, newest first."""
    found = []
    for folder in episode_folders(walk.settings.output_folder):
        if folder.name == walk.folder.name:
            continue
        metadata = _metadata(folder.path, (folder.path / "episode.json").stat().st_mtime_ns)
        if metadata is None or not metadata.title:
            continue
        found.append(
            Archived(
                title=metadata.title,
                url=f"../{folder.name}/notes.html",
                folder=folder.name,
                show=metadata.show,
                number=metadata.number,
                date=metadata.date,
            )
        )
    return sorted(found, key=lambda e: (e.date or "", e.number or 0), reverse=True)


@functools.lru_cache(maxsize=10_000)
def _metadata(path: Path, _modified_ns: int) -> Metadata | None:
    """An episode's metadata; `None` for a folder that cannot be read."""
    try:
        return EpisodeFolder(path).read("episode.json", Episode).metadata
    except StoreError:
        return None


def _endings(walk: Walk, metadata: Metadata) -> list[list[str]]:
    """The last sentences of some other episodes of the show."""
    endings: list[list[str]] = []
    for other in _archive(walk):
        folder = EpisodeFolder(walk.settings.output_folder / other.folder)
        if other.show != metadata.show or not folder.has("transcript.json"):
            continue
        try:
            transcript = folder.read("transcript.json", Transcript)
        except StoreError:
            continue
        endings.append([s.text for s in split(transcript)[-LAST_SENTENCES:]])
        if len(endings) == COMPARED_EPISODES:
            break
    return endings


def _title_from(episode: Episode) -> str:
    """A title for an episode that has none: its file's name, made readable."""
    name = episode.audio.path if episode.audio else episode.transcript_path or episode.folder
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return capitalized(" ".join(stem.replace("_", " ").replace("-", " ").split())) or stem


def _run(walk: Walk) -> None:
    walk.progress.begin("compose", 0)
    episode = walk.folder.read("episode.json", Episode)
    names = walk.folder.read("names.json", Names)
    transcript = spoken(walk, names.speakers)
    metadata = episode.metadata
    show = _show(walk, metadata)
    sign_off = metadata.sign_off or show.sign_off
    voices, unread = _suggest_voices(walk)
    publishers, unlike = _compare(walk, episode, transcript)
    sources = draft.Sources(
        transcript=transcript,
        sentences=split(transcript),
        names=names,
        topics=walk.folder.read("topics.json", Topics),
        metadata=metadata,
        wording=load_wording(transcript.language),
        fallback_title=_title_from(episode),
        sign_off=sign_off,
        credits=show.credits,
        archive=_archive(walk),
        endings=[] if sign_off else _endings(walk, metadata),
        warnings=(*episode.warnings, *read_turns(walk).warnings, *unread, *unlike),
        voices=voices,
        publishers=publishers,
    )
    notes = _worded(draft.compose(sources), sources, walk)
    links = tuple(Link(text=text, url=url) for text, url in show.links.items())
    # Composed anew, the draft may speak of other episodes where the old one did not.
    made_from = STEP.made_from(walk)
    needs_archive = bool(draft.references(sources))
    made_from["archive"] = _archive_sha256(walk) if needs_archive else ""
    walk.folder.write(
        STEP.box,
        replace(notes, links=links),
        made_from=made_from,
        made_with=STEP.made_with(walk),
    )


def _suggest_voices(walk: Walk) -> tuple[tuple[Suggestion, ...], tuple[Notice, ...]]:
    """Who speakers may be. Voices that are learnt later are no input: then the desk says so."""
    try:
        return suggest_voices(walk), ()
    except StoreError as error:
        message = f"Voices of earlier episodes were not compared. {error}"
        return (), (Notice(code="known_voices_unread", message=message),)


def _worded(notes: ShowNotes, sources: draft.Sources, walk: Walk) -> ShowNotes:
    """The notes with a language model's wording where one is set; as they are when it fails."""
    settings = walk.settings.drafting
    if not settings.endpoint or not sources.sentences:
        return notes
    from shownotes.adapters.drafting import complete

    vocabulary = salience.learn(sources.sentences, sources.wording)
    messages = drafting.ask(
        notes, sources.sentences, vocabulary, most_characters=settings.most_characters
    )
    try:
        answer = drafting.read_answer(complete(messages, settings))
    except DraftingError as error:
        return _without_model(notes, str(error))
    except (ValueError, AttributeError) as error:
        return _without_model(notes, f"{settings.model} did not answer as it was asked: {error}.")
    return drafting.take_over(notes, answer, sources.sentences, vocabulary, model=settings.model)


def _without_model(notes: ShowNotes, reason: str) -> ShowNotes:
    message = f"The draft is in the episode's own words; no model worded it. {reason}"
    return replace(
        notes, warnings=(*notes.warnings, Notice(code="drafting_failed", message=message))
    )


STEP = Step(
    name="compose",
    box="draft.json",
    version=2,
    needs=("transcript.json", "turns.json", "names.json", "topics.json"),
    settings_keys=("drafting.endpoint", "drafting.model", "drafting.most_characters"),
    inputs=_inputs,
    run=_run,
)
