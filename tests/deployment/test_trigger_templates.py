"""What triggers hear by, as it is deployed."""

from __future__ import annotations

import pytest

from bellpair_core.model.limits import TRIGGER_TRIES_MAX
from tests.deployment.assembly import Assembly, text

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]

REGIONS = ("us-east-1", "us-west-2")


def queues(assembly: Assembly, region: str) -> dict[str, dict]:
    return {
        queue.properties["QueueName"].split("-", 2)[2]: queue.properties
        for queue in assembly.resources("AWS::SQS::Queue", within=region)
    }


def rules(assembly: Assembly, region: str) -> list[dict]:
    """The rules whose target is the queue of what triggers are to hear."""
    return [
        rule.properties
        for rule in assembly.resources("AWS::Events::Rule", within=region)
        if any("Heard" in text(target["Arn"]) for target in rule.properties["Targets"])
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_what_is_heard_waits_in_a_queue_longer_than_the_function_tries(
    assembly: Assembly, region: str
) -> None:
    made = queues(assembly, region)
    heard = [name for name in made if name == "triggers" or name.startswith("queue-")]
    heard = [name for name in heard if not name.endswith("-undelivered")]
    assert "triggers" in heard
    for name in heard:
        assert f"{name}-undelivered" in made
        assert made[name]["RedrivePolicy"]["maxReceiveCount"] > TRIGGER_TRIES_MAX
        assert made[name]["SqsManagedSseEnabled"]
    assert "trigger-failures" in made


def test_the_local_stage_declares_a_queue(local: Assembly) -> None:
    assert "queue-requests" in queues(local, "us-east-1")


@pytest.mark.parametrize("region", REGIONS)
def test_one_message_that_fails_is_no_reason_to_repeat_the_others(
    assembly: Assembly, region: str
) -> None:
    mappings = [
        mapping.properties
        for mapping in assembly.resources("AWS::Lambda::EventSourceMapping", within=region)
        if "Triggers" in text(mapping.properties["FunctionName"])
    ]
    assert mappings
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("region", REGIONS)
def test_objects_of_the_own_inbox_and_events_of_the_own_bus_are_heard(
    assembly: Assembly, region: str
) -> None:
    (bucket,) = (
        bucket.properties
        for bucket in assembly.resources("AWS::S3::Bucket", within=region)
        if "-inbox-" in text(bucket.properties["BucketName"])
    )
    assert bucket["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    dropped, told = sorted(rules(assembly, region), key=lambda rule: "EventBusName" in rule)
    assert dropped["EventPattern"]["detail-type"] == ["Object Created"]
    (name,) = dropped["EventPattern"]["detail"]["bucket"]["name"]
    assert text(name) == text(bucket["BucketName"])
    assert dropped["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "inbox/"}]}
    assert told["EventPattern"] == {"source": [{"anything-but": ["bellpair"]}]}


@pytest.mark.parametrize("region", REGIONS)
def test_the_end_of_a_job_may_be_told_on_the_triggers_bus_in_the_own_name_alone(
    assembly: Assembly, region: str
) -> None:
    puts = [
        statement
        for place, statement in assembly.statements()
        if region in place
        and statement["Action"] == "events:PutEvents"
        and text(statement["Resource"]).endswith("-events")
    ]
    assert puts
    for statement in puts:
        assert statement["Condition"] == {"StringEquals": {"events:source": "bellpair"}}
