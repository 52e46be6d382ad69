"""Which speech model an episode gets, what is said about it, and when that makes it due again."""

from dataclasses import replace

from shownotes.adapters import models
from shownotes.adapters.hardware import free_cpus
from shownotes.core.timecodes import spoken_length
from shownotes.errors import ModelError, SettingsError
from shownotes.model import Episode, Notice
from shownotes.steps.recognition import sidecar_or_settings
from shownotes.steps.step import Walk

STEP_NAME = "transcribe"
DEMO_NOTICE = Notice(
    code="demo_model",
    message="Transcribed with the demo model, which knows only synthetic voices and a small "
    "vocabulary: this text is not to be relied on. Set speech.model to a Whisper size.",
)


def model_key(walk: Walk, episode: Episode, *, box: str) -> str:
    """`name@hash`. A model that has gone since changes nothing: its transcript stays good."""
    name = _name(walk, episode, box)
    try:
        path = models.locate(name, root=walk.settings.root)
    except (ModelError, SettingsError):
        # Told by `choose_model` when the step runs; looking whether it is due harms nobody.
        path = None
    if path is not None:
        return f"{name}@{models.fingerprint(path)}"
    stamp = walk.folder.stamp(box)
    recorded = stamp.made_from.get("model", "") if stamp else ""
    return recorded if recorded.startswith(f"{name}@") else f"{name}@missing"


def choose_model(walk: Walk, episode: Episode, *, box: str) -> models.ModelChoice:
    """The model, which must be here, or is fetched if the settings say always.

    Raises:
        ModelError: it is not here, not whole, or could not be fetched.
        SettingsError: it is neither a size nor a folder.
    """
    name = _name(walk, episode, box)
    choice = models.choose(walk.settings, episode.metadata)
    if choice.name != name:
        kept = models.choose(walk.settings, replace(episode.metadata, model=name))
        choice = replace(kept, reason="as last time")
    if choice.path is None and not choice.is_demo and walk.settings.speech.download == "always":
        walk.progress.say(
            f"Fetching the speech model {choice.name}, about {models.megabytes(choice.name)} MB."
        )
        choice = replace(choice, path=models.fetch(choice.name))
    models.require(choice)
    return choice


def announce(walk: Walk, episode: Episode, choice: models.ModelChoice, *, duration: float) -> None:
    """Say which model is taken and how long it will take, before it starts."""
    threads = walk.settings.speech.threads or free_cpus()
    minutes = models.estimate_minutes(choice, duration, threads=threads)
    about = "less than a minute" if minutes < 1 else f"about {minutes:.0f} min"
    where = "GPU" if choice.device == "cuda" else f"CPU, {threads} thread{'s' * (threads != 1)}"
    walk.progress.say(
        f"Speech model {choice.name} on the {where} ({choice.reason}): {about} for "
        f"{spoken_length(duration)} of audio."
    )
    if is_demo_unasked(episode, choice):
        walk.progress.say(DEMO_NOTICE.message)


def is_demo_unasked(episode: Episode, choice: models.ModelChoice) -> bool:
    """The demo model on an episode whose sidecar does not ask for it."""
    return choice.is_demo and episode.metadata.model != models.DEMO


def _name(walk: Walk, episode: Episode, box: str) -> str:
    """What `auto` once chose for an episode stays: another machine is no reason to begin anew."""
    asked = sidecar_or_settings(walk, episode)
    if asked != models.AUTO:
        return asked
    stamp = walk.folder.stamp(box)
    if stamp and STEP_NAME not in walk.forced and stamp.made_with.get("model_asked") == models.AUTO:
        recorded, at, _ = stamp.made_from.get("model", "").rpartition("@")
        if at:
            return recorded
    return models.choose(walk.settings, episode.metadata).name
