"""The deployments: what runs when, how many at a time, and for whom. Defined once, here.

`shownotes up` serves them (`flows/serving.py`); `prefect.yaml` says the same to work pools, and a
test compares the two.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from shownotes.settings import Settings

# Runs of an interval begin at its multiples counted from here, on every machine alike.
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
# Not at the full hour, when everybody asks.
FEEDS_EPOCH = EPOCH + timedelta(minutes=17)
EPISODES, CHORES = "episodes", "chores"


def _never(_settings: Settings) -> None:
    return None


def _watch(settings: Settings) -> Schedule:
    return Interval(timedelta(seconds=settings.schedules.watch_every_s), anchor_date=EPOCH)


def _publish(settings: Settings) -> Schedule:
    return Cron(f"*/{settings.schedules.publish_every_min} * * * *", timezone="UTC")


def _poll(settings: Settings) -> Schedule:
    return Interval(timedelta(minutes=settings.feeds.poll_every_min), anchor_date=FEEDS_EPOCH)


def _keep_house(settings: Settings) -> Schedule:
    hour, minute = map(int, settings.schedules.house_keeping_at.split(":"))
    return Cron(f"{minute} {hour} * * *", timezone=settings.schedules.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One flow and when it runs; flow, deployment and file have one name.

    Attributes:
        schedule: for the settings of a working folder; `None` where nothing runs by itself.
        queue: the work queue of the pool `shownotes` that it goes into.
        limit: how many of its runs there are at a time, on all machines together.
        collision: what becomes of one more.
    """

    name: str
    description: str
    queue: str = CHORES
    schedule: Callable[[Settings], Schedule | None] = _never
    parameters: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None
    collision: str = "ENQUEUE"

    @property
    def full_name(self) -> str:
        """As Prefect's commands and API name it."""
        return f"{self.name}/{self.name}"

    @property
    def entrypoint(self) -> str:
        """Of `prefect.yaml`: the installed module, so that any working folder can be deployed."""
        return f"flows.{self.name}.{self.name}"

    def flow(self) -> Flow[..., Any]:
        """The flow itself."""
        found: Flow[..., Any] = getattr(importlib.import_module(f"flows.{self.name}"), self.name)
        return found

    def concurrency(self) -> ConcurrencyLimitConfig | None:
        """Its limit, for Prefect."""
        if self.limit is None:
            return None
        strategy = ConcurrencyLimitStrategy(self.collision)
        return ConcurrencyLimitConfig(limit=self.limit, collision_strategy=strategy)

    async def to_prefect(self, settings: Settings) -> RunnerDeployment:
        """What a runner registers: for one working folder, wherever it is started."""
        schedule = self.schedule(settings)
        deployment: RunnerDeployment = await self.flow().ato_deployment(
            self.name,
            description=self.description,
            parameters={**self.parameters, "root": str(settings.root.resolve())},
            schedules=[schedule] if schedule is not None else [],
            concurrency_limit=self.concurrency(),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        # Set, or one that was deployed to a work pool before would go on being run there as well.
        deployment.work_pool_name = None
        deployment.work_queue_name = None
        return deployment


# An episode has no limit here: how many at a time is a machine's own affair (`[schedules] slots`,
# `prefect worker start --limit`), and Prefect would let each wait 30 s for the one before it.
PROCESS_AUDIO = Deployment(
    name="process_audio",
    description="Show notes of audio files; by default of everything in the in-tray.",
    queue=EPISODES,
    parameters={"paths": None, "root": "."},
)
# Two: the next run takes over while the one before it ends, so that nobody stops looking.
WATCH_AUDIO = Deployment(
    name="watch_audio",
    description="Looks at the in-tray and hands every file that is ready to process_audio.",
    schedule=_watch,
    parameters={"root": "."},
    limit=2,
)
# A run that finds the one before it still at work has nothing to add; so for the others.
PUBLISH_APPROVED = Deployment(
    name="publish_approved",
    description="Publishes what editors have approved and what is due; finishes what was cut off.",
    schedule=_publish,
    parameters={"root": ".", "by": "schedule"},
    limit=1,
    collision="CANCEL_NEW",
)
POLL_FEEDS = Deployment(
    name="poll_feeds",
    description="Asks the feeds of [feeds] for new episodes and fetches them into the in-tray.",
    schedule=_poll,
    parameters={"root": "."},
    limit=1,
    collision="CANCEL_NEW",
)
HOUSE_KEEPING = Deployment(
    name="house_keeping",
    description="Old working files, the trash, runs whose process is gone, room on the disk.",
    schedule=_keep_house,
    parameters={"root": "."},
    limit=1,
    collision="CANCEL_NEW",
)
DEPLOYMENTS = (PROCESS_AUDIO, WATCH_AUDIO, PUBLISH_APPROVED, POLL_FEEDS, HOUSE_KEEPING)
