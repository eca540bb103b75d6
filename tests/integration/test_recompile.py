"""A calibration is superseded between a job's compilation and its launch: an interrupt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.integration.test_device_loss import tasks_of, view, when
from tests.integration.test_jobs import finished, result, submit
from tests.polling import eventually
from tests.running_cloud import RunningCloud, words

pytestmark = pytest.mark.timeout(900)

HOME, DEVICE = "us-east-1", "ion-11"


@pytest.fixture
def http(cloud: RunningCloud) -> Iterator[httpx.Client]:
    with cloud.http() as client:
        yield client


def function_named(cloud: RunningCloud, ending: str) -> str:
    """The name of one of the platform's functions."""
    pages = cloud.aws("lambda", HOME).get_paginator("list_functions").paginate()
    names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    (name,) = (name for name in names if name.endswith(f"-{ending}"))
    return str(name)


@contextmanager
def nothing_launched(cloud: RunningCloud) -> Iterator[None]:
    """Meanwhile the function that launches tasks is throttled, and its executions try again."""
    functions, name = cloud.aws("lambda", HOME), function_named(cloud, "execute")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


def published(cloud: RunningCloud, http: httpx.Client, **drift: Any) -> str:
    """The id of the device's next calibration, once it is brought in and shown."""
    before = view(http, DEVICE)["calibration_id"]
    with cloud.emulator(HOME) as emulator:
        emulator.post(f"/_emulator/devices/{DEVICE}/drift", json=drift).raise_for_status()
    cloud.aws("lambda", HOME).invoke(
        FunctionName=function_named(cloud, "calibration"), Payload=json.dumps({"ingest": DEVICE})
    )

    def newer() -> str | None:
        shown: str = view(http, DEVICE)["calibration_id"]
        return shown if shown != before else None

    found: str = eventually(newer)
    return found


def compiled(http: httpx.Client) -> str:
    """A job that is compiled, and cannot be launched yet."""
    job: str = submit(http, device=DEVICE)["id"]
    shown = when(http, job, lambda job: "compiled" in words(job["events"]))
    assert "executing" not in words(shown["events"])
    return job


def test_a_calibration_superseded_before_the_launch_has_the_job_compiled_again_once(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    with nothing_launched(cloud):
        job = compiled(http)
        newest = published(cloud, http, hours=24, recalibrate=True)

    end = finished(http, job, within_s=600)

    assert end["status"] == "succeeded", end["error"]
    # A slow machine may outlast the execution's patience; the sweeper then begins another one.
    left_out = ("launched", "polled", "restarted")
    assert [word for word in words(end["events"]) if word not in left_out] == [
        "queued",
        "compiling",
        "compiled",
        "superseded",
        "recompiled",
        "executing",
        "processing",
        "succeeded",
    ]
    (told,) = (event["message"] for event in end["events"] if event["type"] == "recompiled")
    assert newest in told
    assert len(re.findall(r"\b[01]\.\d{4}\b", told)) == 3, "the scores are told"
    assert result(http, job)["calibration_id"] == newest
    assert tasks_of(cloud, job) == ["COMPLETED"]


def test_a_calibration_that_is_published_again_unchanged_interrupts_nothing(
    cloud: RunningCloud, http: httpx.Client
) -> None:
    with nothing_launched(cloud):
        job = compiled(http)
        published(cloud, http, published_age_h=0.25)

    end = finished(http, job, within_s=600)

    assert end["status"] == "succeeded", end["error"]
    assert "superseded" not in words(end["events"])
    assert tasks_of(cloud, job) == ["COMPLETED"]
