"""divide: where the topic turns -> topics.json."""

from collections.abc import Mapping

from shownotes.adapters.languages import load_wording, wordings_sha256
from shownotes.adapters.store import content_sha256
from shownotes.core.chapters import divide
from shownotes.core.sentences import split
from shownotes.core.titles import Naming
from shownotes.model import Episode, Names, Topics
from shownotes.steps.attribute import spoken
from shownotes.steps.step import Step, Walk


def _inputs(walk: Walk) -> Mapping[str, str]:
    given = ""
    if walk.folder.has("episode.json"):
        metadata = walk.folder.read("episode.json", Episode).metadata
        given = content_sha256(repr(metadata.chapters))
    return {"given_chapters": given, "language_files": wordings_sha256()}


def _run(walk: Walk) -> None:
    walk.progress.begin("divide", 0)
    names = walk.folder.read("names.json", Names)
    transcript = spoken(walk, names.speakers)
    metadata = walk.folder.read("episode.json", Episode).metadata
    naming = Naming(wording=load_wording(transcript.language), names=names)
    chapters = divide(
        split(transcript),
        duration=transcript.duration,
        min_length_s=walk.settings.chapters.min_length_s,
        target_length_s=walk.settings.chapters.target_length_s,
        naming=naming,
        given=metadata.chapters,
    )
    walk.folder.write(
        STEP.box,
        Topics(chapters=chapters),
        made_from=STEP.made_from(walk),
        made_with=STEP.made_with(walk),
    )


STEP = Step(
    name="divide",
    box="topics.json",
    version=1,
    needs=("transcript.json", "turns.json", "names.json"),
    settings_keys=("chapters",),
    inputs=_inputs,
    run=_run,
)
