"""identify: people, organizations and events out of the transcript -> names.json."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from shownotes.adapters.ahead import Ahead
from shownotes.adapters.glossaries import read_terms
from shownotes.adapters.store import content_sha256, file_sha256
from shownotes.core.episodes import slug
from shownotes.errors import ShowNotesError
from shownotes.model import (
    Episode,
    GivenPerson,
    Names,
    Notice,
    SpeakersFrom,
    Transcript,
    Turns,
)
from shownotes.settings import Settings
from shownotes.steps.attribute import read_turns, spoken
from shownotes.steps.recognition import asked_language
from shownotes.steps.step import Step, Walk

if TYPE_CHECKING:
    from shownotes.adapters.names import NamesPipeline

BUNDLED = "bundled"


def sources(settings: Settings, language: str) -> tuple[str, ...]:
    """The pipelines for a language; none where names are not looked for."""
    code = language.split("-")[0]
    found = settings.names.pipelines.get(code, ())
    named = (found,) if isinstance(found, str) else found
    return tuple(f"names-{code}" if name == BUNDLED else name for name in named)


def catalogue_files(settings: Settings, show: str | None) -> tuple[Path, ...]:
    """Where bodies may be added: for all shows, and for one."""
    shows = settings.root / "shows"
    return (shows / "bodies.toml", *((shows / slug(show) / "bodies.toml",) if show else ()))


@functools.cache
def _bundled_sha256() -> str:
    """Hash of the bundled pipeline and of its language's cues."""
    package = Path(str(resources.files("shownotes")))
    files = sorted((package / "models" / "names-en").rglob("*"))
    files += sorted((package / "languages").glob("*_names.toml"))
    files += sorted((package / "data").glob("*.toml"))
    return content_sha256([(f.name, file_sha256(f)) for f in files if f.is_file()])


def _inputs(walk: Walk) -> Mapping[str, str]:
    known, show = "", None
    if walk.folder.has("episode.json"):
        metadata = walk.folder.read("episode.json", Episode).metadata
        known = content_sha256(
            [repr(metadata.hosts), repr(metadata.guests), metadata.show, metadata.glossary]
        )
        show = metadata.show
    added = [file_sha256(path) for path in catalogue_files(walk.settings, show) if path.is_file()]
    return {
        "known_people": known,
        "names_pipeline": _bundled_sha256(),
        **({"catalogue_additions": content_sha256(added)} if added else {}),
    }


def _run(walk: Walk) -> None:
    transcript = spoken(walk)
    walk.progress.begin("identify", 0)
    chosen = sources(walk.settings, transcript.language)
    names = _search(walk, transcript, chosen) if chosen else _not_searched(transcript)
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


def _search(walk: Walk, transcript: Transcript, sources: Sequence[str]) -> Names:
    metadata = walk.folder.read("episode.json", Episode).metadata
    return find_names(
        transcript,
        sources,
        pipeline=_pipeline(walk, sources),
        known_hosts=metadata.hosts,
        known_guests=metadata.guests,
        show=metadata.show,
        bodies=catalogue_files(walk.settings, metadata.show),
        # Names that editors fixed are no input: the archive is not read again for a new one.
        glossary=(*metadata.glossary, *read_terms(walk.settings.root, metadata.show)),
        most_speakers=_count_speakers(read_turns(walk)),
    )


def load_ahead(walk: Walk) -> None:
    """Begin to load spaCy and the pipeline while the speech engine listens.

    Where nobody said the language, English is likeliest.
    """
    episode = walk.folder.read("episode.json", Episode)
    chosen = sources(walk.settings, asked_language(walk, episode) or "en")
    if chosen and _warm_name(chosen) not in walk.kept_warm:
        walk.kept_warm[_warm_name(chosen)] = Ahead(lambda _go_on: _load(chosen))


def _load(sources: Sequence[str]) -> "NamesPipeline":
    from shownotes.adapters.names import load_pipeline

    return load_pipeline(*sources)


def _pipeline(walk: Walk, sources: Sequence[str]) -> "NamesPipeline | None":
    """The pipeline that was loaded ahead, for this episode or one before it."""
    ahead = walk.kept_warm.get(_warm_name(sources))
    if not isinstance(ahead, Ahead):
        return None
    try:
        pipeline: NamesPipeline = ahead.result()
    except ShowNotesError:
        # It may have been mended since.
        del walk.kept_warm[_warm_name(sources)]
        return None
    return pipeline


def _warm_name(sources: Sequence[str]) -> str:
    return f"names {' '.join(sources)}"


def _count_speakers(turns: Turns) -> int | None:
    """How many people speak, where that is sure: told by labels, tracks or channels."""
    if turns.source in (SpeakersFrom.VOICES, SpeakersFrom.NOTHING):
        return None
    return len({turn.speaker for turn in turns.turns}) or None


def find_names(
    transcript: Transcript,
    sources: Sequence[str],
    *,
    pipeline: "NamesPipeline | None" = None,
    known_hosts: Sequence[GivenPerson] = (),
    known_guests: Sequence[GivenPerson] = (),
    show: str | None = None,
    bodies: Sequence[Path] = (),
    glossary: Sequence[str] = (),
    most_speakers: int | None = None,
) -> Names:
    """Look for names in any transcript, an episode's or not.

    `sources` is what `[names] pipelines` says for the transcript's language; `bodies` are files
    that add to the catalogue. `pipeline` is what they load, where it is loaded already.
    """
    from shownotes.adapters.catalogue import load_catalogue
    from shownotes.adapters.names import find_mentions, has_cues, load_cues, load_pipeline
    from shownotes.adapters.spelling import is_alike
    from shownotes.core.people import identify

    language = transcript.language.split("-")[0]
    pipeline = pipeline or load_pipeline(*sources)
    catalogue = load_catalogue(bodies)
    names = identify(
        transcript,
        find_mentions(transcript, pipeline=pipeline, catalogue=catalogue),
        cues=load_cues(language),
        known_hosts=known_hosts,
        known_guests=known_guests,
        show=show,
        pipeline=pipeline.name,
        signals=pipeline.signals,
        is_alike=is_alike,
        catalogue=catalogue,
        glossary=glossary,
        most_speakers=most_speakers,
    )
    return names if has_cues(language) else replace(names, warnings=(_no_cues(language),))


def _no_cues(language: str) -> Notice:
    message = (
        f"Who hosts and who is a guest was not looked for: nobody has written down how people are "
        f"introduced in the language {language!r}. Give hosts and guests in the sidecar."
    )
    return Notice(code="roles_not_searched", message=message)


STEP = Step(
    name="identify",
    box="names.json",
    version=3,
    needs=("transcript.json", "turns.json"),
    settings_keys=("names.pipelines",),
    inputs=_inputs,
    run=_run,
)
