"""What the review of each episode has cost, gathered from its files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shownotes.adapters.review_log import ReviewLog
from shownotes.adapters.store import EpisodeFolder
from shownotes.core.publication import EventKind
from shownotes.core.review_stats import (
    ReviewStats,
    add_up,
    count_kept,
    count_names,
    count_words,
    seconds_to_published,
    sentences_of,
    time_at_work,
)
from shownotes.errors import ShowNotesError
from shownotes.model import Episode
from shownotes.settings import Settings
from shownotes.steps.published import read_published
from shownotes.steps.reviewing import open_review
from shownotes.steps.reviews import is_reviewed
from shownotes.steps.step import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedEpisode:
    """An episode and what its review has cost."""

    folder: str
    title: str
    dropped_at: str | None
    published_at: str | None
    stats: ReviewStats


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """All that was asked for.

    Attributes:
        waiting: how many of the episodes nobody has reviewed yet.
        faults: what could not be read, one sentence each.
    """

    episodes: tuple[ReviewedEpisode, ...]
    waiting: int = 0
    faults: tuple[str, ...] = ()

    @property
    def together(self) -> ReviewStats:
        """The figures of all episodes."""
        return add_up([episode.stats for episode in self.episodes])


def gather_costs(folders: Sequence[EpisodeFolder], settings: Settings) -> Costs:
    """What each review has cost; one that cannot be read does not stop the others."""
    episodes, faults, waiting = [], [], 0
    for folder in folders:
        if not is_reviewed(folder):
            waiting += 1
            continue
        try:
            episodes.append(_gather(folder, settings))
        except (ShowNotesError, OSError) as error:
            faults.append(str(error))
    return Costs(episodes=tuple(episodes), waiting=waiting, faults=tuple(faults))


def _gather(folder: EpisodeFolder, settings: Settings) -> ReviewedEpisode:
    reviewing = open_review(Walk(folder=folder, settings=settings))
    changes, _ = ReviewLog(folder.path).read()
    decisions, notes = reviewing.review.decisions, reviewing.notes()
    machine = sentences_of(reviewing.draft.notes)
    published = read_published(folder).history
    published_at = next((e.at for e in published if e.kind is EventKind.PUBLISHED), None)
    dropped = _dropped(folder, reviewing.draft.episode)
    waited = seconds_to_published(dropped, published_at)
    return ReviewedEpisode(
        folder=folder.name,
        title=notes.title,
        dropped_at=dropped[0],
        published_at=published_at,
        stats=ReviewStats(
            audio_s=reviewing.draft.transcript.duration,
            editor_s=time_at_work(changes),
            sentences=len(machine),
            sentences_kept=count_kept(machine, sentences_of(notes)),
            names_corrected=count_names(decisions),
            words=len(reviewing.machine.words),
            words_corrected=count_words(decisions),
            to_published_s=() if waited is None else (waited,),
        ),
    )


def _dropped(folder: EpisodeFolder, episode: Episode) -> list[str | None]:
    """When the audio was first seen, then when its first version was last written."""
    stamp = folder.stamp("episode.json")
    written = [version.modified_ns / 1e9 for version in episode.versions[:1]]
    times = [datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") for at in written]
    return [stamp.made_at if stamp else None, *times]


def describe(costs: Costs) -> dict[str, Any]:
    """The figures as plain data, for `--json`."""
    return {
        "episodes": [
            {
                "folder": episode.folder,
                "title": episode.title,
                "dropped_at": episode.dropped_at,
                "published_at": episode.published_at,
                **_describe(episode.stats),
            }
            for episode in costs.episodes
        ],
        "together": _describe(costs.together),
        "not_reviewed": costs.waiting,
        "faults": list(costs.faults),
    }


def _describe(stats: ReviewStats) -> dict[str, Any]:
    return {
        "audio_s": stats.audio_s,
        "editor_minutes": stats.editor_minutes,
        "editor_minutes_by_editor": {by: s / 60 for by, s in stats.editor_s.items()},
        "editor_minutes_an_audio_hour": stats.minutes_an_hour,
        "sentences": stats.sentences,
        "sentences_kept": stats.sentences_kept,
        "share_of_sentences_kept": stats.share_kept,
        "names_corrected": stats.names_corrected,
        "words": stats.words,
        "words_corrected": stats.words_corrected,
        "words_corrected_in_1000": stats.corrected_in_1000,
        "drop_to_published_s": stats.median_to_published_s,
    }
