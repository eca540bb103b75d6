"""What triggers ask for becomes jobs like those of the API, but for the platform's own tags."""

from __future__ import annotations

import pytest

from bellpair_core.logic.triggers.fire_trigger import Firing
from bellpair_core.logic.triggers.trigger_targets import JobTargets
from bellpair_core.model.trigger import DEPTH_TAG, TRIGGER_TAG
from bellpair_core.model.usage import Usage
from tests.examples import BELL
from tests.trigger_examples import trigger_example

from .conftest import Api
from .functions import deploy, invoke

TAGS = {TRIGGER_TAG: "drop", DEPTH_TAG: "1"}


@pytest.fixture
def targets(api: Api) -> JobTargets:
    world = api.world
    return JobTargets(
        ledger=world.ledger,
        blobs=world.blobs,
        functions=world.functions,
        callbacks=world.callbacks,
        wakeups=world.wakeups,
        clock=world.clock,
        region=world.settings.region,
        pair=world.pair,
        devices=world.catalogue.devices,
        spent=Usage,
    )


def test_a_triggers_circuit_carries_the_platforms_tags(api: Api, targets: JobTargets) -> None:
    made = targets.submit(Firing(trigger_example(), "key", {"source": BELL}, TAGS))

    assert api.world.ledger.jobs[made.job_id].tags == TAGS


def test_a_triggers_function_carries_the_platforms_tags(
    api: Api, key: str, targets: JobTargets
) -> None:
    deploy(api, key)
    trigger = trigger_example(function="vqe-h2")

    made = targets.invoke(Firing(trigger, "key", {"distance": 0.7}, TAGS))

    job = api.world.ledger.jobs[made.job_id]
    assert (job.tags, job.name) == (TAGS, "drop")
    assert targets.invoke(Firing(trigger, "key", {"distance": 0.7}, TAGS)).replayed


@pytest.mark.parametrize("tag", [TRIGGER_TAG, DEPTH_TAG, "Bellpair:x"])
def test_nobody_else_gives_them(api: Api, key: str, tag: str) -> None:
    deploy(api, key)

    answer = invoke(api, key, tags={tag: "0"})

    assert (answer.status, answer.json["code"]) == (400, "request-invalid")
    assert answer.json["pointer"] == f"#/tags/{tag}"
    assert "the platform's own" in answer.json["detail"]
    assert invoke(api, key, tags={"bellpairs": "0"}).status == 202
