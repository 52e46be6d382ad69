"""Episodes laid out in a working folder as the earlier steps leave them."""

from pathlib import Path

from shownotes.adapters.store import EpisodeFolder
from shownotes.core.sentences import split
from shownotes.model import AudioFile, Episode, Metadata, Names, Notice, Transcript
from shownotes.settings import Settings
from shownotes.steps import compose, divide, render
from shownotes.steps.step import Walk
from tests.spoken import demo_episodes, gold_names, spoken

STEPS = (divide.STEP, compose.STEP, render.STEP)


def lay_out(
    root: Path,
    slug: str,
    transcript: Transcript,
    *,
    names: Names | None = None,
    metadata: Metadata | None = None,
    audio: str | None = None,
    warnings: tuple[Notice, ...] = (),
) -> Walk:
    """Write episode.json, transcript.json and names.json, and hand back the walk."""
    folder = EpisodeFolder(root / "output" / slug)
    folder.path.mkdir(parents=True, exist_ok=True)
    path = audio or f"audio/{slug}.mp3"
    version = AudioFile(
        path=path,
        size_bytes=1,
        modified_ns=1,
        inode=1,
        packets_sha256="0",
        container="mp3",
        codec="mp3",
        channels=1,
        sample_rate_hz=44_100,
        decoded_s=transcript.duration,
        declared_s=None,
    )
    episode = Episode(
        id=f"id-{slug}",
        key=f"file:{slug}",
        folder=slug,
        metadata=metadata or Metadata(title=slug),
        versions=(version,),
        duration=transcript.duration,
        warnings=warnings,
    )
    folder.write("episode.json", episode, made_from={})
    folder.write("transcript.json", transcript, made_from={})
    folder.write("names.json", names or Names(people=(), organizations=()), made_from={})
    return Walk(folder=folder, settings=Settings(root=root))


def demo_walk(root: Path, slug: str, *, with_speakers: bool = False) -> Walk:
    """A demo episode with its gold names."""
    episode = demo_episodes()[slug]
    transcript = spoken(episode["text"], with_speakers=with_speakers)
    metadata = Metadata(
        title=episode["title"],
        show=episode["show"],
        number=episode["number"],
        date=str(episode["date"]),
        sign_off=episode["sign_off"],
    )
    names = gold_names(episode["gold"], split(transcript))
    return lay_out(root, slug, transcript, names=names, metadata=metadata)


def finish(walk: Walk) -> Walk:
    """Divide, compose and render."""
    for step in STEPS:
        step.run(walk)
    return walk
