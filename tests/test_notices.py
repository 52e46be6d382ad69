"""Who is told of what: each event once, whatever is killed or unreachable in between."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shownotes.adapters.outbox import Outbox, change_outbox, read_outbox
from shownotes.batch import Outcome, RunOptions, process_plainly
from shownotes.errors import ChangedSinceApprovalError, EngineDiedError, SettingsError
from shownotes.model import State, Status
from shownotes.notices import tell_failures, tell_outcomes
from shownotes.release import Release, Releases
from shownotes.settings import Settings, load_settings
from shownotes.steps import prepare
from shownotes.steps.step import Silent, Walk
from shownotes.steps.telling import send_waiting
from tests.episodes import lay_out
from tests.local_server import Answer, Server, serve
from tests.mail_server import Mailbox, receiving
from tests.spoken import STORY, spoken
from tests.test_pipeline import VTT

BEGAN = datetime(2026, 10, 1, tzinfo=UTC)


@dataclass
class Ears:
    """Whoever is told, over HTTP and by mail."""

    hook: Server
    box: Mailbox
    answer: list[Answer]

    @property
    def events(self) -> list[str]:
        return [request.data["event"] for request in self.hook.seen]

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]) for mail in self.box.mails]


@pytest.fixture
def ears() -> Iterator[Ears]:
    answer = [Answer(204)]
    with serve(lambda _request: answer[0]) as hook, receiving() as box:
        yield Ears(hook, box, answer)


@pytest.fixture
def settings(workspace: Path, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SHOWNOTES_WEBHOOK_SECRET", "a secret for tests")
    config = f"""
[desk]
public_url = "https://desk.example.org"
[notify]
webhook = "{ears.hook.url}/hook"
mail_to = ["ops@example.org"]
mail_from = "Shownotes <shownotes@example.org>"
smtp_port = {ears.box.port}
smtp_security = "none"
mail_every_min = 0
"""
    (workspace / "shownotes.toml").write_text(config, encoding="utf-8")
    return load_settings(workspace)


def finished(settings: Settings, slug: str, *, title: str = "The Fog") -> Outcome:
    """An episode whose draft has just been made."""
    folder = lay_out(settings.root, slug, spoken(STORY), audio=f"audio/{slug}.mp3").folder
    at = BEGAN + timedelta(minutes=1)
    status = Status(state=State.DRAFT, title=title, checks=3, updated_at=at.isoformat())
    folder.write("status.json", status)
    return Outcome(path=settings.audio_folder / f"{slug}.mp3", folder=folder, status=status)


def failed(outcome: Outcome, message: str = "The engine died.") -> Outcome:
    return Outcome(path=outcome.path, folder=outcome.folder, error=EngineDiedError(message))


def tell(settings: Settings, *outcomes: Outcome) -> list[str]:
    return tell_outcomes(outcomes, settings, began=BEGAN)


def test_a_draft_is_told_once_by_webhook_and_mail(settings: Settings, ears: Ears) -> None:
    outcome = finished(settings, "fog")
    assert tell(settings, outcome) == []
    assert tell(settings, outcome) == []
    (request,) = ears.hook.seen
    assert request.data["event"] == "episode.draft"
    assert request.data["episode"] == {"id": "id-fog", "folder": "fog", "title": "fog"}
    assert request.data["url"] == "https://desk.example.org/episode/id-fog"
    assert request.headers["webhook-signature"].startswith("v1,")
    (mail,) = ears.box.mails
    assert mail["Subject"] == "Draft to review: fog"
    assert "3 things to check" in mail.get_content()
    assert "https://desk.example.org/episode/id-fog" in mail.get_content()


def test_a_failure_is_told_again_only_when_it_is_another_or_was_mended(
    settings: Settings, ears: Ears
) -> None:
    outcome = finished(settings, "fog")
    tell(settings, failed(outcome))
    tell(settings, failed(outcome, "The engine died again, of 123 MB."))
    assert ears.events == ["episode.failed"]
    tell(settings, Outcome(path=outcome.path, folder=outcome.folder, error=SettingsError("Odd.")))
    assert ears.events == ["episode.failed"] * 2
    tell(settings, outcome)
    tell(settings, failed(outcome))
    assert ears.events == ["episode.failed"] * 2 + ["episode.draft", "episode.failed"]
    assert "shownotes retry fog" in ears.box.mails[0].get_content()


def test_what_cannot_be_delivered_is_told_by_a_later_run(settings: Settings, ears: Ears) -> None:
    ears.answer[0] = Answer(410)
    ears.box.refuses = "451 try later"
    faults = tell(settings, finished(settings, "fog"))
    assert len(faults) == 2
    assert "410" in faults[0]
    assert "451 try later" in faults[1]
    assert ears.box.mails == []
    ears.answer[0], ears.box.refuses = Answer(204), ""
    assert send_waiting(settings) == []
    assert ears.subjects == ["Draft to review: fog"]
    ids = {request.headers["webhook-id"] for request in ears.hook.seen}
    assert len(ids) == 1, "a receiver that took it the first time knows it again"
    assert send_waiting(settings) == []
    assert len(ears.hook.seen) == 2


def test_many_events_are_one_mail(settings: Settings, ears: Ears) -> None:
    mail_only = settings.with_values({"notify.webhook": ""})
    one = finished(settings, "fog")
    strangers = [settings.audio_folder / f"mist-{number}.mp3" for number in range(55)]
    tell(mail_only, one, *(Outcome(path=p, error=EngineDiedError("No.")) for p in strangers))
    assert ears.subjects == ["Shownotes: 1 draft to review, 55 failed"]
    text = ears.box.mails[0].get_content()
    assert text.count("Failed: mist-") == 49
    assert "and 6 more" in text


def test_mails_keep_their_distance_and_nothing_is_forgotten(settings: Settings, ears: Ears) -> None:
    patient = settings.with_values({"notify.mail_every_min": 15})
    tell(patient, finished(settings, "fog"))
    tell(patient, finished(settings, "mist"))
    assert ears.subjects == ["Draft to review: fog"]
    ago = (datetime.now(UTC) - timedelta(minutes=16)).isoformat()

    def age(box: Outbox | None) -> Outbox:
        assert box is not None
        return replace(box, mailed_at=ago)

    change_outbox(settings.output_folder, age)
    assert send_waiting(patient) == []
    assert ears.subjects[1:] == ["Draft to review: mist"]


def test_drafts_from_before_are_no_news(settings: Settings, ears: Ears) -> None:
    old, new = finished(settings, "old"), finished(settings, "new")
    assert old.folder is not None
    status = old.folder.read("status.json", Status)
    old.folder.write("status.json", replace(status, updated_at="2026-01-01T00:00:00Z"))
    tell(settings, old, new)
    assert ears.subjects == ["Draft to review: new"]


def test_only_what_is_asked_for(settings: Settings, ears: Ears) -> None:
    only = settings.with_values({"notify.about": ["failures"], "notify.mail_to": []})
    outcome = finished(settings, "fog")
    tell(only, outcome)
    tell(only, failed(outcome))
    assert ears.events == ["episode.failed"]
    assert ears.box.mails == []
    none = settings.with_values({"notify.webhook": "", "notify.mail_to": []})
    tell(none, failed(finished(settings, "mist")))
    assert len(ears.hook.seen) == 1


def test_what_is_too_old_is_let_go(settings: Settings, ears: Ears) -> None:
    ears.answer[0], ears.box.refuses = Answer(410), "451 no"
    tell(settings, finished(settings, "fog"))

    def age(box: Outbox | None) -> Outbox:
        assert box is not None
        old = tuple(replace(notice, at="2026-01-01T00:00:00Z") for notice in box.waiting)
        return replace(box, waiting=old)

    change_outbox(settings.output_folder, age)
    ears.answer[0], ears.box.refuses = Answer(204), ""
    seen = len(ears.hook.seen)
    assert send_waiting(settings) == []
    assert len(ears.hook.seen) == seen
    box = read_outbox(settings.output_folder)
    assert box is not None
    assert box.waiting == ()


def test_what_could_not_be_published_is_told_once(settings: Settings, ears: Ears) -> None:
    outcome = finished(settings, "fog")
    assert outcome.folder is not None
    release = Release(walk=Walk(folder=outcome.folder, settings=settings))
    release.error = ChangedSinceApprovalError("fog was changed since.")
    for _ in range(2):
        assert tell_failures(Releases(episodes=[release]), settings, began=BEGAN) == []
    assert ears.events == ["episode.failed"]
    assert "shownotes publish fog" in ears.box.mails[0].get_content()


def test_a_real_run_with_one_that_fails_and_one_whose_model_is_missing(
    settings: Settings, ears: Ears, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from shownotes.adapters.encoding import encode
    from tests.audio_files import speech

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "nothing-here"))
    tray = settings.audio_folder
    (tray / "late-trains.vtt").write_text(VTT, encoding="utf-8")
    (tray / "noise.mp3").write_bytes(bytes(4096))
    encode(speech(), tray / "talk.mp3", sample_rate_hz=16_000)
    began = datetime.now(UTC)
    small = settings.with_values({"speech.model": "small"})
    outcomes = process_plainly(
        prepare.find_audio(settings), small, options=RunOptions(), progress=Silent()
    )
    assert tell_outcomes(outcomes, small, began=began) == []
    assert sorted(ears.events) == ["episode.draft", "episode.failed", "episode.waits"]
    (mail,) = ears.box.mails
    text = mail.get_content()
    assert "Failed: noise.mp3" in text
    assert "shownotes models fetch small" in text
    assert "It goes on by itself" in text


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ('mail_to = ["ops@example.org"]', "needs a mail_from"),
        ('mail_to = ["ops"]\nmail_from = "a@b.c"', "are addresses"),
        ('smtp_host = "m.example.org"\nsmtp_user = "x"\nsmtp_security = "none"', "in the open"),
        ('webhook = "https://ann:secret@example.org/"', "no names and passwords"),
        ('about = ["everything"]', "about"),
    ],
)
def test_settings_that_would_tell_nobody_or_everybody(
    workspace: Path, config: str, told: str
) -> None:
    (workspace / "shownotes.toml").write_text(f"[notify]\n{config}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load_settings(workspace)
