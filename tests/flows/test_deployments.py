"""`prefect.yaml` and what `up` serves are the same; no server is needed for that."""

import asyncio
import importlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.schedules import Schedule

from flows.deployments import DEPLOYMENTS, PROCESS_AUDIO, Deployment
from flows.serving import slots_of
from shownotes.settings import Settings, load_settings

CHECKOUT = Path(__file__).parents[2]
DECLARED = {
    deployment["name"]: deployment
    for deployment in yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())["deployments"]
}


def plain(schedule: Schedule | None) -> list[dict[str, Any]]:
    if schedule is None:
        return []
    if schedule.cron is not None:
        return [{"cron": schedule.cron, "timezone": schedule.timezone, "active": schedule.active}]
    assert schedule.interval is not None
    seconds = int(schedule.interval.total_seconds())
    anchor = schedule.anchor_date.isoformat()
    return [{"interval": seconds, "anchor_date": anchor, "active": schedule.active}]


def test_prefect_yaml_declares_the_same_deployments() -> None:
    assert [deployment.name for deployment in DEPLOYMENTS] == list(DECLARED)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.name)
def test_prefect_yaml_says_the_same_of(deployment: Deployment) -> None:
    declared = DECLARED[deployment.name]
    assert declared["description"] == deployment.description
    assert declared["entrypoint"] == deployment.entrypoint
    assert declared["parameters"] == deployment.parameters
    assert declared["schedules"] == plain(deployment.schedule(Settings()))
    pool = declared["work_pool"]
    assert (pool["name"], pool["work_queue_name"]) == ("shownotes", deployment.queue)
    limit = {"limit": deployment.limit, "collision_strategy": deployment.collision}
    assert declared.get("concurrency_limit") == (limit if deployment.limit else None)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment.name)
def test_the_entrypoint_is_the_flow_of_that_name_and_takes_the_parameters(
    deployment: Deployment,
) -> None:
    module, _, name = deployment.entrypoint.rpartition(".")
    flow = deployment.flow()
    assert getattr(importlib.import_module(module), name) is flow
    assert (flow.name, flow.fn.__name__) == (name, name)
    assert set(deployment.parameters) <= set(flow.parameters.properties)


def test_what_is_served_is_for_one_folder_and_no_work_pool(workspace: Path) -> None:
    settings = load_settings(workspace)
    for deployment in DEPLOYMENTS:
        served = asyncio.run(deployment.to_prefect(settings))
        assert served.entrypoint == f"flows.{deployment.name}.{deployment.name}"
        assert served.parameters["root"] == str(workspace.resolve())
        assert "work_pool_name" in served.model_fields_set
        assert served.work_pool_name is None


def test_settings_move_the_schedules(workspace: Path) -> None:
    (workspace / "shownotes.toml").write_text(
        "[schedules]\nwatch_every_s = 60\npublish_every_min = 10\nhouse_keeping_at = '04:05'\n"
        "timezone = 'Europe/Oslo'\n[feeds]\npoll_every_min = 30\n",
        encoding="utf-8",
    )
    settings = load_settings(workspace)
    found = {d.name: d.schedule(settings) for d in DEPLOYMENTS}
    watch, feeds = found["watch_audio"], found["poll_feeds"]
    publish, keep = found["publish_approved"], found["house_keeping"]
    assert watch is not None
    assert feeds is not None
    assert publish is not None
    assert keep is not None
    assert watch.interval == timedelta(seconds=60)
    assert watch.anchor_date == datetime(2020, 1, 1, tzinfo=UTC)
    assert feeds.interval == timedelta(minutes=30)
    assert publish.cron == "*/10 * * * *"
    assert (keep.cron, keep.timezone) == ("5 4 * * *", "Europe/Oslo")


@pytest.mark.parametrize(
    ("slots", "cores", "expected"), [(0, 1, 1), (0, 4, 1), (0, 8, 2), (0, 64, 16), (3, 2, 3)]
)
def test_slots_come_from_the_free_cores_unless_they_are_set(
    slots: int, cores: int, expected: int
) -> None:
    settings = Settings().with_values({"schedules.slots": slots})
    assert slots_of(settings, cores) == expected


def test_episodes_have_no_limit_of_the_server_s() -> None:
    assert PROCESS_AUDIO.limit is None
    assert PROCESS_AUDIO.queue != {d.queue for d in DEPLOYMENTS if d is not PROCESS_AUDIO}.pop()
