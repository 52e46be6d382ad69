"""identify: people, organizations and events out of the transcript -> names.json."""

import functools
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from shownotes.adapters.store import content_sha256, file_sha256
from shownotes.model import Episode, Names, Notice, Transcript
from shownotes.steps.step import Step, Walk

BUNDLED = "bundled"


def _source(walk: Walk, language: str) -> str | None:
    return walk.settings.names.pipelines.get(language.split("-")[0])


@functools.cache
def _bundled_sha256() -> str:
    """Hash of the bundled pipeline and of its language's cues."""
    package = Path(str(resources.files("shownotes")))
    files = sorted((package / "models" / "names-en").rglob("*"))
    files += sorted((package / "languages").glob("*_names.toml"))
    return content_sha256([(f.name, file_sha256(f)) for f in files if f.is_file()])


def _inputs(walk: Walk) -> Mapping[str, str]:
    known = ""
    if walk.folder.has("episode.json"):
        metadata = walk.folder.read("episode.json", Episode).metadata
        known = content_sha256([repr(metadata.hosts), repr(metadata.guests), metadata.show])
    return {"known_people": known, "names_pipeline": _bundled_sha256()}


def _run(walk: Walk) -> None:
    transcript = walk.folder.read("transcript.json", Transcript)
    walk.progress.begin("identify", 0)
    source = _source(walk, transcript.language)
    names = _not_searched(transcript) if source is None else _search(walk, transcript, source)
    walk.folder.write(
        STEP.box, names, made_from=STEP.made_from(walk), made_with=STEP.made_with(walk)
    )


def _not_searched(transcript: Transcript) -> Names:
    message = (
        f"Names were not looked for: there is no names pipeline for the language "
        f"{transcript.language!r}. Add one in shownotes.toml, [names] pipelines."
    )
    return Names(
        people=(),
        organizations=(),
        was_searched=False,
        warnings=(Notice(code="names_not_searched", message=message),),
    )


def _search(walk: Walk, transcript: Transcript, source: str) -> Names:
    from shownotes.adapters.names import find_mentions, load_cues, load_pipeline
    from shownotes.core.people import identify

    metadata = walk.folder.read("episode.json", Episode).metadata
    language = transcript.language.split("-")[0]
    pipeline = load_pipeline(source if source != BUNDLED else f"names-{language}")
    return identify(
        transcript,
        find_mentions(transcript, pipeline=pipeline),
        cues=load_cues(language),
        known_hosts=metadata.hosts,
        known_guests=metadata.guests,
        show=metadata.show,
    )


STEP = Step(
    name="identify",
    box="names.json",
    version=1,
    needs=("transcript.json",),
    settings_keys=("names.pipelines",),
    inputs=_inputs,
    run=_run,
)
