"""Many feeds asked for what is new, and the episodes fetched; one that fails stops no other.

Whoever runs it hands in `call`, which does one piece of work (a flow makes a task of it). Pieces
are named by shows and titles, never by addresses.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from shownotes.adapters.connecting import Manners
from shownotes.adapters.run_log import NO_LOG, Level, RunLog
from shownotes.core.feed_plan import Wanted
from shownotes.errors import DiskFullError, FeedBusyError, FetchError, ShowNotesError, TooSoonError
from shownotes.settings import Settings
from shownotes.steps.feed_episodes import Report, note_failed, take
from shownotes.steps.feeds import Asked, Polled, note_failure, poll
from shownotes.steps.step import Progress, Silent
from shownotes.steps.subscriptions import Subscription, subscriptions

# Does one piece of work, by name, for a show or an episode; lets our errors through.
Call = Callable[[str, str, Callable[[], None]], None]
# A server that does not answer so often in a row is worth a person's look.
MANY_FAILURES = 3


def call_plainly(_piece: str, _name: str, do: Callable[[], None]) -> None:
    """Do the work here and now."""
    do()


@dataclass(slots=True, kw_only=True)
class FeedPoll:
    """What became of one feed.

    Attributes:
        taken: where the new episodes are.
        error: why it could not be had.
        failed: episodes that could not be had, with reasons.
        failures: how often it could not be had in a row.
    """

    subscription: Subscription
    taken: list[Path] = field(default_factory=list)
    error: ShowNotesError | None = None
    failed: list[tuple[str, ShowNotesError]] = field(default_factory=list)
    failures: int = 0

    @property
    def name(self) -> str:
        """Of the feed, for people."""
        return self.subscription.name

    @property
    def is_untried(self) -> bool:
        """Whether it was not even asked: another run has it, or its server wants to be left."""
        return isinstance(self.error, (FeedBusyError, TooSoonError))

    @property
    def needs_look(self) -> bool:
        """Whether a person should look: servers that are away for a while come back."""
        errors = [error for _, error in self.failed]
        if self.error is not None and not self.is_untried:
            errors.append(self.error)
        lasting = any(not isinstance(error, (FetchError, FeedBusyError)) for error in errors)
        return lasting or self.failures >= MANY_FAILURES

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that went wrong, each in a sentence."""
        first = (str(self.error),) if self.error else ()
        return (*first, *(f"{title}: {error}" for title, error in self.failed))


@dataclass(slots=True, kw_only=True)
class Poller:
    """One run over feeds.

    Attributes:
        asked: what a person asks for; `None` for a schedule.
        log: of the working folder.
        report: told bytes done and in all of an episode.
        now: when; the clock's time by default.
        polls: what became of each feed, as far as it has come.
    """

    settings: Settings
    call: Call = call_plainly
    progress: Progress = field(default_factory=Silent)
    log: RunLog = NO_LOG
    asked: Asked | None = None
    how: Manners | None = None
    report: Report = lambda _done, _total: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    polls: list[FeedPoll] = field(default_factory=list)

    def run(self, followed: Sequence[Subscription] | None = None) -> list[FeedPoll]:
        """Ask every feed first, which is quick, and then fetch what is new."""
        chosen = subscriptions(self.settings) if followed is None else followed
        found = []
        for subscription in chosen:
            told = FeedPoll(subscription=subscription)
            self.polls.append(told)
            polled = self._poll(told)
            found.append((told, polled))
        for told, polled in found:
            self._take_all(told, polled)
        return self.polls

    def _poll(self, told: FeedPoll) -> Polled:
        found = Polled()

        def do() -> None:
            nonlocal found
            found = poll(
                told.subscription, self.settings, now=self.now(), asked=self.asked, how=self.how
            )

        try:
            self.call("poll", told.name, do)
        except ShowNotesError as error:
            told.error = error
            self._say(f"{told.name}: {error}", level="warning", step="poll")
            if not told.is_untried:
                with self._telling():
                    told.failures = note_failure(
                        told.subscription, self.settings, error, now=self.now()
                    )
        return found

    def _take_all(self, told: FeedPoll, polled: Polled) -> None:
        for wanted in polled.wanted:
            error = self._take(told, wanted, polled)
            if error is None:
                continue
            told.failed.append((wanted.title, error))
            self._say(f"{told.name}, {wanted.title}: {error}", level="warning", step="fetch")
            if isinstance(error, (DiskFullError, FeedBusyError)):
                # The others would fare alike.
                return

    def _take(self, told: FeedPoll, wanted: Wanted, polled: Polled) -> ShowNotesError | None:
        path: Path | None = None

        def do() -> None:
            nonlocal path
            path = take(
                told.subscription,
                wanted,
                polled.feed,
                self.settings,
                how=self.how,
                report=self.report,
            )

        try:
            self.call("fetch", wanted.title, do)
        except ShowNotesError as error:
            if not isinstance(error, FeedBusyError):
                with self._telling():
                    note_failed(told.subscription, wanted, self.settings, error, now=self.now())
            return error
        if path is not None:
            told.taken.append(path)
            self._say(f"{told.name}: {path.name}", level="info", step="fetch")
        return None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Write a failure down; a disk that is full must not hide what went wrong before."""
        try:
            yield
        except ShowNotesError as error:
            self._say(str(error), level="error", step="poll")

    def _say(self, message: str, *, level: Level, step: str) -> None:
        self.progress.say(message)
        self.log.write(message, level=level, step=step)
