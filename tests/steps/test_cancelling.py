"""Requests to stop, as a walk over the real steps meets them."""

from pathlib import Path

import pytest

from shownotes import pipeline
from shownotes.adapters.encoding import encode
from shownotes.adapters.store import EpisodeFolder
from shownotes.batch import Outcome, RunOptions, process_plainly
from shownotes.errors import EpisodeBusyError, RunCancelledError
from shownotes.model import State, WaitsFor
from shownotes.settings import Settings, load_settings
from shownotes.steps import cancelling, prepare
from shownotes.steps.step import Part, Silent, Step, Walk
from tests.audio_files import RATE_HZ, noise
from tests.test_pipeline import VTT


@pytest.fixture
def settings(workspace: Path) -> Settings:
    (workspace / "audio" / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    return load_settings(workspace)


def admitted(settings: Settings) -> Walk:
    (path,) = prepare.find_audio(settings)
    return Walk(folder=prepare.admit(path, settings), settings=settings)


def run(settings: Settings, **options: frozenset[str]) -> Outcome:
    (outcome,) = process_plainly(
        prepare.find_audio(settings), settings, options=RunOptions(**options), progress=Silent()
    )
    return outcome


def cancelling_at(name: str) -> pipeline.Call:
    """Does all work, and has somebody cancel the episode when a step is done."""

    def call(step: Step, walk: Walk, part: Part | None) -> None:
        pipeline.call_plainly(step, walk, part)
        if step.name == name:
            cancelling.ask_to_stop(walk.folder, by="Ann")

    return call


def test_a_walk_stops_before_its_next_step_and_goes_on_when_asked(settings: Settings) -> None:
    walk = admitted(settings)
    with pytest.raises(RunCancelledError, match="Cancelled by Ann"):
        pipeline.walk_episode(walk, call=cancelling_at("attribute"))
    status = pipeline.current_status(walk.folder)
    assert status is not None
    assert (status.state, status.waits_for) == (State.WAITING, WaitsFor.RETRY)
    assert "shownotes retry" in (status.error or "")
    assert walk.folder.has("turns.json")
    assert not walk.folder.has("names.json")
    # Whoever looks for work leaves it alone until then.
    assert isinstance(run(settings).error, RunCancelledError)
    assert not walk.folder.has("names.json")
    cancelling.withdraw(walk.folder)
    assert run(settings).error is None
    assert walk.folder.has("draft.json")


def test_a_step_is_left_in_its_midst(workspace: Path) -> None:
    folder = EpisodeFolder(workspace / "output" / "episode")
    told: list[float] = []

    class Recorder(Silent):
        def advance(self, done_s: float) -> None:
            told.append(done_s)

    progress = cancelling.Stoppable(Recorder(), folder, look_every_s=0.0)
    progress.begin("transcribe", 60.0)
    progress.advance(1.0)
    cancelling.ask_to_stop(folder, by="Ann")
    with pytest.raises(RunCancelledError):
        progress.advance(2.0)
    assert told == [1.0, 2.0]


def test_a_request_that_comes_too_late_is_forgotten(settings: Settings) -> None:
    walk = admitted(settings)
    pipeline.walk_episode(walk, call=cancelling_at("render"))
    assert not (walk.folder.path / cancelling.BOX).exists()
    status = pipeline.current_status(walk.folder)
    assert status is not None
    assert status.state is State.DRAFT


def test_cancelling_what_is_only_done_again_leaves_the_draft(settings: Settings) -> None:
    walk = admitted(settings)
    pipeline.walk_episode(walk)
    again = Walk(folder=walk.folder, settings=settings, forced=frozenset(pipeline.STEP_NAMES))
    with pytest.raises(RunCancelledError):
        pipeline.walk_episode(again, call=cancelling_at("identify"))
    # Names made anew of the same transcript are the same: nothing is left to do.
    status = pipeline.current_status(walk.folder)
    assert status is not None
    assert status.state is State.DRAFT
    assert run(settings).error is None


def test_nobody_at_work_waits_from_now_on(settings: Settings) -> None:
    walk = admitted(settings)
    assert pipeline.cancel(walk.folder, settings, by="Ann")
    status = pipeline.read_status(walk.folder)
    assert status is not None
    assert status.waits_for is WaitsFor.RETRY


def test_somebody_at_work_is_asked(settings: Settings) -> None:
    walk = admitted(settings)
    with walk.folder.claim(holder="another run"):
        assert not pipeline.cancel(walk.folder, settings, by="Ann")
        with pytest.raises(EpisodeBusyError, match="another run"):
            pipeline.walk_episode(walk)
    assert cancelling.standing_request(walk.folder) is not None


def test_a_finished_episode_is_not_cancelled(settings: Settings) -> None:
    walk = admitted(settings)
    pipeline.walk_episode(walk)
    assert pipeline.cancel(walk.folder, settings, by="Ann")
    assert cancelling.standing_request(walk.folder) is None


def test_a_new_export_is_something_new(workspace: Path) -> None:
    settings = load_settings(workspace)
    path = workspace / "audio" / "ep.mp3"
    encode(noise(2.0, seed=1), path, sample_rate_hz=RATE_HZ)
    folder = prepare.admit(path, settings)
    cancelling.ask_to_stop(folder, by="Ann")
    assert cancelling.standing_request(folder) is not None
    encode(noise(2.0, seed=2), path, sample_rate_hz=RATE_HZ)
    assert prepare.admit(path, settings).path == folder.path
    assert cancelling.standing_request(folder) is None
